/* SPDX-License-Identifier: BSD-3-Clause */
/* What the device's matrix products alone reach at the shape of a layer: cublasGemmEx as the library chooses it, not the
 * algorithm that gemm.c takes, so that the pass is measured against something it does not share. The operands are drawn like
 * samples: of zeros the products would draw less power and run faster. */
#include "check.h"
#include "state.h"

enum { ALIGNMENT = 8, WARM_UP = 3 };

/* Everything on the device that one measurement takes. */
typedef struct workbench {
    klf_context          *ctx;
    const klf_cuda_types *types;
    klf_precision         precision;
    size_t                rows, stride;
    void                 *phi, *phi_lower, *weight, *weight_lower, *z, *f_tiles;
    uint64_t             *first;
    cudaEvent_t           start, stop;
} workbench;

static void close_workbench(workbench *b)
{
    void *memory[] = {b->phi, b->phi_lower, b->weight, b->weight_lower, b->z, b->f_tiles, b->first};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        if (memory[i])
            cudaFree(memory[i]);
    if (b->start)
        cudaEventDestroy(b->start);
    if (b->stop)
        cudaEventDestroy(b->stop);
}

static klf_status draw(workbench *b, uint64_t seed, size_t rows, void *values, void *lower)
{
    const klf_draw_args args = {.rows = rows,
                                .width = b->stride,
                                .stride = b->stride,
                                .sd = 1.0,
                                .seed = seed,
                                .first_sample = b->first,
                                .phi = values,
                                .phi_lower = lower,
                                .f_tiles = b->f_tiles};
    return klf_cuda_draw(b->ctx->stream, b->precision, &args);
}

static klf_status open_workbench(workbench *b)
{
    klf_status   st = KLF_OK;
    const size_t phi_bytes = b->rows * b->stride * b->types->phi_bytes, tallest = b->rows > b->stride ? b->rows : b->stride;
    const size_t weight_bytes = b->stride * b->stride * b->types->phi_bytes;
    KLF_TRY(KLF_CUDA(cudaEventCreate(&b->start)));
    KLF_TRY(KLF_CUDA(cudaEventCreate(&b->stop)));
    KLF_TRY(KLF_CUDA(cudaMalloc(&b->phi, phi_bytes)));
    KLF_TRY(KLF_CUDA(cudaMalloc(&b->weight, weight_bytes)));
    if (b->types->splits_phi) {
        KLF_TRY(KLF_CUDA(cudaMalloc(&b->phi_lower, phi_bytes)));
        KLF_TRY(KLF_CUDA(cudaMalloc(&b->weight_lower, weight_bytes)));
    }
    KLF_TRY(KLF_CUDA(cudaMalloc(&b->z, b->rows * b->stride * b->types->real_bytes)));
    KLF_TRY(KLF_CUDA(cudaMalloc(&b->f_tiles, klf_tiles(tallest) * b->stride * b->types->real_bytes)));
    KLF_TRY(KLF_CUDA(cudaMalloc((void **)&b->first, sizeof *b->first)));
    KLF_TRY(klf_cuda_set_first(b->ctx->stream, 0, b->first));
    KLF_TRY(draw(b, 1, b->rows, b->phi, b->phi_lower));
    KLF_TRY(draw(b, 2, b->stride, b->weight, b->weight_lower));
done:
    return st;
}

/* z = W phi, or z += W phi; to cuBLAS, which sees columns first, z is stride x rows. */
static klf_status product(const workbench *b, const void *weight, const void *phi, bool adds)
{
    const double as_double[] = {1.0, adds ? 1.0 : 0.0};
    const float  as_float[] = {1.0f, adds ? 1.0f : 0.0f};
    const bool   in_double = b->types->compute == CUBLAS_COMPUTE_64F;
    const int    width = (int)b->stride;
    return KLF_BLAS(cublasGemmEx(b->ctx->blas, CUBLAS_OP_T, CUBLAS_OP_N, width, (int)b->rows, width,
                                 in_double ? (const void *)&as_double[0] : &as_float[0], weight, b->types->in, width, phi,
                                 b->types->in, width, in_double ? (const void *)&as_double[1] : &as_float[1], b->z,
                                 b->types->out, width, b->types->compute, CUBLAS_GEMM_DEFAULT));
}

static klf_status layer(const workbench *b)
{
    klf_status st = KLF_OK;
    if (b->types->splits_phi) {
        KLF_TRY(product(b, b->weight_lower, b->phi, false));
        KLF_TRY(product(b, b->weight, b->phi_lower, true));
    }
    KLF_TRY(product(b, b->weight, b->phi, b->types->splits_phi));
done:
    return st;
}

static klf_status time_layers(const workbench *b, size_t count, double *seconds)
{
    klf_status st = KLF_OK;
    float      ms = 0.0f;
    KLF_TRY(KLF_CUDA(cudaEventRecord(b->start, b->ctx->stream)));
    for (size_t i = 0; i < count; i++)
        KLF_TRY(layer(b));
    KLF_TRY(KLF_CUDA(cudaEventRecord(b->stop, b->ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaEventSynchronize(b->stop)));
    KLF_TRY(KLF_CUDA(cudaEventElapsedTime(&ms, b->start, b->stop)));
    *seconds = 1e-3 * (double)ms;
    if (!(ms > 0.0f))
        st = klf_fail(KLF_ERR_DEVICE, "backend cuda: %zu products took no time that the device's clock could tell", count);
done:
    return st;
}

klf_status klf_cuda_gemm_rate(klf_context *ctx, klf_precision precision, size_t rows, size_t width, double seconds,
                              double *flop_rate)
{
    klf_status st = KLF_OK;
    double     trial, taken;
    workbench  b = {.ctx = ctx,
                    .types = klf_cuda_types_of(precision),
                    .precision = precision,
                    .rows = rows,
                    .stride = (width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT};
    pthread_mutex_lock(&ctx->mutex);
    KLF_TRY(open_workbench(&b));
    KLF_TRY(time_layers(&b, WARM_UP, &trial));
    KLF_TRY(time_layers(&b, WARM_UP, &trial));
    const double count = seconds * WARM_UP / trial;
    const size_t n = count < 1.0 ? 1 : count > 1e6 ? 1000000 : (size_t)count;
    KLF_TRY(time_layers(&b, n, &taken));
    *flop_rate = 2.0 * (double)rows * (double)width * (double)width * (double)n / taken;
done:
    pthread_mutex_unlock(&ctx->mutex);
    close_workbench(&b);
    return st;
}
