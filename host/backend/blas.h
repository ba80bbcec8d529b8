/* SPDX-License-Identifier: BSD-3-Clause */
/* The BLAS behind the portable kernels: OpenBLAS, opened when first needed. A program that never asks for it starts without it
 * and runs where it is not installed.
 *
 * Loading it by hand also allows to tell it the CPU first: it reads OPENBLAS_CORETYPE in its constructor, and a version older
 * than the CPU otherwise takes kernels of half the speed or less. */
#ifndef KLFLOW_BACKEND_BLAS_H
#define KLFLOW_BACKEND_BLAS_H

#include "klflow/status.h"

#include <stddef.h>

/* Row-major, single-threaded, callable from several threads at once.
 * gemm_nt: c[m][n] = a[m][k] b[n][k]^T;  syrk_tn: lower triangle of c[n][n] = a[k][n]^T a[k][n].
 * gemm: c[m][n] = beta c + op(a) op(b), where op transposes on demand and rows are ld apart. */
typedef enum klf_blas_op { KLF_BLAS_PLAIN = 111, KLF_BLAS_TRANSPOSED = 112 } klf_blas_op; /* the numbers of CBLAS */

typedef struct klf_blas {
    void (*sgemm_nt)(size_t m, size_t n, size_t k, const float *a, const float *b, float *c);
    void (*dgemm_nt)(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);
    void (*sgemm)(klf_blas_op a_op, klf_blas_op b_op, size_t m, size_t n, size_t k, const float *a, size_t a_ld, const float *b,
                  size_t b_ld, float beta, float *c, size_t c_ld);
    void (*dgemm)(klf_blas_op a_op, klf_blas_op b_op, size_t m, size_t n, size_t k, const double *a, size_t a_ld,
                  const double *b, size_t b_ld, double beta, double *c, size_t c_ld);
    void (*ssyrk_tn)(size_t n, size_t k, const float *a, float *c);
    void (*dsyrk_tn)(size_t n, size_t k, const double *a, double *c);
    const char *description; /* version, file, kernels and who chose them */
} klf_blas;

/* The BLAS, opened by the first call and for good. KLF_ERR_DEVICE if there is none. */
klf_status klf_blas_open(const klf_blas **out);

#endif
