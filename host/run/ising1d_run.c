/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything is closed formulas and short loops: done at once, without threads, files or progress. */
#include "run/ising1d_run.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;

static void expand(double k, klf_ising1d_result *out)
{
    for (size_t n = 0; n <= out->n_steps; n++) {
        klf_ising1d_expansion small = klf_ising1d_small_k(k, n), large = klf_ising1d_large_k(k, n);
        out->k_small[n] = small.k;
        out->k0_small[n] = small.k0;
        out->s_small[n] = small.s;
        out->k_large[n] = large.k;
        out->k0_large[n] = large.k0;
        out->s_large[n] = large.s;
    }
}

size_t klf_ising1d_ring_steps_of(const klf_ising1d_config *config)
{
    size_t possible = klf_ising1d_ring_steps(config->ring), wanted = (size_t)config->steps;
    return possible < wanted ? possible : wanted;
}

klf_status klf_ising1d_run(const klf_ising1d_config *config, double coupling, klf_ising1d_result *out)
{
    klf_status st = KLF_OK;
    double     k = coupling, field = config->field;
    *out = (klf_ising1d_result){.coupling = coupling, .n_steps = (size_t)config->steps};
    klf_ising1d_flow(k, field, out->n_steps,
                     &(klf_ising1d_arrays){.k = out->k,
                                           .k0 = out->k0,
                                           .k2 = out->k2,
                                           .s = out->s,
                                           .s_unnormalized = out->s_unnormalized,
                                           .z_violation = out->z_violation});
    klf_ising1d_chain_get(k, field, &out->chain);
    out->s_inf = out->chain.entropy_deficit / LN2;
    out->one_minus_s_inf = out->chain.entropy / LN2;
    out->s_inf_fit = field == 0.0 ? klf_ising1d_s_inf_fit(k) : NAN;
    out->s_inf_fit_error = field == 0.0 ? klf_ising1d_s_inf_fit_error(k) : NAN;
    out->n_star = field == 0.0 ? klf_ising1d_n_star(k) : NAN;
    for (size_t n = 0; n <= out->n_steps; n++)
        out->worst_violation = fmax(out->worst_violation, fabs(out->z_violation[n]));
    if (config->expansions)
        expand(k, out);
    if (config->ring != 0) {
        out->n_ring_steps = klf_ising1d_ring_steps_of(config);
        KLF_TRY(klf_ising1d_ring(k, field, config->ring, out->n_ring_steps, out->s_ring));
    }
    if (config->enumerate)
        KLF_TRY(klf_ising1d_enumerate(k, field, config->ring, out->n_ring_steps, out->s_enumerated));
done:
    return st;
}
