/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalar products of many vectors with many others. The shapes are small and odd (tens of vectors, of 2 to 2^15 numbers), and a
 * plain loop in registers is fast enough that no BLAS is needed. */
#ifndef KLFLOW_PHYSICS_ISING2D_DOTS_H
#define KLFLOW_PHYSICS_ISING2D_DOTS_H

#include <stddef.h>

/* out[i * out_stride + j] = a[i] . b[j] for vectors of n numbers, i < n_a, j < n_b. Single-threaded. */
void klf_ising2d_dots(size_t n, size_t n_a, const double *const *a, size_t n_b, const double *const *b, size_t out_stride,
                      double *out);

#endif
