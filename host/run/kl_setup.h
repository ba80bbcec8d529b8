/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run needs before its first sample: the grid's axes, images, a loaded network, an open backend. Everything that can be
 * wrong with the user's files is found here. */
#ifndef KLFLOW_RUN_KL_SETUP_H
#define KLFLOW_RUN_KL_SETUP_H

#include "klflow/images.h"
#include "klflow/kl_config.h"
#include "store/checkpoint.h"

typedef struct klf_kl_setup {
    const klf_kl_config *config;
    const klf_backend   *backend;
    klf_context         *context;
    char                 backend_note[1200]; /* why "auto" came to the CPU; "" otherwise */
    const klf_backend   *reference;          /* that runs the same samples in fp64 (--compare); NULL: none */
    klf_context         *reference_context;
    size_t               threads;
    klf_precision        precision;
    klf_format           weight_format; /* of the network(s) that will run; KLF_FORMAT_FP64: as drawn or loaded */
    char                *checkpoint;    /* its path; NULL: none */
    klf_checkpoint      *resume;        /* what it held; NULL: nothing to go on from */
    size_t               chunk_threads; /* of the run that wrote it; 0: a job's own threads even out its chunks */

    /* The axes; the input axis has labels, and images if the config names any. */
    klf_list_real var_w, var_b;
    klf_list_uint depth, seed;
    size_t        n_inputs;
    char        **input_label; /* [n_inputs] */
    klf_images   *images;      /* [n_inputs], NULL: q0, a Gaussian input or a data set */
    klf_images    dataset;     /* statistics "dataset"; pixel NULL otherwise */
    klf_network  *network;     /* loaded from a file; NULL: drawn at each point */

    const char *blame; /* the key of the option that is being looked at */
} klf_kl_setup;

/* One point of the grid. */
typedef struct klf_kl_coordinates {
    double   var_w, var_b;
    size_t   depth;
    uint64_t seed;
    size_t   input; /* index into input_label and images */
} klf_kl_coordinates;

/* KLF_ERR_* with one sentence; the setup is then empty, and *blame (may be NULL) the key of the option that it is about. The
 * config is complete, and outlives the setup. */
klf_status klf_kl_setup_open(const klf_kl_config *config, klf_kl_setup *setup, const char **blame);
void       klf_kl_setup_close(klf_kl_setup *setup);

size_t             klf_kl_setup_n_points(const klf_kl_setup *setup);
klf_kl_coordinates klf_kl_setup_point(const klf_kl_setup *setup, size_t index); /* row-major, input fastest */

/* Layer widths at a point.  widths [at->depth], overwritten */
void   klf_kl_setup_widths(const klf_kl_setup *setup, const klf_kl_coordinates *at, size_t *widths);
size_t klf_kl_setup_input_width(const klf_kl_setup *setup, const klf_kl_coordinates *at);
/* Images behind one point: each is a Monte Carlo pass of its own; 1 without images. */
size_t klf_kl_setup_n_images(const klf_kl_setup *setup, const klf_kl_coordinates *at);

#endif
