#include "launch.h"
#include "mask_term.h"

#define DRAGGAN_MASK_TERM(T, suffix)                                                               \
  DRAGGAN_EXPORT int draggan_mask_term_##suffix(const T* features, const T* start, const T* held,  \
                                                T* partial, int64_t count, int64_t pixels,         \
                                                int64_t inner, int64_t chunks, void* stream) {     \
    const draggan::MaskTerm<T> body{features, start, held, partial, pixels, inner};                \
    return draggan::reduce(body, 1, count, chunks, 1, stream);                                     \
  }                                                                                                \
  DRAGGAN_EXPORT int draggan_mask_gradient_##suffix(                                               \
      const T* features, const T* start, const T* held, const T* scale, T* gradient,               \
      int64_t count, int64_t pixels, int64_t inner, void* stream) {                                \
    const draggan::MaskGradient<T> body{features, start, held, scale, gradient, pixels, inner};    \
    return draggan::each(body, count, stream);                                                     \
  }

DRAGGAN_MASK_TERM(float, f32)
DRAGGAN_MASK_TERM(double, f64)
