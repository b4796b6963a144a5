// What nvcc and an ordinary C++ compiler call differently, so that both compile the same arithmetic.
#pragma once

#include <cmath>
#include <cstdint>

#if defined(__CUDACC__)
#define DRAGGAN_INLINE __host__ __device__ inline
#else
#define DRAGGAN_INLINE inline
#endif

#if defined(_WIN32)
#define DRAGGAN_EXPORT extern "C" __declspec(dllexport)
#else
#define DRAGGAN_EXPORT extern "C" __attribute__((visibility("default")))
#endif

namespace draggan {

// -1, 0 or 1; 0 for NaN, as PyTorch has it.
template <typename T>
DRAGGAN_INLINE T sign(T x) {
  return static_cast<T>((x > T(0)) - (x < T(0)));
}

template <typename T>
DRAGGAN_INLINE T magnitude(T x) {
  return x < T(0) ? -x : x;
}

template <typename T>
DRAGGAN_INLINE T infinity() {
  return T(INFINITY);
}

// The larger or the smaller of two values; NaN when either is, as PyTorch's amax and amin have it.
template <typename T>
DRAGGAN_INLINE T larger(T a, T b) {
  return (a > b || a != a) ? a : b;
}

template <typename T>
DRAGGAN_INLINE T smaller(T a, T b) {
  return (a < b || a != a) ? a : b;
}

// A window of features [R, K] read with a row's and a column's weights.
template <typename T>
DRAGGAN_INLINE T read(const T* window, const T* row_weights, const T* column_weights, int64_t rows,
                      int64_t columns) {
  T sum = T(0);
  for (int64_t r = 0; r < rows; ++r) {
    T line = T(0);
    for (int64_t k = 0; k < columns; ++k) line += window[r * columns + k] * column_weights[k];
    sum += row_weights[r] * line;
  }
  return sum;
}

}  // namespace draggan
