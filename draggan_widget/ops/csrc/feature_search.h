// Search of the position in a window whose feature is nearest to a point's reference.
//
// Windows are [N, C, R, K], read at Q x P positions with weights [N, Q, R] and [N, P, K]; references are [N, C].
#pragma once

#include "portable.h"

namespace draggan {

// distances[N, Q * P] over channels: norm 1 or 2; infinite where `inside` is false.
template <typename T>
struct SearchDistance {
  using Value = T;
  const T* windows;
  const T* row_weights;
  const T* column_weights;
  const T* references;
  const bool* inside;
  T* distances;
  int64_t channels, rows, columns, search_rows, search_columns, norm;

  DRAGGAN_INLINE T identity() const { return T(0); }
  DRAGGAN_INLINE T combine(T a, T b) const { return a + b; }
  DRAGGAN_INLINE T value(int64_t candidate, int64_t channel) const {
    const int64_t positions = search_rows * search_columns;
    const int64_t point = candidate / positions;
    const int64_t q = candidate % positions / search_columns, p = candidate % search_columns;
    const T feature = read(windows + (point * channels + channel) * rows * columns,
                           row_weights + (point * search_rows + q) * rows,
                           column_weights + (point * search_columns + p) * columns, rows, columns);
    const T difference = feature - references[point * channels + channel];
    return norm == 1 ? magnitude(difference) : difference * difference;
  }
  DRAGGAN_INLINE void finish(int64_t candidate, int64_t, T sum) const {
    const T distance = norm == 1 ? sum : std::sqrt(sum);
    distances[candidate] = inside[candidate] ? distance : infinity<T>();
  }
};

template <typename T>
struct SearchNearest {
  using Value = T;
  const T* distances;
  T* nearest;
  int64_t positions;

  DRAGGAN_INLINE T identity() const { return infinity<T>(); }
  DRAGGAN_INLINE T combine(T a, T b) const { return smaller(a, b); }
  DRAGGAN_INLINE T value(int64_t point, int64_t i) const {
    return distances[point * positions + i];
  }
  DRAGGAN_INLINE void finish(int64_t point, int64_t, T value) const { nearest[point] = value; }
};

template <typename T>
struct Candidate {
  T closeness;
  int64_t position;
};

// Of the positions that are as near as the nearest, up to a tolerance, the closest one, and of these the first.
template <typename T>
struct SearchBest {
  using Value = Candidate<T>;
  const T* distances;
  const T* nearest;
  const T* tolerance;
  const T* closeness;
  int64_t* best;
  int64_t positions;

  DRAGGAN_INLINE Value identity() const { return {infinity<T>(), 0}; }
  DRAGGAN_INLINE Value combine(Value a, Value b) const {
    if (a.closeness != b.closeness) return a.closeness < b.closeness ? a : b;
    return a.position < b.position ? a : b;
  }
  DRAGGAN_INLINE Value value(int64_t point, int64_t i) const {
    const bool tied = distances[point * positions + i] <= nearest[point] + tolerance[point];
    return {tied ? closeness[i] : infinity<T>(), i};
  }
  DRAGGAN_INLINE void finish(int64_t point, int64_t, Value value) const {
    best[point] = value.position;
  }
};

}  // namespace draggan
