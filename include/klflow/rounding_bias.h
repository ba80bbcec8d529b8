/* SPDX-License-Identifier: BSD-3-Clause */
/** How far rounding may shift Q, and how far samples scatter it and what rounding does to it, all predicted by mean-field
 * theory of the random network. A run puts the first beside its Monte Carlo error; precision `auto` compares the two before it
 * draws anything.
 *
 *      klf_layer_prediction p[30];
 *      klf_predict_layers(klf_rounding_of(KLF_TF32, true), 0.0, 0.2, 30, map, p);
 *      // |bias of Q_l| <= width_l p[l].bias_bound;   standard error of Q_l ~ width_l p[l].sample_std / sqrt(n_mc)
 *      // of the same samples in exact arithmetic: Q_l differs by its bias and width_l p[l].rounding_std / sqrt(n_mc)
 *
 *  What is bounded, and how that was checked: docs/precision.md.
 */
#ifndef KLFLOW_ROUNDING_BIAS_H
#define KLFLOW_ROUNDING_BIAS_H

#include "klflow/precision.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a precision rounds: relative errors, each the largest of one rounding; 0 where there is none. */
typedef struct klf_rounding {
    double arithmetic; /**< of products, sums, tanh, and of parameters in that arithmetic */
    double phi;        /**< of activations, to nearest in a format */
    double phi_floor;  /**< absolute spacing below the format's normal numbers */
    double weight;     /**< that two parts leave of a weight */
} klf_rounding;

/** weights_fit: every weight is a number of the format of the products, so that it needs no second part. */
klf_rounding klf_rounding_of(klf_precision precision, bool weights_fit);

/** The map into a layer, as theory sees it; of the reference layer only the width counts. */
typedef struct klf_map_moments {
    size_t width;
    double var_w; /**< fan-in times the mean square of a weight */
    double var_b; /**< mean square of a bias */
} klf_map_moments;

/** Of one layer, per neuron. */
typedef struct klf_layer_prediction {
    double q;            /**< mean square of z */
    double bias_bound;   /**< of what rounding adds to it */
    double sample_std;   /**< standard deviation over samples of |z|^2 / width; of the mean: / sqrt(n_mc) */
    double rounding_std; /**< of what rounding adds to it sample by sample, at random; rather too large by a factor of 2 */
} klf_layer_prediction;

/** Layers 0 .. n - 1 from the reference layer on, whose neurons are N(mean, var).  map, out [n]. Nothing is rounded at the
 *  reference layer: its bound is 0. */
void klf_predict_layers(klf_rounding rounding, double mean, double var, size_t n, const klf_map_moments *map,
                        klf_layer_prediction *out);

/** Bound on what rounding tanh(z), z ~ N(mean, var), adds to its mean square: that of a continuous distribution. */
double klf_rounded_square_bound(klf_rounding rounding, double mean, double var);

#ifdef __cplusplus
}
#endif
#endif
