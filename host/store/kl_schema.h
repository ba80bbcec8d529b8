/* SPDX-License-Identifier: BSD-3-Clause */
/* Names in group /kl, and in /kl_ref beside it, that their writer, checker and reader share; the fields per layer are those of
 * KLF_KL_FIELDS. */
#ifndef KLFLOW_STORE_KL_SCHEMA_H
#define KLFLOW_STORE_KL_SCHEMA_H

/* The results, and those of the same points on a reference backend, in a group of its own of the same layout. */
#define KLF_KL_GROUP "kl"
#define KLF_KL_REFERENCE_GROUP "kl_ref"

enum { KLF_KL_GRID_RANK = 5, KLF_KL_LAYER_RANK = 6, KLF_KL_MOMENT_RANK = 8 };

/* The grid, then layer, then the neurons of kept moments. */
static const char *const klf_kl_axis[KLF_KL_MOMENT_RANK] = {"var_w", "var_b", "depth",    "seed",
                                                            "input", "layer", "neuron_j", "neuron_k"};

/* What is kept per point as it stands in klf_kl_point: X(member, name, type, units, long name). */
#define KLF_KL_POINT_FACTS(X)                                                                                                  \
    X(n_mc, "n_samples", KLF_NC_INT64, "1", "Monte Carlo samples of each network and image")                                   \
    X(sample_seed, "sample_seed", KLF_NC_UINT64, "1", "seed of the Monte Carlo samples")                                       \
    X(ensemble, "ensemble", KLF_NC_UINT64, "1", "number of networks, of seeds from `seed` on")                                 \
    X(n_images, "n_images", KLF_NC_UINT64, "1", "number of images")                                                            \
    X(chunk, "chunk", KLF_NC_UINT64, "1", "samples of a chunk")                                                                \
    X(q0, "q0", KLF_NC_DOUBLE, "1", "variance of layer 0, if given instead of an input")                                       \
    X(entropy_reference, "entropy_reference", KLF_NC_DOUBLE, "nat",                                                            \
      "differential entropy N_r/2 ln(2 pi e var_r) of the reference layer's Gaussian")                                         \
    X(wall_s, "wall_s", KLF_NC_DOUBLE, "s", "wall time")

#endif
