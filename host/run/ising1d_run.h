/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `klflow ising1d` shows of a chain: its settings, the rules between them, the numbers of one coupling, and the sweep
 * over several. */
#ifndef KLFLOW_RUN_ISING1D_RUN_H
#define KLFLOW_RUN_ISING1D_RUN_H

#include "klflow/ising1d.h"
#include "run/sweep.h"

#define KLF_ISING1D_MAX_COUPLING 1e6 /* of |K| and of the field: far beyond it the chain is frozen in every digit */

typedef struct klf_ising1d_config {
    klf_list_real    coupling;
    double           field;       /* K2 = beta h a site */
    uint64_t         steps, ring; /* ring: 0 without one */
    bool             field_given;
    bool             enumerate, expansions;
    bool             s_only; /* of a result file: s and its limit alone, for sweeps over a great many couplings */
    klf_sweep_output output;
} klf_ising1d_config;

typedef double klf_ising1d_curve[KLF_ISING1D_MAX_STEPS + 1]; /* indexed by step */

typedef struct klf_ising1d_result {
    double            coupling;
    size_t            n_steps, n_ring_steps; /* a ring's number of spins may allow fewer */
    klf_ising1d_curve k, k0, k2, s, s_unnormalized, z_violation;
    klf_ising1d_curve s_ring, s_enumerated;
    klf_ising1d_curve k_small, k0_small, s_small, k_large, k0_large, s_large;
    klf_ising1d_chain chain;
    double            s_inf, one_minus_s_inf;
    double            s_inf_fit, s_inf_fit_error, n_star; /* NaN with a field, for which they are not meant */
    double            worst_violation;                    /* largest |z_violation| */
} klf_ising1d_result;

extern const klf_sweep_kind klf_ising1d_sweep_kind;

/* Steps of the config's ring that are wanted and possible. */
size_t klf_ising1d_ring_steps_of(const klf_ising1d_config *config);

/* One coupling. The config has passed the checks of its section. */
klf_status klf_ising1d_run(const klf_ising1d_config *config, double coupling, klf_ising1d_result *out);

#endif
