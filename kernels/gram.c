/* SPDX-License-Identifier: BSD-3-Clause */
/* The second moment of a chunk, sum_s phi_s phi_s^T, on its way to the total (gram_sum.cu).
 *
 * fp64: dsyrk. Elsewhere cuBLAS has no triangular product on tensor cores, so one batched product computes the blocks of the
 * lower triangle, each for several slices of the samples: 28 blocks of 784 x 784 alone would leave most of a device idle. A
 * slice also keeps sums in fp32 short. Slices are of equal length; where the chunk ends before the last one, phi is zero.
 * tf32x3 adds the products of lower and upper parts. */
#include "check.h"
#include "state.h"

#include <stdlib.h>

static const klf_cuda_gram *gram_of(const klf_lane *lane, const klf_cuda_layer *layer)
{
    const klf_cuda_gram *gram = lane->gram;
    while (gram->stride != layer->stride)
        gram++;
    return gram;
}

size_t klf_cuda_gram_slices(const klf_lane *lane, const klf_cuda_layer *layer)
{
    return lane->model->spec.precision == KLF_FP64 ? 1 : gram_of(lane, layer)->slices;
}

static void *element(void *base, size_t index, size_t bytes)
{
    return (char *)base + index * bytes;
}

/* The pointers of one batched product: [slice][block]. */
static klf_status put_pointers(klf_lane *lane, const klf_cuda_gram *gram)
{
    const klf_cuda_types *types = lane->model->types;
    const size_t          n = gram->slices * gram->blocks.count, lists = types->splits_phi ? 5 : 3;
    const size_t          area = gram->blocks.block * gram->blocks.block;
    void                **host = malloc(lists * n * sizeof *host);
    if (!host)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for the pointers of %zu blocks", n);
    for (size_t slice = 0, i = 0; slice < gram->slices; slice++)
        for (size_t row = 0; row < gram->blocks.panels; row++)
            for (size_t column = 0; column <= row; column++, i++) {
                const size_t first = slice * gram->slice_rows * gram->stride;
                const size_t at_row = first + row * gram->blocks.block, at_column = first + column * gram->blocks.block;
                host[i] = element(lane->phi, at_row, types->phi_bytes);
                host[n + i] = element(lane->phi, at_column, types->phi_bytes);
                host[2 * n + i] = element(lane->chunk_gram, i * area, types->real_bytes);
                if (types->splits_phi) {
                    host[3 * n + i] = element(lane->phi_lower, at_row, types->phi_bytes);
                    host[4 * n + i] = element(lane->phi_lower, at_column, types->phi_bytes);
                }
            }
    klf_status st = KLF_CUDA(cudaMemcpyAsync(gram->row, host, lists * n * sizeof *host, cudaMemcpyHostToDevice, lane->stream));
    if (st == KLF_OK)
        st = KLF_CUDA(cudaStreamSynchronize(lane->stream));
    free(host);
    return st;
}

klf_status klf_cuda_gram_create(klf_lane *lane)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < lane->n_grams; i++)
        KLF_TRY(put_pointers(lane, &lane->gram[i]));
done:
    return st;
}

static klf_status batched(klf_lane *lane, const klf_cuda_gram *gram, const void **row, const void **column, float beta)
{
    const klf_cuda_types *types = lane->model->types;
    const float           alpha = 1.0f;
    const int             block = (int)gram->blocks.block, stride = (int)gram->stride;
    return KLF_BLAS(cublasGemmBatchedEx(lane->blas, CUBLAS_OP_N, CUBLAS_OP_T, block, block, (int)gram->slice_rows, &alpha, row,
                                        types->in, stride, column, types->in, stride, &beta, gram->result, types->out, block,
                                        (int)(gram->slices * gram->blocks.count), types->compute, CUBLAS_GEMM_DEFAULT));
}

/* phi beyond the chunk, up to the end of the last slice. */
static klf_status clear_rest(klf_lane *lane, const klf_cuda_gram *gram, void *phi)
{
    const size_t bytes = lane->model->types->phi_bytes, rows = gram->slices * gram->slice_rows;
    if (!phi || rows == lane->rows)
        return KLF_OK;
    return KLF_CUDA(cudaMemsetAsync(element(phi, lane->rows * gram->stride, bytes), 0,
                                    (rows - lane->rows) * gram->stride * bytes, lane->stream));
}

klf_status klf_cuda_gram_compute(klf_lane *lane, const klf_cuda_layer *layer)
{
    klf_status st = KLF_OK;
    if (lane->model->spec.precision == KLF_FP64) {
        const double one = 1.0, zero = 0.0;
        const int    n = (int)layer->stride;
        return KLF_BLAS(cublasDsyrk(lane->blas, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, n, (int)lane->rows, &one, lane->phi, n,
                                    &zero, lane->chunk_gram, n));
    }
    const klf_cuda_gram *gram = gram_of(lane, layer);
    KLF_TRY(clear_rest(lane, gram, lane->phi));
    KLF_TRY(clear_rest(lane, gram, lane->phi_lower));
    if (lane->model->types->splits_phi) {
        KLF_TRY(batched(lane, gram, gram->row_lower, gram->column, 0.0f));
        KLF_TRY(batched(lane, gram, gram->row, gram->column_lower, 1.0f));
    }
    KLF_TRY(batched(lane, gram, gram->row, gram->column, lane->model->types->splits_phi ? 1.0f : 0.0f));
done:
    return st;
}
