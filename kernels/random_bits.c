/* SPDX-License-Identifier: BSD-3-Clause */
/* Words and normals of the device on the host, for tests. */
#include "check.h"
#include "state.h"

#include <assert.h>

klf_status klf_cuda_random_bits(klf_context *ctx, uint64_t seed, uint64_t subsequence, uint64_t first, size_t n,
                                uint32_t *words, float *normals)
{
    klf_status st = KLF_OK;
    uint32_t  *memory = NULL; /* n words, then n normals */
    assert(first % 4 == 0 && n % 4 == 0);
    KLF_TRY(KLF_CUDA(cudaMalloc((void **)&memory, 2 * n * sizeof *memory)));
    KLF_TRY(klf_cuda_random_bits_launch(ctx->stream, seed, subsequence, first / 4, n / 4, memory, (float *)(memory + n)));
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(words, memory, n * sizeof *words, cudaMemcpyDeviceToHost, ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(normals, memory + n, n * sizeof *normals, cudaMemcpyDeviceToHost, ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(ctx->stream)));
done:
    if (memory)
        cudaFree(memory);
    return st;
}
