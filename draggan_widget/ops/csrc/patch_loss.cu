#include "launch.h"
#include "patch_loss.h"

#define DRAGGAN_PATCH_LOSS(T, suffix)                                                              \
  DRAGGAN_EXPORT int draggan_patch_peak_##suffix(                                                  \
      const T* still, const T* still_rows, const T* still_columns, T* partial, int64_t points,     \
      int64_t channels, int64_t rows, int64_t columns, int64_t patch_rows, int64_t patch_columns,  \
      int64_t chunks, void* stream) {                                                              \
    const draggan::PatchSizes size{channels, rows, columns, patch_rows, patch_columns};            \
    const draggan::PatchPeak<T> body{{still, still_rows, still_columns}, size, partial, chunks};   \
    return draggan::reduce(body, points, channels * size.positions(), chunks, 1, stream);          \
  }                                                                                                \
  DRAGGAN_EXPORT int draggan_patch_error_##suffix(                                                 \
      const T* still, const T* still_rows, const T* still_columns, const T* moved,                 \
      const T* moved_rows, const T* moved_columns, const bool* counted, const T* threshold,        \
      T* pull, T* partial, int64_t points, int64_t channels, int64_t rows, int64_t columns,        \
      int64_t patch_rows, int64_t patch_columns, int64_t chunks, void* stream) {                   \
    const draggan::PatchSizes size{channels, rows, columns, patch_rows, patch_columns};            \
    const draggan::PatchError<T> body{{still, still_rows, still_columns},                          \
                                      {moved, moved_rows, moved_columns},                          \
                                      size,                                                        \
                                      counted,                                                     \
                                      threshold,                                                   \
                                      pull,                                                        \
                                      partial,                                                     \
                                      chunks};                                                     \
    return draggan::reduce(body, points, channels * size.positions(), chunks, 1, stream);          \
  }                                                                                                \
  DRAGGAN_EXPORT int draggan_patch_gradient_##suffix(                                              \
      const T* moved_rows, const T* moved_columns, const T* pull, const T* gradient,               \
      T* windows_gradient, int64_t points, int64_t channels, int64_t rows, int64_t columns,        \
      int64_t patch_rows, int64_t patch_columns, void* stream) {                                   \
    const draggan::PatchSizes size{channels, rows, columns, patch_rows, patch_columns};            \
    const draggan::PatchGradient<T> body{                                                          \
        {nullptr, moved_rows, moved_columns}, size, pull, gradient, windows_gradient};             \
    return draggan::each(body, points * channels * rows * columns, stream);                        \
  }

DRAGGAN_PATCH_LOSS(float, f32)
DRAGGAN_PATCH_LOSS(double, f64)
