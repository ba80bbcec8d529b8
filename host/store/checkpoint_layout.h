/* SPDX-License-Identifier: BSD-3-Clause */
/* What the writer and the reader of checkpoints share: the columns of records, and the order of their numbers. */
#ifndef KLFLOW_STORE_CHECKPOINT_LAYOUT_H
#define KLFLOW_STORE_CHECKPOINT_LAYOUT_H

#include "store/checkpoint.h"
#include "store/netcdf4.h"

#define KLF_CHECKPOINT_GROUP "checkpoint"

/* Bits of column `contents`. */
enum { KLF_HOLDS_F_J = 1, KLF_HOLDS_F_JK = 2, KLF_HOLDS_REFERENCE = 4 };
/* Bits of `layer_flags`: of a result its klf_layer_status below them; of sums the first one. */
enum { KLF_FLAG_GRAM = 1, KLF_FLAG_WIDTH_CHANGED = 8 };

/* One line of the table of records. Every member is eight bytes wide. */
typedef struct klf_checkpoint_row {
    int64_t  kind, network, image, contents, n_layers, depth, reference_layer, n_samples, ensemble, n_images, chunk, lanes;
    uint64_t seed, sample_seed;
    double   elapsed_s, var_w, var_b, q0, entropy_reference, wall_s;
} klf_checkpoint_row;

/* X(member, type, long name) */
#define KLF_CHECKPOINT_COLUMNS(X)                                                                                              \
    X(kind, KLF_NC_INT64, "0 point, 1 network, 2 image, 3 sums of a pass, 4 reference of the record before")                   \
    X(network, KLF_NC_INT64, "number of the network within the run")                                                           \
    X(image, KLF_NC_INT64, "number of the image within the input")                                                             \
    X(contents, KLF_NC_INT64, "1: has f_j, 2: has f_jk, 4: its reference follows")                                             \
    X(n_layers, KLF_NC_INT64, "number of layers")                                                                              \
    X(depth, KLF_NC_INT64, "number of layers of the network")                                                                  \
    X(reference_layer, KLF_NC_INT64, "first layer")                                                                            \
    X(n_samples, KLF_NC_INT64, "Monte Carlo samples of the result or in the sums")                                             \
    X(ensemble, KLF_NC_INT64, "networks in the result")                                                                        \
    X(n_images, KLF_NC_INT64, "images in the result")                                                                          \
    X(chunk, KLF_NC_INT64, "samples of a chunk")                                                                               \
    X(lanes, KLF_NC_INT64, "chunks that were under way at a time")                                                             \
    X(seed, KLF_NC_UINT64, "seed of the network")                                                                              \
    X(sample_seed, KLF_NC_UINT64, "seed of the Monte Carlo samples")                                                           \
    X(elapsed_s, KLF_NC_DOUBLE, "wall time of the point so far, in seconds")                                                   \
    X(var_w, KLF_NC_DOUBLE, "variance of a weight times its fan-in")                                                           \
    X(var_b, KLF_NC_DOUBLE, "variance of a bias")                                                                              \
    X(q0, KLF_NC_DOUBLE, "variance of layer 0, if given instead of an input")                                                  \
    X(entropy_reference, KLF_NC_DOUBLE, "entropy of the reference layer's Gaussian")                                           \
    X(wall_s, KLF_NC_DOUBLE, "wall time of the result, in seconds")

/* A member of klf_kl_point that is new belongs into the table above, a new array into klf_checkpoint_visit. */
_Static_assert(sizeof(klf_kl_point) == 8 * (22 + 3 * KLF_KL_N_FIELDS), "points have other members than checkpoints keep");
_Static_assert(sizeof(klf_layer_stats) == 2 * sizeof(double), "statistics are written as pairs of numbers");

/* Hands the numbers of a result, or of sums with their statistics, to `visit` piece by piece, in the order of the file. The
 * reference of a result is a record of its own. */
typedef klf_status klf_checkpoint_visitor(void *arg, double *values, size_t n);
klf_status         klf_checkpoint_visit_result(const klf_kl_point *point, klf_checkpoint_visitor *visit, void *arg);
klf_status klf_checkpoint_visit_sums(const klf_layer_stats *stats, const klf_flow_sums *sums, klf_checkpoint_visitor *visit,
                                     void *arg);

/* How many numbers that are, from what is known before there is memory for them; a double, which cannot overflow.
 *  width, flags  [row->n_layers] */
double klf_checkpoint_count(const klf_checkpoint_row *row, const uint64_t *width, const int8_t *flags);

#endif
