// Resampling of maps [outer, height, width, inner] with the filter [1, 3, 3, 1] / 4 along both axes, zeros outside.
#pragma once

#include "portable.h"

namespace draggan {

struct Sizes {
  int64_t height_in, width_in, height_out, width_out, inner;
};

template <typename T>
DRAGGAN_INLINE T tap(int64_t t) {
  return t == 0 || t == 3 ? T(0.25) : T(0.75);
}

// out[y] = sum over t = 0..3 of tap[t] * in[stride * y + t - offset].
template <typename T>
struct FourTaps {
  const T* in;
  T* out;
  Sizes size;
  int64_t stride, offset;

  DRAGGAN_INLINE void operator()(int64_t i) const {
    const int64_t lane = i % size.inner, x = i / size.inner % size.width_out;
    const int64_t y = i / (size.inner * size.width_out) % size.height_out;
    const int64_t outer = i / (size.inner * size.width_out * size.height_out);
    T sum = T(0);
    for (int64_t ty = 0; ty < 4; ++ty) {
      const int64_t row = stride * y + ty - offset;
      if (row < 0 || row >= size.height_in) continue;
      T line = T(0);
      for (int64_t tx = 0; tx < 4; ++tx) {
        const int64_t column = stride * x + tx - offset;
        if (column < 0 || column >= size.width_in) continue;
        const int64_t place = (outer * size.height_in + row) * size.width_in + column;
        line += tap<T>(tx) * in[place * size.inner + lane];
      }
      sum += tap<T>(ty) * line;
    }
    out[i] = sum;
  }
};

// The transpose of FourTaps with stride 2 and offset 1: out[y] = 0.75 in[y / 2] + 0.25 in[the nearer neighbour].
template <typename T>
struct TwoTaps {
  const T* in;
  T* out;
  Sizes size;

  DRAGGAN_INLINE void operator()(int64_t i) const {
    const int64_t lane = i % size.inner, x = i / size.inner % size.width_out;
    const int64_t y = i / (size.inner * size.width_out) % size.height_out;
    const int64_t outer = i / (size.inner * size.width_out * size.height_out);
    const int64_t rows[2] = {y / 2, y / 2 + (y % 2 ? 1 : -1)};
    const int64_t columns[2] = {x / 2, x / 2 + (x % 2 ? 1 : -1)};
    T sum = T(0);
    for (int64_t a = 0; a < 2; ++a) {
      if (rows[a] < 0 || rows[a] >= size.height_in) continue;
      for (int64_t b = 0; b < 2; ++b) {
        if (columns[b] < 0 || columns[b] >= size.width_in) continue;
        const int64_t place = (outer * size.height_in + rows[a]) * size.width_in + columns[b];
        sum += tap<T>(1 - a) * tap<T>(1 - b) * in[place * size.inner + lane];
      }
    }
    out[i] = sum;
  }
};

}  // namespace draggan
