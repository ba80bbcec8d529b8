/* SPDX-License-Identifier: BSD-3-Clause */
/** Entropy and relative entropy of layers whose neurons are independent and normally distributed with one variance, in nats.
 *
 *      double kl = klf_relative_entropy(784, 0.2, 784, 0.9, q);   // q = < |z - mu|^2 > of the target layer under p
 */
#ifndef KLFLOW_RELATIVE_ENTROPY_H
#define KLFLOW_RELATIVE_ENTROPY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Differential entropy n/2 ln(2 pi e var) of n neurons of variance var > 0. */
double klf_layer_entropy(size_t n, double var);

/** (3.30): relative entropy of the reference layer p, n_r neurons of variance var_r, to a target q of n_m neurons with variance
 *  var_m. It is the sum of three terms,
 *      -n_r/2 ln(2 pi e var_r) + n_m/2 ln(2 pi var_m) + q / (2 var_m).
 *  q  mean of |z - mu_m|^2 over p. Variances > 0. For n_m != n_r it compares densities of different dimension. */
double klf_relative_entropy(size_t n_r, double var_r, size_t n_m, double var_m, double q);

#ifdef __cplusplus
}
#endif
#endif
