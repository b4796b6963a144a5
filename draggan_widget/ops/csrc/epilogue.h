// After a modulated convolution: y = clamp(leaky_relu(x * demodulation[b, c] + bias[c] + noise[h, w])).
//
// Maps are [outer, pixels, inner]: [B * C, H * W, 1], or with the channels last [B, H * W, C]. Row b * C + c is one
// channel of one picture. `demodulation` (then 1) and `noise` may be null. No limit is an infinite one.
#pragma once

#include "portable.h"

namespace draggan {

template <typename T>
struct Epilogue {
  const T* x;
  const T* demodulation;
  const T* bias;
  const T* noise;
  int64_t channels, pixels, inner;
  T slope, limit;

  DRAGGAN_INLINE int64_t place(int64_t row, int64_t pixel) const {
    return (row / inner * pixels + pixel) * inner + row % inner;
  }
  DRAGGAN_INLINE T factor(int64_t row) const { return demodulation ? demodulation[row] : T(1); }
  DRAGGAN_INLINE T before(int64_t row, int64_t pixel, T value) const {
    const T shift = noise ? bias[row % channels] + noise[pixel] : bias[row % channels];
    return shift + value * factor(row);
  }
  DRAGGAN_INLINE T activated(T value) const { return value > T(0) ? value : value * slope; }
};

template <typename T>
struct EpilogueForward {
  Epilogue<T> map;
  T* y;

  DRAGGAN_INLINE void operator()(int64_t i) const {
    const int64_t pixel = i / map.inner % map.pixels;
    const int64_t row = i / (map.inner * map.pixels) * map.inner + i % map.inner;
    const T value = map.activated(map.before(row, pixel, map.x[i]));
    y[i] = value < -map.limit ? -map.limit : (value > map.limit ? map.limit : value);
  }
};

// Writes the gradient of x, and of each chunk of a row its share of the gradient of the demodulation.
template <typename T>
struct EpilogueBackward {
  using Value = T;
  Epilogue<T> map;
  const T* gradient;
  T* x_gradient;
  T* partial;
  int64_t chunks;

  DRAGGAN_INLINE T identity() const { return T(0); }
  DRAGGAN_INLINE T combine(T a, T b) const { return a + b; }
  DRAGGAN_INLINE T value(int64_t row, int64_t pixel) const {
    const int64_t i = map.place(row, pixel);
    const T before = map.before(row, pixel, map.x[i]);
    const T after = map.activated(before);
    T slope = before > T(0) ? T(1) : map.slope;
    if (after < -map.limit || after > map.limit) slope = T(0);
    const T through = gradient[i] * slope;
    x_gradient[i] = through * map.factor(row);
    return through * map.x[i];
  }
  DRAGGAN_INLINE void finish(int64_t row, int64_t chunk, T value) const {
    partial[row * chunks + chunk] = value;
  }
};

}  // namespace draggan
