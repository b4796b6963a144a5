// L1 distance between patches of feature windows, and its gradient in the moved windows.
//
// Windows are [N, C, R, K]; a patch of Q x P positions is read with weights [N, Q, R] and [N, P, K].
#pragma once

#include "portable.h"

namespace draggan {

template <typename T>
struct Reading {
  const T* windows;
  const T* row_weights;
  const T* column_weights;
};

struct PatchSizes {
  int64_t channels, rows, columns, patch_rows, patch_columns;

  DRAGGAN_INLINE int64_t positions() const { return patch_rows * patch_columns; }
  // Feature `i` of the patch of a point, counted [C, Q, P].
  template <typename T>
  DRAGGAN_INLINE T feature(const Reading<T>& from, int64_t point, int64_t i) const {
    const int64_t channel = i / positions(), q = i % positions() / patch_columns;
    const int64_t p = i % patch_columns;
    return read(from.windows + (point * channels + channel) * rows * columns,
                from.row_weights + (point * patch_rows + q) * rows,
                from.column_weights + (point * patch_columns + p) * columns, rows, columns);
  }
};

// The largest feature of each patch, for the rounding below which features do not differ.
template <typename T>
struct PatchPeak {
  using Value = T;
  Reading<T> still;
  PatchSizes size;
  T* partial;
  int64_t chunks;

  DRAGGAN_INLINE T identity() const { return T(0); }
  DRAGGAN_INLINE T combine(T a, T b) const { return larger(a, b); }
  DRAGGAN_INLINE T value(int64_t point, int64_t i) const {
    return magnitude(size.feature(still, point, i));
  }
  DRAGGAN_INLINE void finish(int64_t point, int64_t chunk, T value) const {
    partial[point * chunks + chunk] = value;
  }
};

// The distance of each patch per channel; `pull` [N, C, Q, P] keeps its derivative for the gradient.
template <typename T>
struct PatchError {
  using Value = T;
  Reading<T> still, moved;
  PatchSizes size;
  const bool* counted;
  const T* threshold;
  T* pull;
  T* partial;
  int64_t chunks;

  DRAGGAN_INLINE T identity() const { return T(0); }
  DRAGGAN_INLINE T combine(T a, T b) const { return a + b; }
  DRAGGAN_INLINE T value(int64_t point, int64_t i) const {
    const int64_t positions = size.positions();
    T difference = T(0);
    if (counted[point * positions + i % positions]) {
      difference = size.feature(moved, point, i) - size.feature(still, point, i);
      if (magnitude(difference) <= threshold[point]) difference = T(0);
    }
    pull[point * size.channels * positions + i] = sign(difference) / T(size.channels);
    return magnitude(difference) / T(size.channels);
  }
  DRAGGAN_INLINE void finish(int64_t point, int64_t chunk, T value) const {
    partial[point * chunks + chunk] = value;
  }
};

// Element `i` of the gradient [N, C, R, K].
template <typename T>
struct PatchGradient {
  Reading<T> moved;
  PatchSizes size;
  const T* pull;
  const T* gradient;
  T* windows_gradient;

  DRAGGAN_INLINE void operator()(int64_t i) const {
    const int64_t k = i % size.columns, r = i / size.columns % size.rows;
    const int64_t map = i / (size.columns * size.rows), point = map / size.channels;
    T sum = T(0);
    for (int64_t q = 0; q < size.patch_rows; ++q) {
      T line = T(0);
      for (int64_t p = 0; p < size.patch_columns; ++p) {
        line += moved.column_weights[(point * size.patch_columns + p) * size.columns + k] *
                pull[map * size.positions() + q * size.patch_columns + p];
      }
      sum += moved.row_weights[(point * size.patch_rows + q) * size.rows + r] * line;
    }
    windows_gradient[i] = sum * gradient[point];
  }
};

}  // namespace draggan
