/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests ask a device for: its random bits, and the activations that a lane holds. */
#include "check.h"
#include "klflow/rounding.h"
#include "state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static double element(const klf_cuda_types *types, const void *from, size_t at)
{
    switch (types->in) {
    case CUDA_R_64F: return ((const double *)from)[at];
    case CUDA_R_16F: return (double)klf_fp16_value(((const uint16_t *)from)[at]);
    case CUDA_R_16BF: return (double)klf_bf16_value(((const uint16_t *)from)[at]);
    default: return (double)((const float *)from)[at];
    }
}

/* Adds a part of phi to `phi`. */
static klf_status add_part(const klf_lane *lane, const void *part, double *phi)
{
    klf_status            st = KLF_OK;
    const klf_cuda_types *types = lane->model->types;
    const klf_cuda_layer *layer = &lane->model->layer[lane->layer];
    const size_t          bytes = lane->rows * layer->stride * types->phi_bytes;
    void                 *copy = malloc(bytes);
    if (!copy)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for a copy of %zu bytes", bytes);
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(copy, part, bytes, cudaMemcpyDeviceToHost, lane->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(lane->stream)));
    for (size_t s = 0; s < lane->rows; s++)
        for (size_t j = 0; j < layer->width; j++)
            phi[s * layer->width + j] += element(types, copy, s * layer->stride + j);
done:
    free(copy);
    return st;
}

klf_status klf_cuda_read_phi(klf_lane *lane, double *phi)
{
    klf_status st = KLF_OK;
    if (lane->phase == KLF_PHASE_CAPTURE || lane->phase == KLF_PHASE_REPLAY)
        return klf_fail(KLF_ERR_INTERNAL, "backend cuda: a chunk that is a graph does not stop at a layer");
    memset(phi, 0, lane->rows * lane->model->layer[lane->layer].width * sizeof *phi);
    if (lane->model->types->splits_phi)
        KLF_TRY(add_part(lane, lane->phi_lower, phi));
    KLF_TRY(add_part(lane, lane->phi, phi));
done:
    return st;
}
