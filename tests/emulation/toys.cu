// SPDX-License-Identifier: BSD-3-Clause
// The kernels of toys.h, written as those of kernels/ are.
#include "emulation/launch.h"

#include "emulation/toys.h"

#include <curand_kernel.h>

__global__ void scale(size_t n, double factor, const double *__restrict__ in, double *__restrict__ out)
{
    const size_t stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += stride)
        out[i] = factor * in[i];
}

template <bool barrier> __device__ double block_sum(double value)
{
    __shared__ double of_warp[32];
    for (int step = 16; step > 0; step /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, step);
    if (threadIdx.x % 32 == 0)
        of_warp[threadIdx.x / 32] = value;
    if (barrier)
        __syncthreads();
    double sum = 0.0;
    for (unsigned w = 0; w < blockDim.x / 32; w++)
        sum += of_warp[w];
    if (barrier)
        __syncthreads();
    return sum;
}

template <bool barrier> __global__ void partial_sums(size_t n, const double *x, double *partial)
{
    double       value = 0.0;
    const size_t stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += stride)
        value += x[i];
    const double sum = block_sum<barrier>(value);
    if (threadIdx.x == 0)
        partial[blockIdx.x] = sum;
}

__global__ void reverse(double *x, bool whole_block)
{
    KLF_EMULATION_DYN_SHARED(double, shared);
    shared[threadIdx.x] = x[threadIdx.x];
    if (whole_block || threadIdx.x % 32 < 16)
        __syncthreads();
    else
        __syncwarp(); // for lanes that wait elsewhere
    x[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void count_threads(unsigned *counts)
{
    const unsigned rank = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    atomicAdd(&counts[0], 1u);
    if (__ballot_sync(0xffffffffu, rank % 2) == 0xaaaaaaaau)
        atomicAdd(&counts[1 + rank % 32], 1u);
}

__global__ void words_of(uint64_t seed, unsigned n_words, unsigned *words)
{
    curandStatePhilox4_32_10_t state;
    curand_init(seed, blockIdx.x, threadIdx.x, &state);
    if (threadIdx.x < n_words)
        words[blockIdx.x * n_words + threadIdx.x] = curand(&state);
}

void toy_scale(size_t n, double factor, const double *in, double *out, unsigned blocks, cudaStream_t stream)
{
    KLF_EMULATION_LAUNCH(scale, blocks, TOY_BLOCK, 0, stream, n, factor, in, out);
}

void toy_sum(size_t n, const double *x, double *partial, unsigned blocks, double *out, toy_fault fault, cudaStream_t stream)
{
    if (fault == TOY_NO_BARRIER) {
        KLF_EMULATION_LAUNCH((partial_sums<false>), blocks, TOY_BLOCK, 0, stream, n, x, partial);
    } else {
        KLF_EMULATION_LAUNCH((partial_sums<true>), blocks, TOY_BLOCK, 0, stream, n, x, partial);
    }
    KLF_EMULATION_LAUNCH((partial_sums<true>), 1, TOY_BLOCK, 0, stream, blocks, partial, out);
}

void toy_reverse(double *x, size_t shared_bytes, toy_fault fault, cudaStream_t stream)
{
    KLF_EMULATION_LAUNCH(reverse, 1, TOY_BLOCK, shared_bytes, stream, x, fault != TOY_BARRIER_IN_BRANCH);
}

void toy_count(dim3 grid, dim3 block, unsigned *counts, cudaStream_t stream)
{
    KLF_EMULATION_LAUNCH(count_threads, grid, block, 0, stream, counts);
}

void toy_words(uint64_t seed, unsigned n_subsequences, unsigned n_words, unsigned *words, cudaStream_t stream)
{
    KLF_EMULATION_LAUNCH(words_of, n_subsequences, TOY_BLOCK, 0, stream, seed, n_words, words);
}
