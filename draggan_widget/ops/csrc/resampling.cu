#include "launch.h"
#include "resampling.h"

#define DRAGGAN_RESAMPLING(T, suffix)                                                             \
  DRAGGAN_EXPORT int draggan_four_taps_##suffix(                                                  \
      const T* in, T* out, int64_t outer, int64_t height_in, int64_t width_in,                    \
      int64_t height_out, int64_t width_out, int64_t inner, int64_t stride, int64_t offset,       \
      void* stream) {                                                                             \
    const draggan::Sizes size{height_in, width_in, height_out, width_out, inner};                 \
    return draggan::each(draggan::FourTaps<T>{in, out, size, stride, offset},                     \
                         outer * height_out * width_out * inner, stream);                         \
  }                                                                                               \
  DRAGGAN_EXPORT int draggan_two_taps_##suffix(const T* in, T* out, int64_t outer,                \
                                               int64_t height_in, int64_t width_in,               \
                                               int64_t height_out, int64_t width_out,             \
                                               int64_t inner, void* stream) {                     \
    const draggan::Sizes size{height_in, width_in, height_out, width_out, inner};                 \
    return draggan::each(draggan::TwoTaps<T>{in, out, size},                                      \
                         outer * height_out * width_out * inner, stream);                         \
  }

DRAGGAN_RESAMPLING(float, f32)
DRAGGAN_RESAMPLING(double, f64)
