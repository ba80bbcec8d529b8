/* SPDX-License-Identifier: BSD-3-Clause */
/* A double product for whoever has many rows to push through a layer outside a Monte Carlo pass (the statistics of a data set).
 * By the kernels that the cpu backend would choose, on OpenMP's threads. */
#ifndef KLFLOW_BACKEND_CPU_DGEMM_H
#define KLFLOW_BACKEND_CPU_DGEMM_H

#include "klflow/status.h"

#include <stddef.h>

/* c[m][n] = a[m][k] b[n][k]^T, row-major, c overwritten. Packs b in every call: worth it from some 256 rows of a up.
 * KLF_ERR_MEMORY, or KLF_ERR_DEVICE where the cpu backend cannot be opened. */
klf_status klf_cpu_dgemm_nt(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);

/* The same by the tiles; the CPU has been checked (cpu_tiles.c). */
klf_status klf_cpu_tiles_dgemm_nt(size_t m, size_t n, size_t k, const double *a, const double *b, double *c);

#endif
