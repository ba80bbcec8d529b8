/* SPDX-License-Identifier: BSD-3-Clause */
/* Backend `cpu`: its context, that is the choice of a kernel set, and its table. What a model and a lane are: cpu_state.c. */
#include "backend/backends.h"
#include "backend/blas.h"
#include "backend/cpu_dgemm.h"
#include "backend/cpu_isa.h"
#include "backend/cpu_state.h"
#include "backend/cpu_train.h"
#include "backend/cpu_train_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char tiles_name[] = "tiles-avx512", openblas_name[] = "openblas";

enum { DGEMM_ROWS = 256 }; /* of klf_cpu_dgemm_nt for one thread at a time: enough for the library to be fast */

/* Those of tensor cores are emulated: fp32 arithmetic on inputs that are rounded as a GPU would round them. tf32x3 is fp32. */
static bool supports(klf_precision precision)
{
    return precision >= KLF_FP64 && precision < KLF_N_PRECISIONS;
}

/* The register tiles are faster than a BLAS wherever they run; KLFLOW_CPU_KERNELS overrides. */
static klf_status choose(klf_context *ctx)
{
    const char     *asked = getenv("KLFLOW_CPU_KERNELS");
    klf_isa         isa = klf_cpu_isa();
    const klf_blas *blas;
    if (asked && strcmp(asked, tiles_name) != 0 && strcmp(asked, openblas_name) != 0)
        return klf_fail(KLF_ERR_DEVICE, "backend cpu: KLFLOW_CPU_KERNELS is '%s'; expected %s or %s", asked, tiles_name,
                        openblas_name);
    if (asked ? strcmp(asked, tiles_name) == 0 : isa == KLF_ISA_AVX512) {
        if (isa != KLF_ISA_AVX512)
            return klf_fail(KLF_ERR_DEVICE, "backend cpu: KLFLOW_CPU_KERNELS is %s, but this CPU has no AVX-512; unset it",
                            tiles_name);
        ctx->kernels = KLF_X86_ONLY(klf_cpu_tiles_avx512);
        ctx->train_kernels = KLF_X86_ONLY(klf_cpu_train_tiles_avx512);
        snprintf(ctx->description, sizeof ctx->description, "%s: register tiles of our own, no BLAS (%s)", tiles_name,
                 asked ? "KLFLOW_CPU_KERNELS" : "this CPU has AVX-512");
        return KLF_OK;
    }
    if (klf_blas_open(&blas) != KLF_OK) {
        char why[512];
        snprintf(why, sizeof why, "%s", klf_last_error());
        return klf_fail(KLF_ERR_DEVICE, "backend cpu: %s", why);
    }
    ctx->kernels = klf_cpu_openblas;
    ctx->train_kernels = klf_cpu_train_openblas;
    snprintf(ctx->description, sizeof ctx->description, "%s: %s; element-wise code for %s (%s)", openblas_name,
             blas->description, klf_isa_name(isa), asked ? "KLFLOW_CPU_KERNELS" : "this CPU has no AVX-512");
    return KLF_OK;
}

klf_status klf_cpu_dgemm_nt(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    klf_context     ctx;
    const klf_blas *blas = NULL;
    klf_status      st = choose(&ctx);
    if (st != KLF_OK)
        return st;
    if (ctx.kernels != klf_cpu_openblas)
        return KLF_X86_ONLY(klf_cpu_tiles_dgemm_nt(m, n, k, a, b, c));
    klf_blas_open(&blas); /* choose has opened it */
#pragma omp parallel for
    for (size_t first = 0; first < m; first += DGEMM_ROWS)
        blas->dgemm_nt(m - first < DGEMM_ROWS ? m - first : DGEMM_ROWS, n, k, a + first * k, b, c + first * n);
    return KLF_OK;
}

static void close_context(klf_context *ctx)
{
    free(ctx);
}

static klf_status open_context(klf_context **out)
{
    klf_status   st = KLF_OK;
    klf_context *ctx = calloc(1, sizeof *ctx);
    *out = NULL;
    if (!ctx)
        return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory for %zu bytes", sizeof *ctx);
    KLF_TRY(choose(ctx));
    *out = ctx;
    ctx = NULL;
done:
    free(ctx);
    return st;
}

static const char *describe(const klf_context *ctx)
{
    return ctx->description;
}

/* With a Gram each chunk costs a pass over width^2 totals in memory, so chunks are long; without one, long enough that the
 * weights, which come from memory too, are read seldom. */
static size_t preferred_chunk(const klf_context *ctx, const klf_model_spec *spec)
{
    (void)ctx;
    return spec->gram && spec->precision != KLF_FP64 ? 2048 : 1024;
}

static size_t preferred_lanes(const klf_context *ctx, const klf_model_spec *spec, size_t threads)
{
    (void)ctx;
    (void)spec;
    return threads;
}

const klf_backend klf_backend_cpu = {
    .name = "cpu",
    .supports = supports,
    .open = open_context,
    .close = close_context,
    .describe = describe,
    .preferred_chunk = preferred_chunk,
    .preferred_lanes = preferred_lanes,
    .model_bytes = klf_cpu_model_bytes,
    .lane_bytes = klf_cpu_lane_bytes,
    .model_create = klf_cpu_model_create,
    .model_destroy = klf_cpu_model_destroy,
    .lane_create = klf_cpu_lane_create,
    .lane_destroy = klf_cpu_lane_destroy,
    .draw = klf_cpu_draw,
    .forward = klf_cpu_forward,
    .gram = klf_cpu_gram,
    .collect = klf_cpu_collect,
    .finish = klf_cpu_finish,
    .phi = klf_cpu_phi,
    .totals = klf_cpu_totals,
    .second_moment = klf_cpu_second_moment,
    .save = klf_cpu_save,
    .restore = klf_cpu_restore,
    .gram_q = klf_cpu_gram_q,
    .trainer_bytes = klf_cpu_trainer_bytes,
    .trainer_create = klf_cpu_trainer_create,
    .trainer_destroy = klf_cpu_trainer_destroy,
    .train_step = klf_cpu_train_step,
    .evaluate = klf_cpu_evaluate,
    .trainer_read = klf_cpu_trainer_read,
    .trainer_write = klf_cpu_trainer_write,
};
