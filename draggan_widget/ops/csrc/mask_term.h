// How far features [outer, pixels, inner] have moved where they are held: sum |F - F0| * held[pixel].
#pragma once

#include "portable.h"

namespace draggan {

template <typename T>
struct MaskTerm {
  using Value = T;
  const T* features;
  const T* start;
  const T* held;
  T* partial;
  int64_t pixels, inner;

  DRAGGAN_INLINE T identity() const { return T(0); }
  DRAGGAN_INLINE T combine(T a, T b) const { return a + b; }
  DRAGGAN_INLINE T value(int64_t, int64_t i) const {
    return magnitude(features[i] - start[i]) * held[i / inner % pixels];
  }
  DRAGGAN_INLINE void finish(int64_t, int64_t chunk, T value) const { partial[chunk] = value; }
};

// `scale` is a single number on the device.
template <typename T>
struct MaskGradient {
  const T* features;
  const T* start;
  const T* held;
  const T* scale;
  T* gradient;
  int64_t pixels, inner;

  DRAGGAN_INLINE void operator()(int64_t i) const {
    gradient[i] = sign(features[i] - start[i]) * held[i / inner % pixels] * scale[0];
  }
};

}  // namespace draggan
