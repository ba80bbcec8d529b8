/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `klflow fit` shows: every curve of a result file with its fit, then the plateaus of a sweep against var_w; or one
 * table of numbers. */
#ifndef KLFLOW_RUN_FIT_RUN_H
#define KLFLOW_RUN_FIT_RUN_H

#include "klflow/fit.h"
#include "klflow/kl_config.h"
#include "klflow/store.h"
#include "run/xy_table.h"

typedef enum klf_fit_quantity { KLF_FIT_KL_PER_NEURON, KLF_FIT_KL, KLF_FIT_MEANFIELD } klf_fit_quantity;

/* KLF_FIT_GIVEN .. KLF_FIT_EQUAL, as far as a user says. */
enum { KLF_FIT_ERRORS_AUTO = KLF_FIT_EQUAL + 1, KLF_FIT_MODEL_AUTO = KLF_FIT_N_MODELS };

typedef struct klf_fit_config {
    int           model;        /* klf_fit_model, or KLF_FIT_MODEL_AUTO: the plateau for networks */
    int           quantity;     /* klf_fit_quantity */
    int           errors;       /* klf_fit_errors, or KLF_FIT_ERRORS_AUTO */
    klf_list_text select, hold; /* AXIS=VALUE, NAME=VALUE */
    bool          average;      /* over the axis seed */
    uint64_t      first, last;  /* layers */
    double        x_min, x_max; /* of points; NaN: no end */
    bool          quantity_given, first_given, last_given;
} klf_fit_config;

extern const char *const klf_fit_model_choices[], *const klf_fit_quantity_choices[], *const klf_fit_errors_choices[];

typedef struct klf_fit_entry {
    klf_fit_model model;
    const char   *x_name, *y_name; /* "layer", "kl_per_neuron"; "var_w", "a"; "coupling", "s_inf"; "x", "y" */
    const char   *errors; /* what those of the parameters rest on: given, scaled, equal; ensemble: given, the points being means
                             over   networks or images with their scatter; jackknife: of the networks that were averaged */
    bool     is_network, across; /* of a result file; of the plateaus of several var_w */
    double   var_w, var_b;
    uint64_t depth, seed;
    char    *input; /* owned; NULL for a table */
    size_t   reference_layer, n_networks, n_images;

    size_t  n;
    double *x, *y, *error,
        *curve; /* [n], owned. error: standard errors of y, NULL if there are none; curve: NaN without a fit */
    klf_fit fit;
    char   *refusal; /* why there is no fit; owned; NULL if there is one */
} klf_fit_entry;

typedef struct klf_fit_result {
    size_t         n, n_curves; /* those across var_w come behind the curves */
    size_t         shape[5];    /* of networks: values of var_w, var_b, depth, seed and input, the last one fastest */
    klf_fit_entry *entry;       /* [n], owned */
    size_t         n_failed;    /* refused or not converged, among the curves */
} klf_fit_result;

/* KLF_ERR_USAGE or KLF_ERR_DATA with a sentence where nothing can be fitted. A curve of several that cannot be is an entry with
 * a refusal. *out is empty on failure. */
klf_status klf_fit_run_kl(const klf_fit_config *config, const klf_kl_file *file, klf_fit_result *out);
/* names: of x and y. model: what `auto` is; KLF_FIT_MODEL_AUTO if the points do not tell. */
klf_status klf_fit_run_points(const klf_fit_config *config, const klf_xy_table *points, const char *const names[2], int model,
                              klf_fit_result *out);
/* Writes a result file: docs/formats.md. source: the file that was fitted. KLF_ERR_CREATE, KLF_ERR_IO, KLF_ERR_MEMORY. */
klf_status klf_fit_write(const char *path, bool force, const char *source, const klf_fit_result *result);
void       klf_fit_result_free(klf_fit_result *result);

#endif
