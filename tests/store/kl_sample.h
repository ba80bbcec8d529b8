/* SPDX-License-Identifier: BSD-3-Clause */
/* A sweep of made-up numbers that say where they belong, so that a value in the wrong place is seen. check_netcdf.py knows the
 * same formulas. */
#ifndef KLFLOW_TESTS_STORE_KL_SAMPLE_H
#define KLFLOW_TESTS_STORE_KL_SAMPLE_H

#include "klflow/store.h"

/* var_w 1.5, 2.0, ... x var_b 0.05 x depth 4, 6 x seed 1, 2^64-1 x input; reference layer 1. Layers are `wide` neurons wide but
 * for the last two of 5 and 3. The second input has two images, and of the first point the last layer is degenerate. */
enum { SAMPLE_MAX_VAR_W = 3, SAMPLE_DEPTH = 2, SAMPLE_SEED = 2, SAMPLE_INPUT = 2, SAMPLE_REFERENCE = 1, SAMPLE_LAYERS = 5 };

void sample_create(size_t n_var_w, size_t wide, bool moments, klf_kl_sweep *sweep);
void sample_free(klf_kl_sweep *sweep);

extern const klf_provenance sample_provenance;

double sample_value(int field, size_t point, size_t layer);
double sample_f_j(size_t point, size_t layer, size_t j);
double sample_f_jk(size_t point, size_t layer, size_t j, size_t k);

#endif
