/* SPDX-License-Identifier: BSD-3-Clause */
/* Two by four products at a time: eight sums stay in registers and a loaded number is used more than once. At the edges the
 * last vector is taken again. */
#include "physics/ising2d_dots.h"

static void two_by_four(size_t n, const double *a0, const double *a1, const double *const *b, double *out)
{
    const double *b0 = b[0], *b1 = b[1], *b2 = b[2], *b3 = b[3];
    double        s00 = 0.0, s01 = 0.0, s02 = 0.0, s03 = 0.0, s10 = 0.0, s11 = 0.0, s12 = 0.0, s13 = 0.0;
#pragma omp simd reduction(+ : s00, s01, s02, s03, s10, s11, s12, s13)
    for (size_t i = 0; i < n; i++) {
        s00 += a0[i] * b0[i];
        s01 += a0[i] * b1[i];
        s02 += a0[i] * b2[i];
        s03 += a0[i] * b3[i];
        s10 += a1[i] * b0[i];
        s11 += a1[i] * b1[i];
        s12 += a1[i] * b2[i];
        s13 += a1[i] * b3[i];
    }
    const double sums[8] = {s00, s01, s02, s03, s10, s11, s12, s13};
    for (int i = 0; i < 8; i++)
        out[i] = sums[i];
}

static size_t at_most(size_t i, size_t last)
{
    return i < last ? i : last;
}

void klf_ising2d_dots(size_t n, size_t n_a, const double *const *a, size_t n_b, const double *const *b, size_t out_stride,
                      double *out)
{
    for (size_t i = 0; i < n_a; i += 2)
        for (size_t j = 0; j < n_b; j += 4) {
            const double *four[4];
            double        sums[8];
            for (size_t k = 0; k < 4; k++)
                four[k] = b[at_most(j + k, n_b - 1)];
            two_by_four(n, a[i], a[at_most(i + 1, n_a - 1)], four, sums);
            for (size_t k = 0; k < 8; k++)
                if (i + k / 4 < n_a && j + k % 4 < n_b)
                    out[(i + k / 4) * out_stride + j + k % 4] = sums[k];
        }
}
