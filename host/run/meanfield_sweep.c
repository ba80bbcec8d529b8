/* SPDX-License-Identifier: BSD-3-Clause */
/* meanfield: as a sweep over var_w and var_b: the quantities of its result file. */
#include "run/meanfield_run.h"

#include <assert.h>
#include <stddef.h>

static_assert(sizeof(klf_phase) == sizeof(int), "a phase is kept as int");

/* What a config may ask for (klf_sweep.has). */
enum { ALWAYS = KLF_SWEEP_ALWAYS, CURVE = 2 };

enum { POINT = 0, LAYER = 1 };

enum { BY_VAR_B = 2 }; /* klf_quantity.over: the second axis alone */

#define ROW(label, member, axis, bits, unit, text) KLF_QUANTITY(klf_meanfield_result, label, member, axis, bits, unit, text)
#define OF_LINE(label, member, unit, text)                                                                                     \
    {                                                                                                                          \
        .name = (label), .units = (unit), .long_name = (text), .over = BY_VAR_B,                                               \
        .offset = offsetof(klf_meanfield_result, member), .needs = ALWAYS                                                      \
    }
#define STEPS(label, member, axes, text)                                                                                       \
    {                                                                                                                          \
        .name = (label), .units = "1", .long_name = (text), .over = (axes), .type = KLF_OF_SIZE,                               \
        .offset = offsetof(klf_meanfield_result, member), .needs = ALWAYS                                                      \
    }
#define FLAG(label, member, axes, kind, meanings, text)                                                                        \
    {                                                                                                                          \
        .name = (label), .flags = (meanings), .long_name = (text), .over = (axes), .type = (kind),                             \
        .offset = offsetof(klf_meanfield_result, member), .needs = ALWAYS                                                      \
    }

static const klf_quantity quantities[] = {
    ROW("q_star", point.q_star.value, POINT, ALWAYS, "1", "fixed point (3.7) of the variance"),
    ROW("chi_1", point.chi_1, POINT, ALWAYS, "1", "(3.9): slope of (3.8) at correlation 1"),
    ROW("rho_star", point.rho_star.value, POINT, ALWAYS, "1", "stable fixed point of the correlation (3.8)"),
    ROW("one_minus_rho_star", point.one_minus_rho_star, POINT, ALWAYS, "1", "1 less that"),
    ROW("slope", point.slope, POINT, ALWAYS, "1", "slope of (3.8) at the fixed point"),
    ROW("xi_c", point.xi_c, POINT, ALWAYS, "layer", "depth (3.10) of correlations, infinite where critical"),
    ROW("lambda_q", point.lambda_q, POINT, ALWAYS, "1", "slope of (3.3) at the fixed point"),
    ROW("xi_q", point.xi_q, POINT, ALWAYS, "layer", "depth of variances, -1 / ln of that slope"),
    FLAG("phase", point.phase, 0, KLF_OF_INT, "ordered critical chaotic", "phase"),
    OF_LINE("critical_var_w", critical_var_w, "1", "var_w of the critical line at this var_b"),
    ROW("q_star_residual", point.q_star.residual, POINT, ALWAYS, "1", "the map (3.3) less q_star there"),
    STEPS("q_star_steps", point.q_star.steps, 0, "steps of the solver for q_star"),
    FLAG("q_star_converged", point.q_star.converged, 0, KLF_OF_BOOL, "no yes", "whether it converged"),
    ROW("rho_star_residual", point.rho_star.residual, POINT, ALWAYS, "1", "the map (3.8) less rho_star there"),
    STEPS("rho_star_steps", point.rho_star.steps, 0, "steps of the solver for rho_star"),
    FLAG("rho_star_converged", point.rho_star.converged, 0, KLF_OF_BOOL, "no yes", "whether it converged"),
    OF_LINE("critical_residual", critical_q.residual, "1", "by how much the critical line misses var_b, relatively"),
    STEPS("critical_steps", critical_q.steps, BY_VAR_B, "steps of the solver for the critical line"),
    FLAG("critical_converged", critical_q.converged, BY_VAR_B, KLF_OF_BOOL, "no yes", "whether it converged"),
    ROW("q0", q0, POINT, CURVE, "1", "variance of the reference layer"),
    ROW("q", q, LAYER, CURVE, "1", "variance by (3.3) from q0 on"),
    ROW("second_moment", second_moment, LAYER, CURVE, "1", "second moment under the reference"),
    ROW("rho", rho, LAYER, CURVE, "1", "correlation of two samples of the reference"),
    ROW("target_var", target_var, LAYER, CURVE, "1", "variance of the target"),
    ROW("kl_per_neuron", kl_per_neuron, LAYER, CURVE, "nat", "relative entropy a neuron to the reference layer"),
    ROW("kl_limit", kl_limit, POINT, CURVE, "nat", "where that goes; -infinite where it falls for ever"),
};

static void plan(const void *target, klf_sweep *out)
{
    const klf_meanfield_config *config = target;
    const klf_sweep_axis var_w = {"var_w", "1", "variance of a weight times its fan-in", config->var_w.n, config->var_w.v};
    const klf_sweep_axis var_b = {"var_b", "1", "variance of a bias", config->var_b.n, config->var_b.v};
    if (config->critical_line) { /* prints only */
        out->axis[out->n_point_axes++] = config->var_b.n > 0 ? var_b : var_w;
        out->n_axes = 1;
        return;
    }
    out->n_point_axes = out->n_axes = 2;
    out->axis[0] = var_w;
    out->axis[1] = var_b;
    if (!klf_meanfield_has_curve(config))
        return;
    out->axis[out->n_axes++] = (klf_sweep_axis){"layer", "1", "layer behind the reference layer, which is 0",
                                                klf_meanfield_layers_of(config), NULL};
    out->has |= CURVE;
    out->fact[out->n_facts++] = (klf_fact){.name = "mean", .type = KLF_FACT_REAL, .value.real = config->mean};
    out->fact[out->n_facts++] = (klf_fact){
        .name = "convention", .type = KLF_FACT_TEXT, .value.text = klf_target_conventions[config->convention]};
}

static klf_status run(const void *target, size_t point, void *result)
{
    const klf_meanfield_config *config = target;
    const klf_list_real        *w = &config->var_w, *b = &config->var_b;
    if (config->critical_line)
        return klf_meanfield_run(config, w->n > 0 ? w->v[point] : 0.0, b->n > 0 ? b->v[point] : 0.0, result);
    return klf_meanfield_run(config, w->v[point / b->n], b->v[point % b->n], result);
}

const klf_sweep_kind klf_meanfield_sweep_kind = {.section = &klf_meanfield_section,
                                                 .schema = KLF_SCHEMA_MEANFIELD,
                                                 .title = "Mean-field theory of random tanh networks",
                                                 .point = "point",
                                                 .output = offsetof(klf_meanfield_config, output),
                                                 .result_size = sizeof(klf_meanfield_result),
                                                 .quantity = quantities,
                                                 .n_quantities = sizeof quantities / sizeof quantities[0],
                                                 .plan = plan,
                                                 .run = run};
