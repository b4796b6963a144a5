#include "feature_search.h"
#include "launch.h"

#define DRAGGAN_FEATURE_SEARCH(T, suffix)                                                          \
  DRAGGAN_EXPORT int draggan_feature_search_##suffix(                                              \
      const T* windows, const T* row_weights, const T* column_weights, const T* references,        \
      const bool* inside, const T* closeness, const T* tolerance, T* distances, T* nearest,        \
      int64_t* best, int64_t points, int64_t channels, int64_t rows, int64_t columns,              \
      int64_t search_rows, int64_t search_columns, int64_t norm, void* stream) {                   \
    const int64_t positions = search_rows * search_columns;                                        \
    const draggan::SearchDistance<T> distance{                                                     \
        windows,  row_weights, column_weights, references,     inside, distances,                  \
        channels, rows,        columns,        search_rows, search_columns, norm};                 \
    int error = draggan::reduce(distance, points * positions, channels, 1, 8, stream);             \
    if (error) return error;                                                                       \
    const draggan::SearchNearest<T> first{distances, nearest, positions};                          \
    error = draggan::reduce(first, points, positions, 1, 1, stream);                               \
    if (error) return error;                                                                       \
    const draggan::SearchBest<T> choice{distances, nearest,  tolerance,                            \
                                        closeness, best,     positions};                           \
    return draggan::reduce(choice, points, positions, 1, 1, stream);                               \
  }

DRAGGAN_FEATURE_SEARCH(float, f32)
DRAGGAN_FEATURE_SEARCH(double, f64)
