// How arithmetic is spread over elements: threads under nvcc, loops that take the same steps under any other compiler.
//
// A body is a small struct of pointers and sizes. `each` calls body(i) for every element. `reduce` folds
// body.value(row, i) over every row of a table with body.combine, from body.identity(), and gives the result of each
// chunk of a row to body.finish(row, chunk, value). Nothing is added atomically, so results do not vary between runs.
// Both return an error code of CUDA, 0 for none, and wait for nothing.
#pragma once

#include "portable.h"

namespace draggan {

constexpr int kThreads = 256;  // of a block; every device allows 1024, and registers suffice for 256

// One chunk of `lanes` neighbouring rows, which the threads of a block fold: thread t has row t % lanes of them, and
// of this row every element that is t / lanes after a multiple of kThreads / lanes.
struct Block {
  int64_t rows, length, chunk;
  int lanes;
  int64_t group, part;

  DRAGGAN_INLINE int64_t row(int thread) const { return group * lanes + thread % lanes; }

  template <typename Body>
  DRAGGAN_INLINE typename Body::Value share(const Body& body, int thread) const {
    typename Body::Value value = body.identity();
    const int64_t end = (part + 1) * chunk < length ? (part + 1) * chunk : length;
    if (row(thread) >= rows) return value;
    for (int64_t i = part * chunk + thread / lanes; i < end; i += kThreads / lanes) {
      value = body.combine(value, body.value(row(thread), i));
    }
    return value;
  }

  // Half of the threads take over what the other half has.
  template <typename Body>
  DRAGGAN_INLINE void fold(const Body& body, typename Body::Value* shared, int thread,
                           int half) const {
    if (thread < half) shared[thread] = body.combine(shared[thread], shared[thread + half]);
  }

  template <typename Body>
  DRAGGAN_INLINE void finish(const Body& body, const typename Body::Value* shared,
                             int thread) const {
    if (thread < lanes && row(thread) < rows) body.finish(row(thread), part, shared[thread]);
  }
};

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

template <typename Body>
__global__ void reduce_kernel(Body body, Block block) {
  __shared__ typename Body::Value shared[kThreads];
  const int thread = threadIdx.x;
  block.group = blockIdx.x;
  block.part = blockIdx.y;
  shared[thread] = block.share(body, thread);
  __syncthreads();
  for (int half = kThreads / 2; half >= block.lanes; half /= 2) {
    block.fold(body, shared, thread, half);
    __syncthreads();
  }
  block.finish(body, shared, thread);
}

// `lanes` (a power of two up to 128) is how many rows lie side by side in memory, so that reads coalesce.
template <typename Body>
int reduce(Body body, int64_t rows, int64_t length, int64_t chunks, int lanes, void* stream) {
  if (rows == 0) return 0;
  const Block block{rows, length, (length + chunks - 1) / chunks, lanes, 0, 0};
  const dim3 grid(static_cast<unsigned>((rows + lanes - 1) / lanes), static_cast<unsigned>(chunks));
  reduce_kernel<<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(body, block);
  return static_cast<int>(cudaGetLastError());
}

#else

template <typename Body>
int each(Body body, int64_t count, void*) {
  for (int64_t i = 0; i < count; ++i) body(i);
  return 0;
}

template <typename Body>
int reduce(Body body, int64_t rows, int64_t length, int64_t chunks, int lanes, void*) {
  typename Body::Value shared[kThreads];
  Block block{rows, length, (length + chunks - 1) / chunks, lanes, 0, 0};
  for (block.group = 0; block.group * lanes < rows; ++block.group) {
    for (block.part = 0; block.part < chunks; ++block.part) {
      for (int thread = 0; thread < kThreads; ++thread) shared[thread] = block.share(body, thread);
      for (int half = kThreads / 2; half >= lanes; half /= 2) {
        for (int thread = 0; thread < kThreads; ++thread) block.fold(body, shared, thread, half);
      }
      for (int thread = 0; thread < kThreads; ++thread) block.finish(body, shared, thread);
    }
  }
  return 0;
}

#endif

}  // namespace draggan
