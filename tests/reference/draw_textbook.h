/* SPDX-License-Identifier: BSD-3-Clause */
/* Random draws remade from the seed alone: Philox4x32-10 from its publication (Salmon et al., SC11), the layout that
 * include/klflow/rng.h documents, Box-Muller in long double. Shares no code with the engine, whose normals are float32: they
 * differ from these by up to about 1e-6. */
#ifndef KLFLOW_TESTS_REFERENCE_DRAW_TEXTBOOK_H
#define KLFLOW_TESTS_REFERENCE_DRAW_TEXTBOOK_H

#include <stddef.h>
#include <stdint.h>

/* Word number p of a subsequence. */
uint32_t tb_word(uint64_t seed, uint64_t subsequence, uint64_t p);

/* Standard normals 0 .. n-1 of stream `tag`, index `index`. */
void tb_normals(uint64_t seed, unsigned tag, uint64_t index, size_t n, double *normals);

/* Weights [width][fan_in] ~ N(0, var_w / fan_in) and biases [width] ~ N(0, var_b) of a layer. */
void tb_draw_layer(uint64_t seed, size_t layer, size_t fan_in, size_t width, double var_w, double var_b, double *weight,
                   double *bias);

/* z [n][width], z_s ~ N(mean, var): Monte Carlo samples 0 .. n-1. */
void tb_draw_samples(uint64_t sample_seed, double mean, double var, size_t n, size_t width, double *z);

#endif
