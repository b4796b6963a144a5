// How arithmetic is spread over elements: threads under nvcc, plain loops under any other compiler.
//
// A body is a small struct of pointers and sizes. `each` calls body(i) for every element. `reduce` folds
// body.value(row, i) over every row of a table with body.combine, from body.identity(), and gives the result of each
// chunk of a row to body.finish(row, chunk, value). Nothing is added atomically, so results do not vary between runs.
// Both return an error code of CUDA, 0 for none, and wait for nothing.
#pragma once

#include "portable.h"

namespace draggan {

constexpr int kThreads = 256;  // of a block; every device allows 1024, and registers suffice for 256

#if defined(__CUDACC__)

constexpr int64_t kBlocks = 1 << 16;  // enough to fill every device; threads loop over what is left

template <typename Body>
__global__ void each_kernel(Body body, int64_t count) {
  const int64_t stride = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) body(i);
}

template <typename Body>
int each(Body body, int64_t count, void* stream) {
  if (count == 0) return 0;
  const int64_t needed = (count + kThreads - 1) / kThreads;
  const auto blocks = static_cast<unsigned>(needed < kBlocks ? needed : kBlocks);
  each_kernel<<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(body, count);
  return static_cast<int>(cudaGetLastError());
}

// A block folds blockDim.x neighbouring rows; blockDim.y threads share each of them.
template <typename Body>
__global__ void reduce_kernel(Body body, int64_t rows, int64_t length, int64_t chunk) {
  __shared__ typename Body::Value shared[kThreads];
  const int64_t row = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t begin = blockIdx.y * chunk;
  const int64_t end = begin + chunk < length ? begin + chunk : length;
  typename Body::Value value = body.identity();
  if (row < rows) {
    for (int64_t i = begin + threadIdx.y; i < end; i += blockDim.y) {
      value = body.combine(value, body.value(row, i));
    }
  }
  const int place = threadIdx.y * blockDim.x + threadIdx.x;
  shared[place] = value;
  __syncthreads();
  for (int half = blockDim.y / 2; half > 0; half /= 2) {
    if (int(threadIdx.y) < half) {
      shared[place] = body.combine(shared[place], shared[place + half * blockDim.x]);
    }
    __syncthreads();
  }
  if (threadIdx.y == 0 && row < rows) body.finish(row, blockIdx.y, shared[place]);
}

// `lanes` (a power of two up to 256) is how many rows lie side by side in memory, so that reads coalesce.
template <typename Body>
int reduce(Body body, int64_t rows, int64_t length, int64_t chunks, int lanes, void* stream) {
  if (rows == 0) return 0;
  const dim3 grid(static_cast<unsigned>((rows + lanes - 1) / lanes), static_cast<unsigned>(chunks));
  const dim3 block(lanes, kThreads / lanes);
  const int64_t chunk = (length + chunks - 1) / chunks;
  reduce_kernel<<<grid, block, 0, static_cast<cudaStream_t>(stream)>>>(body, rows, length, chunk);
  return static_cast<int>(cudaGetLastError());
}

#else

template <typename Body>
int each(Body body, int64_t count, void*) {
  for (int64_t i = 0; i < count; ++i) body(i);
  return 0;
}

template <typename Body>
int reduce(Body body, int64_t rows, int64_t length, int64_t chunks, int, void*) {
  const int64_t chunk = (length + chunks - 1) / chunks;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t part = 0; part < chunks; ++part) {
      const int64_t end = (part + 1) * chunk < length ? (part + 1) * chunk : length;
      typename Body::Value value = body.identity();
      for (int64_t i = part * chunk; i < end; ++i) value = body.combine(value, body.value(row, i));
      body.finish(row, part, value);
    }
  }
  return 0;
}

#endif

}  // namespace draggan
