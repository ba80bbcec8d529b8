// SPDX-License-Identifier: BSD-3-Clause
// Q of (3.34) put together from the totals of the layer below and W^T W:
//   Q = sum_jk f_jk (W^T W)_jk + sum_i (2 d_i sum_j W_ij f_j + d_i^2),  d = b - mu
// The first sum goes over the lower triangle, off-diagonal terms twice. All in double, in an order that is that of the shapes.
#include "element.h"
#include "blocks.h"

enum { MOST_THREADS = 256, LEAST_THREADS = 32 };

// Sum of one value a thread, for thread 0. All threads of a block must call it; they are a power of two.
static __device__ double block_sum(double value)
{
    __shared__ double sums[MOST_THREADS];
    sums[threadIdx.x] = value;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    const double sum = sums[0];
    __syncthreads(); // before the next sum overwrites
    return sum;
}

static __global__ void second_moment_kernel(const klf_quadratic_args args, double *terms)
{
    const size_t columns = args.blocks.count * args.blocks.block;
    double       sum = 0;
    for (size_t index = blockIdx.x; index < columns; index += gridDim.x) {
        const klf_block_column found = klf_find_column(args.blocks, index);
        const size_t           k = found.panel_column * args.blocks.block + found.column;
        for (size_t row = found.first_row + threadIdx.x; row < args.blocks.block; row += blockDim.x) {
            const size_t j = found.panel_row * args.blocks.block + row;
            const double times = j == k ? 1.0 : 2.0;
            sum += times * args.gram[index * args.blocks.block + row] * args.square[k * args.stride_in + j];
        }
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        terms[blockIdx.x] = sum / args.n_samples;
}

template <typename real> static __global__ void first_moment_kernel(const klf_quadratic_args args, double *terms)
{
    const real mean = static_cast<real>(args.mean);
    for (size_t row = blockIdx.x; row < args.width; row += gridDim.x) {
        double dot = 0;
        for (size_t column = threadIdx.x; column < args.stride_in; column += blockDim.x)
            dot += args.weight[row * args.stride_in + column] * args.f[column];
        dot = block_sum(dot);
        if (threadIdx.x == 0) {
            const double d = static_cast<double>(static_cast<const real *>(args.bias)[row]) - static_cast<double>(mean);
            terms[row] = 2.0 * d * dot / args.n_samples + d * d;
        }
    }
}

static __global__ void sum_kernel(size_t n, const double *terms, double *q)
{
    double sum = 0;
    for (size_t i = threadIdx.x; i < n; i += blockDim.x)
        sum += terms[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0)
        *q = sum;
}

// Threads for so many items a block.
static unsigned threads_for(size_t items)
{
    unsigned threads = LEAST_THREADS;
    while (threads < MOST_THREADS && threads < items)
        threads *= 2;
    return threads;
}

// Once a layer, after the samples. Floor: N^2 24 bytes.
extern "C" klf_status klf_cuda_quadratic(cudaStream_t stream, klf_precision precision, const klf_quadratic_args *args)
{
    const size_t   columns = args->blocks.count * args->blocks.block, quadratic_blocks = KLF_QUADRATIC_BLOCKS;
    const unsigned blocks = klf_blocks(columns < quadratic_blocks ? columns : quadratic_blocks, 1);
    const unsigned rows = klf_blocks(args->width, 1), threads = threads_for(args->stride_in);
    double        *first_moments = args->terms + blocks;
    KLF_LAUNCH(second_moment_kernel, blocks, threads_for(args->blocks.block), 0, stream, *args, args->terms);
    if (precision == KLF_FP64)
        KLF_LAUNCH((first_moment_kernel<double>), rows, threads, 0, stream, *args, first_moments);
    else
        KLF_LAUNCH((first_moment_kernel<float>), rows, threads, 0, stream, *args, first_moments);
    KLF_LAUNCH(sum_kernel, 1, threads_for(blocks + args->width), 0, stream, blocks + args->width, args->terms, args->q);
    return KLF_OK;
}
