/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `klflow meanfield` shows of one point of the phase diagram, or of one of the critical line: its settings, the rules
 * between them, and the numbers. */
#ifndef KLFLOW_RUN_MEANFIELD_RUN_H
#define KLFLOW_RUN_MEANFIELD_RUN_H

#include "klflow/meanfield.h"
#include "klflow/status.h"

#include <stdint.h>

#define KLF_MEANFIELD_MIN_VARIANCE 1e-300 /* besides 0; below it numbers lose digits */
#define KLF_MEANFIELD_MAX_VARIANCE 1e12   /* far beyond it tanh is a sign in every digit */
#define KLF_MEANFIELD_MAX_MEAN 100.0

enum { KLF_MEANFIELD_MAX_LAYERS = 1000, KLF_MEANFIELD_LAYERS = 30 /* of a curve, if it is not said */ };

typedef struct klf_meanfield_config {
    double                var_w, var_b;
    bool                  var_w_given, var_b_given;
    bool                  critical_line; /* the point of it with the one of var_w and var_b that is given */
    double                q0, mean;      /* of the reference; q0 not given: as in klflow kl */
    uint64_t              layers;
    klf_target_convention convention;
    bool                  q0_given, mean_given, layers_given, convention_given; /* any of them: with a curve */
} klf_meanfield_config;

typedef double klf_meanfield_layers[KLF_MEANFIELD_MAX_LAYERS]; /* indexed by layer, 0 the reference layer */

typedef struct klf_meanfield_result {
    double               var_w, var_b;
    klf_meanfield_point  point;
    double               critical_var_w; /* where the phases meet at this var_b */
    klf_meanfield_root   critical_q;     /* the solution for it */
    size_t               n_layers;       /* 0: no curve */
    double               q0;
    klf_meanfield_layers q, second_moment, rho, target_var, kl_per_neuron;
    double               kl_limit;
} klf_meanfield_result;

/* "theory", "data", "samples", "reference-in-q", NULL: in the order of klf_target_convention. */
extern const char *const klf_target_conventions[];

/* KLF_ERR_USAGE, with a sentence in terms of the options, where the settings do not go together. */
klf_status klf_meanfield_run(const klf_meanfield_config *config, klf_meanfield_result *out);

#endif
