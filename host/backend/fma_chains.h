/* SPDX-License-Identifier: BSD-3-Clause */
/* Chains of multiply-adds that keep every FMA unit of a core busy. fma_chains.c is compiled once for each instruction set. */
#ifndef KLFLOW_BACKEND_FMA_CHAINS_H
#define KLFLOW_BACKEND_FMA_CHAINS_H

#include <stddef.h>

/* Runs the chains for so many steps; returns the FLOP done. */
typedef struct klf_fma_chains {
    double (*run_f32)(size_t steps);
    double (*run_f64)(size_t steps);
} klf_fma_chains;

extern const klf_fma_chains klf_fma_chains_baseline, klf_fma_chains_avx2, klf_fma_chains_avx512;

#endif
