// SPDX-License-Identifier: BSD-3-Clause
// Words and normals as the device makes them, from the very functions that draw.cu takes, so that tests can compare bits.
#include "launch.h"

#include "launchers.h"
#include "philox.h"

enum { THREADS = 128 };

static __global__ void random_bits_kernel(uint64_t seed, uint64_t subsequence, uint64_t first_block, size_t blocks,
                                          uint32_t *words, float *normals)
{
    const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t at = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < blocks; at += step) {
        const uint4    four = klf_device_words(seed, subsequence, first_block + at);
        const uint32_t word[4] = {four.x, four.y, four.z, four.w};
        float          normal[4];
        klf_device_normals(seed, subsequence, first_block + at, normal);
        for (int i = 0; i < 4; i++) {
            words[4 * at + static_cast<size_t>(i)] = word[i];
            normals[4 * at + static_cast<size_t>(i)] = normal[i];
        }
    }
}

// For tests only: of no concern how fast.
extern "C" klf_status klf_cuda_random_bits_launch(cudaStream_t stream, uint64_t seed, uint64_t subsequence, uint64_t first_block,
                                                  size_t blocks, uint32_t *words, float *normals)
{
    KLF_LAUNCH(random_bits_kernel, klf_blocks(blocks, THREADS), THREADS, 0, stream, seed, subsequence, first_block, blocks,
               words, normals);
    return KLF_OK;
}
