/* SPDX-License-Identifier: BSD-3-Clause */
/* The activations of a lane on the host, for tests. */
#include "check.h"
#include "klflow/rounding.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

static double value(klf_precision precision, const void *phi, size_t at)
{
    switch (precision) {
    case KLF_FP64: return ((const double *)phi)[at];
    case KLF_FP16: return (double)klf_fp16_value(((const uint16_t *)phi)[at]);
    case KLF_BF16: return (double)klf_bf16_value(((const uint16_t *)phi)[at]);
    default: return (double)((const float *)phi)[at];
    }
}

static klf_status copy_out(klf_lane *lane, void *to, const void *from, size_t bytes)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, lane->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(lane->stream)));
done:
    return st;
}

/* Adds one part of phi to what is there. */
static klf_status add_part(klf_lane *lane, const void *part, double *phi)
{
    const klf_cuda_layer *layer = &lane->model->layer[lane->layer];
    const klf_precision   precision = lane->model->spec.precision;
    const size_t          bytes = lane->rows * layer->stride * lane->model->types->phi_bytes;
    klf_status            st = KLF_OK;
    void                 *copy = malloc(bytes);
    if (!copy)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for a copy of %zu samples", lane->rows);
    KLF_TRY(copy_out(lane, copy, part, bytes));
    for (size_t row = 0; row < lane->rows; row++)
        for (size_t j = 0; j < layer->width; j++)
            phi[row * layer->width + j] += value(precision, copy, row * layer->stride + j);
done:
    free(copy);
    return st;
}

klf_status klf_cuda_phi(klf_lane *lane, double *phi)
{
    klf_status st = KLF_OK;
    if (!klf_cuda_without_graphs(lane))
        return klf_fail(KLF_ERR_INTERNAL,
                        "backend cuda: a lane whose chunks are replayed shows its activations in the first one only");
    memset(phi, 0, lane->rows * lane->model->layer[lane->layer].width * sizeof *phi);
    KLF_TRY(add_part(lane, lane->phi, phi));
    if (lane->phi_lower)
        KLF_TRY(add_part(lane, lane->phi_lower, phi));
done:
    return st;
}
