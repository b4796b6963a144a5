#include "epilogue.h"
#include "launch.h"

#define DRAGGAN_EPILOGUE(T, suffix)                                                                \
  DRAGGAN_EXPORT int draggan_epilogue_forward_##suffix(                                            \
      const T* x, const T* demodulation, const T* bias, const T* noise, T* y, int64_t outer,       \
      int64_t channels, int64_t pixels, int64_t inner, double slope, double limit, void* stream) { \
    const draggan::Epilogue<T> map{x, demodulation, bias,     noise,   channels,                   \
                                   pixels, inner,   T(slope), T(limit)};                           \
    return draggan::each(draggan::EpilogueForward<T>{map, y}, outer * pixels * inner, stream);     \
  }                                                                                                \
  DRAGGAN_EXPORT int draggan_epilogue_backward_##suffix(                                           \
      const T* x, const T* demodulation, const T* bias, const T* noise, const T* gradient,         \
      T* x_gradient, T* partial, int64_t outer, int64_t channels, int64_t pixels, int64_t inner,   \
      int64_t chunks, double slope, double limit, void* stream) {                                  \
    const draggan::Epilogue<T> map{x, demodulation, bias,     noise,   channels,                   \
                                   pixels, inner,   T(slope), T(limit)};                           \
    const draggan::EpilogueBackward<T> body{map, gradient, x_gradient, partial, chunks};           \
    return draggan::reduce(body, outer * inner, pixels, chunks, inner == 1 ? 1 : 32, stream);      \
  }

DRAGGAN_EPILOGUE(float, f32)
DRAGGAN_EPILOGUE(double, f64)
