/* SPDX-License-Identifier: BSD-3-Clause */
/** Feed-forward tanh networks: z^0 = W^0 x + b^0, z^l = W^l tanh(z^{l-1}) + b^l for layers l = 0 .. depth-1 (paper, (3.1)).
 *
 *  Random networks have W ~ N(0, var_w / fan_in), b ~ N(0, var_b). var_w and var_b are variances. Weights are kept in double;
 *  backends convert them to their own precision and layout.
 *
 *      klf_network *net = NULL;
 *      size_t widths[30];
 *      klf_widths_wide(30, widths);
 *      klf_network_draw(784, 30, widths, 1.5, 0.05, seed, &net);
 *      ...
 *      klf_network_destroy(net);
 */
#ifndef KLFLOW_NETWORK_H
#define KLFLOW_NETWORK_H

#include "klflow/precision.h"
#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One linear map. Owned by its network. */
typedef struct klf_layer {
    size_t  fan_in; /**< width of what goes in */
    size_t  width;  /**< neurons of this layer */
    double *weight; /**< [width][fan_in], row-major */
    double *bias;   /**< [width] */
} klf_layer;

typedef struct klf_network {
    size_t     depth;       /**< number of linear maps = number of layers */
    size_t     input_width; /**< layer[0].fan_in */
    klf_layer *layer;       /**< [depth] */
    double    *memory;      /**< all weights and biases; the layers point into it */
    bool       random;      /**< true if var_w, var_b and seed describe the weights */
    double     var_w;       /**< variance of W times fan_in; NaN if unknown (an imported network) */
    double     var_b;       /**< variance of b; NaN if unknown */
    uint64_t   seed;
    klf_format weight_format; /**< every weight is a number of this format; KLF_FORMAT_FP64: as drawn or loaded */
} klf_network;

/** Mean and population variance (over neurons, and over inputs if several) of a layer's pre-activations. */
typedef struct klf_layer_stats {
    double mean;
    double var;
} klf_layer_stats;

enum { KLF_INPUT_WIDTH = 784 };

/** Widths of the paper's architecture: 784 x (depth-2), 400, 10.  widths [depth], overwritten; depth >= 2. */
void klf_widths_wide(size_t depth, size_t *widths);

/** Widths that shrink linearly from 784 at layer 0 to 10 at layer depth-1.  widths [depth], overwritten; depth >= 2. */
void klf_widths_taper(size_t depth, size_t *widths);

/** A network whose weights and biases are uninitialised, for a loader to fill. *out is NULL on failure (KLF_ERR_MEMORY). */
klf_status klf_network_create(size_t input_width, size_t depth, const size_t *widths, klf_network **out);

/** A random network. Draws depend on (seed, layer, row, column) alone: equal seeds give common random numbers across var_w,
 *  var_b, depth and neighbouring widths. *out is NULL on failure. */
klf_status klf_network_draw(size_t input_width, size_t depth, const size_t *widths, double var_w, double var_b, uint64_t seed,
                            klf_network **out);

/** Rounds every weight to nearest in a format and calls that the network: what the matrix products of a fast precision take in
 *  without a second part, and what any precision and backend can run. Biases are added behind the products, in the precision's
 *  own arithmetic, and stay. KLF_FORMAT_FP64 changes nothing. KLF_ERR_USAGE, and the network as it was, if a weight is beyond
 *  the format: 65504 for fp16, 3.4e38 for the others. */
klf_status klf_network_round(klf_network *net, klf_format format);

/** Accepts NULL. */
void klf_network_destroy(klf_network *net);

/** Statistics of layers 0 .. depth-1 for a batch of inputs, in double.
 *  x      [n_inputs][input_width]; the moments are pooled over neurons and inputs ("input" is n_inputs = 1, "dataset" more)
 *  stats  [depth], overwritten */
klf_status klf_network_statistics(const klf_network *net, size_t n_inputs, const double *x, klf_layer_stats *stats);

/** The same for a network without an image: layer 0 is N(0, q0) exactly, the layers behind it follow one draw z^0 ~ N(0, q0)
 *  from (seed, KLF_STREAM_START).  stats [depth], overwritten */
klf_status klf_network_statistics_q0(const klf_network *net, double q0, uint64_t seed, klf_layer_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
