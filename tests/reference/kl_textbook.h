/* SPDX-License-Identifier: BSD-3-Clause */
/* Textbook code for what the engine computes: plain loops in double, sums in long double, written from the paper's equations.
 * It shares no code, header or type with the engine, so that an agreement means something. Slow; aborts when out of memory. */
#ifndef KLFLOW_TESTS_REFERENCE_KL_TEXTBOOK_H
#define KLFLOW_TESTS_REFERENCE_KL_TEXTBOOK_H

#include <stddef.h>

/* z^0 = W^0 x + b^0, z^l = W^l tanh(z^{l-1}) + b^l. The arrays belong to the caller. */
typedef struct tb_network {
    size_t        depth, input_width;
    const size_t *width;  /* [depth] */
    double      **weight; /* [depth] -> [width][fan_in], row-major */
    double      **bias;   /* [depth] -> [width] */
    /* Activations are rounded to this many bits, and to multiples of 2^-24 or so where the exponent would be below the
     * smallest; phi_bits 0: not at all. */
    int phi_bits, phi_smallest_exponent;
} tb_network;

/* Averages over samples at one layer. At the reference layer Q is N var without error: nothing is sampled. */
typedef struct tb_layer {
    double  q_direct; /* mean of |z - mu|^2 */
    double  q_gram;   /* (3.34) */
    double  q_stderr; /* standard error of q_direct; NaN for one sample */
    double  kl;       /* (3.30), with q_direct */
    double *f_j;      /* [width] mean of tanh(z_j) */
    double *f_jk;     /* [width][width] mean of tanh(z_j) tanh(z_k) */
} tb_layer;

/* Layers r .. depth-1 on n samples of z^r.
 *  mean, var  [depth], of the reference N(mean, var) at r and of the targets above it
 *  z          [n][width of r]
 *  out        [depth - r], to be freed by tb_flow_free */
void tb_flow(const tb_network *net, size_t r, const double *mean, const double *var, size_t n, const double *z, tb_layer *out);
void tb_flow_free(size_t n_layers, tb_layer *layer);

/* (3.30): -n_r/2 ln(2 pi e var_r) + n_m/2 ln(2 pi var_m) + q / (2 var_m) */
double tb_kl(size_t n_r, double var_r, size_t n_m, double var_m, double q);

/* z^0 of n inputs.  x [n][input_width], z [n][width of layer 0] */
void tb_first_layer(const tb_network *net, size_t n, const double *x, double *z);

/* Mean and population variance of layers 0 .. depth-1 over the neurons and over n vectors z^0.  mean, var [depth] */
void tb_statistics(const tb_network *net, size_t n, const double *z, double *mean, double *var);

/* E tanh^2(mean + sqrt(var) x), x ~ N(0, 1), by Simpson's rule with 20001 points on |x| <= 12. */
double tb_mean_tanh2(double mean, double var);

#endif
