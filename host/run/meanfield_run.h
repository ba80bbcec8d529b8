/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `klflow meanfield` shows of a point of the phase diagram, or of one of the critical line: its settings, the rules
 * between them, the numbers of one point, and the sweep over several. */
#ifndef KLFLOW_RUN_MEANFIELD_RUN_H
#define KLFLOW_RUN_MEANFIELD_RUN_H

#include "klflow/meanfield.h"
#include "run/sweep.h"

#define KLF_MEANFIELD_MIN_VARIANCE 1e-300 /* besides 0; below it numbers lose digits */
#define KLF_MEANFIELD_MAX_VARIANCE 1e12   /* far beyond it tanh is a sign in every digit */
#define KLF_MEANFIELD_MAX_MEAN 100.0

enum { KLF_MEANFIELD_MAX_LAYERS = 1000, KLF_MEANFIELD_LAYERS = 30 /* of a curve, if it is not said */ };

typedef struct klf_meanfield_config {
    klf_list_real         var_w, var_b;  /* they span a grid */
    bool                  critical_line; /* the points of it with those of var_w or var_b, whichever is given */
    double                q0, mean;      /* of the reference; q0 not given: as in klflow kl */
    uint64_t              layers;
    klf_target_convention convention;
    bool                  q0_given, mean_given, layers_given, convention_given; /* any of them: with a curve */
    klf_sweep_output      output;
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

extern const klf_sweep_kind klf_meanfield_sweep_kind;

/* Whether points have a curve, and its layers. */
bool   klf_meanfield_has_curve(const klf_meanfield_config *config);
size_t klf_meanfield_layers_of(const klf_meanfield_config *config);

/* One point. With critical_line that of var_b if the config lists var_b, otherwise that of var_w. The config has passed the
 * checks of its section. */
klf_status klf_meanfield_run(const klf_meanfield_config *config, double var_w, double var_b, klf_meanfield_result *out);

#endif
