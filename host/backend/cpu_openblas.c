/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel set openblas, the portable one: row-major activations, one library GEMM a layer and one pass over its result while
 * that is in cache; SYRK for the Gram matrix. klf_blas_open has succeeded before anything here is called. */
#include "backend/blas.h"
#include "backend/cpu_element.h"
#include "backend/cpu_isa.h"
#include "backend/cpu_kernels.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <math.h>
#include <string.h>

/* Rows of a GEMM: enough for the library to be fast, few enough for its result to be in the second-level cache afterwards. */
enum { BLOCK_ROWS = 256 };

static const klf_cpu_element *element(void)
{
    static const klf_cpu_element *const variants[] = KLF_BY_ISA(&klf_cpu_element);
    return variants[klf_cpu_isa()];
}

static const klf_blas *blas(void)
{
    const klf_blas *b = NULL;
    return klf_blas_open(&b) == KLF_OK ? b : NULL;
}

/* What is used of a weight, and what becomes of a row of activations; double is for fp64 alone, where nothing is rounded. */
static float weight_f32(klf_format format, double w)
{
    return klf_two_parts_float(format, (float)w);
}

static double weight_f64(klf_format format, double w)
{
    (void)format;
    return w;
}

static void round_row_f32(klf_format format, size_t width, float *row, double *phi_sum)
{
    if (format > KLF_FORMAT_FP32)
        element()->round_f32(format, width, row, phi_sum);
}

static void round_row_f64(klf_format format, size_t width, const double *row, const double *phi_sum)
{
    (void)format;
    (void)width;
    (void)row;
    (void)phi_sum;
}

#define REAL float
#define NAME(x) x##_f32
#define GEMM_NT sgemm_nt
#define SYRK_TN ssyrk_tn
#include "backend/cpu_openblas_typed.h"

#define REAL double
#define NAME(x) x##_f64
#define GEMM_NT dgemm_nt
#define SYRK_TN dsyrk_tn
#include "backend/cpu_openblas_typed.h"

const klf_cpu_kernels klf_cpu_openblas[2] = {[KLF_FP64] = KLF_CPU_KERNELS_TABLE(f64), [KLF_FP32] = KLF_CPU_KERNELS_TABLE(f32)};
