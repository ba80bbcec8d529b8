/* SPDX-License-Identifier: BSD-3-Clause */
/* A point of the mean field as one line of JSON. Keys and units: docs/formats.md. */
#include "cli/meanfield_output.h"

#include "cli/json_line.h"
#include "klflow/build_info.h"

static void print_curve(const klf_meanfield_config *config, const klf_meanfield_result *result)
{
    size_t n = result->n_layers, layer[KLF_MEANFIELD_MAX_LAYERS];
    for (size_t l = 0; l < n; l++)
        layer[l] = l;
    klf_json_wholes("layer", layer, n);
    klf_json_reals("q", result->q, n);
    klf_json_reals("second_moment", result->second_moment, n);
    klf_json_reals("rho", result->rho, n);
    klf_json_reals("target_var", result->target_var, n);
    klf_json_reals("kl_per_neuron", result->kl_per_neuron, n);
    klf_json_real("kl_limit", result->kl_limit);
    klf_json_real("q0", result->q0);
    klf_json_real("mean", config->mean);
    klf_json_text("convention", klf_target_conventions[config->convention]);
}

void klf_meanfield_print_json(const klf_meanfield_config *config, const klf_meanfield_result *result)
{
    const klf_meanfield_point *p = &result->point;
    klf_json_begin();
    klf_json_real("var_w", result->var_w);
    klf_json_real("var_b", result->var_b);
    klf_json_real("q_star", p->q_star.value);
    klf_json_real("chi_1", p->chi_1);
    klf_json_real("rho_star", p->rho_star.value);
    klf_json_real("one_minus_rho_star", p->one_minus_rho_star);
    klf_json_real("slope", p->slope);
    klf_json_real("xi_c", p->xi_c);
    klf_json_real("lambda_q", p->lambda_q);
    klf_json_real("xi_q", p->xi_q);
    klf_json_text("phase", klf_phase_name(p->phase));
    klf_json_real("critical_var_w", result->critical_var_w);
    klf_json_real("q_star_residual", p->q_star.residual);
    klf_json_whole("q_star_steps", p->q_star.steps);
    klf_json_bool("q_star_converged", p->q_star.converged);
    klf_json_real("rho_star_residual", p->rho_star.residual);
    klf_json_whole("rho_star_steps", p->rho_star.steps);
    klf_json_bool("rho_star_converged", p->rho_star.converged);
    klf_json_real("critical_residual", result->critical_q.residual);
    klf_json_whole("critical_steps", result->critical_q.steps);
    klf_json_bool("critical_converged", result->critical_q.converged);
    if (result->n_layers > 0)
        print_curve(config, result);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}
