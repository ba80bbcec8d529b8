/* SPDX-License-Identifier: BSD-3-Clause */
/* A decimated chain as one line of JSON. Keys and units: docs/formats.md. */
#include "cli/ising1d_output.h"

#include "cli/json_line.h"
#include "klflow/build_info.h"

void klf_ising1d_print_json(const klf_ising1d_config *config, const klf_ising1d_result *result)
{
    size_t n = result->n_steps + 1, n_ring = result->n_ring_steps + 1;
    size_t step[KLF_ISING1D_MAX_STEPS + 1];
    for (size_t i = 0; i < n; i++)
        step[i] = i;
    klf_json_begin();
    klf_json_wholes("step", step, n);
    klf_json_reals("K", result->k, n);
    klf_json_reals("K0", result->k0, n);
    if (config->field_given)
        klf_json_reals("K2", result->k2, n);
    klf_json_reals("s", result->s, n);
    klf_json_reals("s_unnormalized", result->s_unnormalized, n);
    klf_json_reals("z_violation", result->z_violation, n);
    klf_json_real("s_inf", result->s_inf);
    klf_json_real("one_minus_s_inf", result->one_minus_s_inf);
    klf_json_real("s_inf_fit", result->s_inf_fit);
    klf_json_real("s_inf_fit_error", result->s_inf_fit_error);
    klf_json_real("n_star", result->n_star);
    if (config->ring != 0)
        klf_json_reals("s_ring", result->s_ring, n_ring);
    if (config->enumerate)
        klf_json_reals("s_enumerated", result->s_enumerated, n_ring);
    if (config->expansions) {
        klf_json_reals("K_small", result->k_small, n);
        klf_json_reals("K0_small", result->k0_small, n);
        klf_json_reals("s_small", result->s_small, n);
        klf_json_reals("K_large", result->k_large, n);
        klf_json_reals("K0_large", result->k0_large, n);
        klf_json_reals("s_large", result->s_large, n);
    }
    klf_json_real("lnZ_per_site", result->chain.lnz);
    klf_json_real("entropy_per_site", result->chain.entropy);
    klf_json_real("magnetization", result->chain.magnetization);
    klf_json_real("nn_correlation", result->chain.nn_correlation);
    klf_json_real("coupling", result->coupling);
    klf_json_real("field", config->field);
    if (config->ring != 0)
        klf_json_whole("ring", config->ring);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}
