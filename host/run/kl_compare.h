/* SPDX-License-Identifier: BSD-3-Clause */
/* How far two results of one point are from each other, layer by layer, and whether that is as it should be. Both results are
 * of the same network with the same layer statistics; finding out is left to the caller (kl_match.h for files).
 *
 * Of the same samples they may differ by the rounding of the arithmetic, of different ones by that and by their standard
 * errors. What rounding may do the results state themselves: the bounds of their biases, and the error of what it does sample
 * by sample, which few samples do not average out. Three quantities of a layer are compared: KL, and Q by each estimator that
 * both results have. Each difference is measured on Q, that of KL on Q / (2 var), the one term of KL that is sampled: KL itself
 * is a difference of terms of that size and may be close to 0. */
#ifndef KLFLOW_RUN_KL_COMPARE_H
#define KLFLOW_RUN_KL_COMPARE_H

#include "klflow/kl_result.h"
#include "klflow/precision.h"

/* What a difference may come from. */
typedef enum klf_cause { KLF_ROUNDING, KLF_STATISTICS } klf_cause;

typedef struct klf_tolerance {
    double relative;  /* of Q: what rounding may do; NaN: what the results state */
    double otherwise; /* the same for results that do not */
    double sigmas;    /* combined standard errors, on top of that, where the samples differ */
} klf_tolerance;

/* Relative to Q, what the rounding of a precision may do to a mean over the same samples where nothing else is known: 1e-12 for
 * fp64, 1e-6 for fp32 and tf32x3, and for tf32, fp16 and bf16, which round every input of a product, the largest error of that
 * rounding. */
double klf_rounding_tolerance(klf_precision precision);

/* Most standard errors for each of n layers, if one alone may have `sigmas`: the more there are, the farther the worst goes by
 * chance. The probability that any of n independent normals is beyond is the same for every n. */
double klf_sigmas_among(double sigmas, size_t n);

typedef struct klf_layer_difference {
    size_t layer;       /* counted from 0 behind the input */
    double kl_a, kl_b;  /* nat; NaN where the layer is degenerate */
    double difference;  /* kl_b - kl_a */
    double relative;    /* its size over the larger of the two; 0 where they are equal */
    double relative_q;  /* largest of the three differences over Q */
    double sigmas;      /* largest of them in combined standard errors; NaN without errors, 0 where there is no difference */
    double tolerance_q; /* what rounding may do to the one with the largest share, over Q; NaN where there is none */
    double share;       /* largest of them over what is tolerated; infinite where one result has a number and the other none */
    bool   within;      /* share <= 1 */
    double f_j, f_jk;   /* largest difference of a moment, where both results have them; else NaN. Not judged: unlike Q, single
                           moments are not means over neurons, and keep what chaotic layers make of rounding */
} klf_layer_difference;

typedef struct klf_point_difference {
    klf_cause             cause;
    klf_tolerance         tolerance; /* as applied */
    size_t                n_layers;
    klf_layer_difference *layer; /* [n_layers], the largest share first; owned */
    bool                  within;
} klf_point_difference;

/* KLF_ERR_MEMORY; *out is then empty. The results are of the same layers and widths. */
klf_status klf_kl_compare(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause, klf_tolerance tolerance,
                          klf_point_difference *out);
void       klf_point_difference_free(klf_point_difference *difference);

/* The layer with the largest share alone, without memory for the others. */
klf_layer_difference klf_kl_worst_layer(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause, klf_tolerance tolerance);

/* Layers that have an error of sampling in either of two results, as counted for klf_sigmas_among. */
size_t klf_kl_sampled_layers(const klf_kl_point *a, const klf_kl_point *b);

#endif
