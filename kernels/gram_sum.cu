// SPDX-License-Identifier: BSD-3-Clause
// A chunk's second moment, which the product leaves as one set of blocks for each slice of the samples, is added to the total in
// double: the slices in their order, then the chunk.
#include "element.h"
#include "blocks.h"

enum { MOST_THREADS = 256, WARP = 32 };

// A block of threads takes a column of a block of the matrix at a time. What lies above the diagonal is not touched.
template <typename real>
static __global__ void gram_sum_kernel(const klf_gram_blocks blocks, size_t slices, const void *chunk, double *total)
{
    const size_t columns = blocks.count * blocks.block, slice = columns * blocks.block;
    for (size_t index = blockIdx.x; index < columns; index += gridDim.x) {
        const klf_block_column found = klf_find_column(blocks, index);
        for (size_t row = found.first_row + threadIdx.x; row < blocks.block; row += blockDim.x) {
            const real *part = static_cast<const real *>(chunk) + index * blocks.block + row;
            double      sum = 0;
            for (size_t s = 0; s < slices; s++)
                sum += static_cast<double>(part[s * slice]);
            total[index * blocks.block + row] += sum;
        }
    }
}

// Floor: for N neurons and S slices, N^2/2 (4 S + 16) bytes a chunk (fp64: N^2/2 24), of which the total's come from memory.
extern "C" klf_status klf_cuda_gram_sum(cudaStream_t stream, klf_precision precision, klf_gram_blocks blocks, size_t slices,
                                        const void *chunk, double *total)
{
    const size_t   warps = (blocks.block + WARP - 1) / WARP, most = MOST_THREADS / WARP;
    const unsigned threads = static_cast<unsigned>((warps < most ? warps : most) * WARP);
    const unsigned grid = klf_blocks(blocks.count * blocks.block, 1);
    if (precision == KLF_FP64)
        KLF_LAUNCH((gram_sum_kernel<double>), grid, threads, 0, stream, blocks, slices, chunk, total);
    else
        KLF_LAUNCH((gram_sum_kernel<float>), grid, threads, 0, stream, blocks, slices, chunk, total);
    return KLF_OK;
}
