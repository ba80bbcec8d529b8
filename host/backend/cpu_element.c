/* SPDX-License-Identifier: BSD-3-Clause */
/* Loops that the compiler vectorises, tanh included where glibc has vector variants (libmvec). The build compiles this file
 * once for each instruction set and gives KLF_VARIANT, the suffix of its symbols. */
#include "backend/cpu_element.h"
#include "backend/cpu_isa.h"
#include "klflow/rounding.h"

#include <math.h>

/* glibc declares these only under -ffast-math, although they are good to 1.4 ulp. */
#ifdef KLF_HAVE_SIMD_TANH
__attribute__((simd("notinbranch"))) float  tanhf(float);
__attribute__((simd("notinbranch"))) double tanh(double);
#endif

#define REAL float
#define NAME(x) x##_f32
#define TANH tanhf
#define FMA fmaf
#include "backend/cpu_element_typed.h"

#define REAL double
#define NAME(x) x##_f64
#define TANH tanh
#define FMA fma
#include "backend/cpu_element_typed.h"

static inline void put_rounded(float rounded, float *phi, double *sum)
{
    *sum += (double)rounded - (double)*phi;
    *phi = rounded;
}

static void round_f32(klf_format format, size_t width, float *restrict row, double *restrict phi_sum)
{
    switch (format) {
    case KLF_FORMAT_TF32:
        for (size_t j = 0; j < width; j++)
            put_rounded(klf_round_tf32(row[j]), &row[j], &phi_sum[j]);
        break;
    case KLF_FORMAT_BF16:
        for (size_t j = 0; j < width; j++)
            put_rounded(klf_bf16_value(klf_bf16_bits(row[j])), &row[j], &phi_sum[j]);
        break;
    default:
        for (size_t j = 0; j < width; j++)
            put_rounded(klf_round_float(format, row[j]), &row[j], &phi_sum[j]);
        break;
    }
}

const klf_cpu_element KLF_VARIANT_OF(klf_cpu_element) = {activate_f32, activate_f64, finish_f32, finish_f64,
                                                         output_f32,   output_f64,   slope_f32,  slope_f64,
                                                         step_f32,     step_f64,     round_f32};
