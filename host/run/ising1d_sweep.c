/* SPDX-License-Identifier: BSD-3-Clause */
/* ising1d: as a sweep over couplings: the quantities of its result file. */
#include "run/ising1d_run.h"

#include <stddef.h>
#include <string.h>

/* What a config may ask for (klf_sweep.has). */
enum {
    ALWAYS = KLF_SWEEP_ALWAYS,
    FULL = 2,     /* all of a point, not s alone */
    NO_FIELD = 4, /* likewise, and without a field */
    FIELD = 8,
    RING = 16,
    ENUMERATED = 32,
    EXPANSIONS = 64,
};

enum { POINT = 0, STEP = 1, RING_STEP = 2 };

#define ROW(member, axis, bits, unit, text) KLF_QUANTITY(klf_ising1d_result, #member, member, axis, bits, unit, text)
#define NAMED(label, member, axis, bits, unit, text) KLF_QUANTITY(klf_ising1d_result, label, member, axis, bits, unit, text)

static const klf_quantity quantities[] = {
    ROW(s, STEP, ALWAYS, "1", "relative entropy to the chain before decimation, in units of N ln 2"),
    ROW(s_inf, POINT, ALWAYS, "1", "its exact limit for many steps"),
    NAMED("K", k, STEP, FULL, "1", "coupling of neighbours"),
    NAMED("K0", k0, STEP, FULL, "1", "constant of the Hamiltonian a site"),
    NAMED("K2", k2, STEP, FIELD, "1", "magnetic field a site"),
    ROW(s_unnormalized, STEP, FULL, "1", "s less 1 - 2^-n"),
    ROW(z_violation, STEP, FULL, "nat", "(ln Z of the step - ln Z) / N"),
    ROW(one_minus_s_inf, POINT, FULL, "1", "1 less the limit of s"),
    ROW(s_inf_fit, POINT, NO_FIELD, "1", "the fit (2.35) to the limit of s"),
    ROW(s_inf_fit_error, POINT, NO_FIELD, "1", "the fit less the limit"),
    ROW(n_star, POINT, NO_FIELD, "1", "(2.31): after so many steps a strong coupling is weak"),
    NAMED("lnZ_per_site", chain.lnz, POINT, FULL, "nat", "ln Z a site before decimation, with K0 = 0"),
    NAMED("entropy_per_site", chain.entropy, POINT, FULL, "nat", "entropy a site before decimation"),
    NAMED("magnetization", chain.magnetization, POINT, FULL, "1", "mean of a spin"),
    NAMED("nn_correlation", chain.nn_correlation, POINT, FULL, "1", "mean product of neighbours before decimation"),
    ROW(s_ring, RING_STEP, RING, "1", "s of the periodic ring"),
    ROW(s_enumerated, RING_STEP, ENUMERATED, "1", "s of the ring by definition (2.5)"),
    NAMED("K_small", k_small, STEP, EXPANSIONS, "1", "K expanded for small K"),
    NAMED("K0_small", k0_small, STEP, EXPANSIONS, "1", "K0 expanded for small K"),
    NAMED("s_small", s_small, STEP, EXPANSIONS, "1", "s expanded for small K"),
    NAMED("K_large", k_large, STEP, EXPANSIONS, "1", "K expanded for large K"),
    NAMED("K0_large", k0_large, STEP, EXPANSIONS, "1", "K0 expanded for large K"),
    NAMED("s_large", s_large, STEP, EXPANSIONS, "1", "s expanded for large K"),
};

static void plan(const void *target, klf_sweep *out)
{
    const klf_ising1d_config *config = target;
    out->n_point_axes = 1;
    out->n_axes = config->ring != 0 ? 3 : 2;
    out->axis[0] = (klf_sweep_axis){"coupling", "1", "coupling of neighbours before the first step", config->coupling.n,
                                    config->coupling.v};
    out->axis[STEP] = (klf_sweep_axis){"step", "1", "decimation steps done", (size_t)config->steps + 1, NULL};
    if (config->ring != 0)
        out->axis[RING_STEP] = (klf_sweep_axis){"ring_step", "1", "decimation steps that the ring allows",
                                                klf_ising1d_ring_steps_of(config) + 1, NULL};
    out->has |= (config->s_only ? 0u : (unsigned)FULL) | (config->s_only || config->field != 0.0 ? 0u : (unsigned)NO_FIELD) |
                (config->field_given ? (unsigned)FIELD : 0u) | (config->ring != 0 ? (unsigned)RING : 0u) |
                (config->enumerate ? (unsigned)ENUMERATED : 0u) | (config->expansions ? (unsigned)EXPANSIONS : 0u);
    if (config->field_given)
        out->fact[out->n_facts++] = (klf_fact){.name = "field", .type = KLF_FACT_REAL, .value.real = config->field};
    if (config->ring != 0)
        out->fact[out->n_facts++] = (klf_fact){.name = "ring", .type = KLF_FACT_INT, .value.i = (int64_t)config->ring};
}

static klf_status run(const void *target, size_t point, void *result)
{
    const klf_ising1d_config *config = target;
    return klf_ising1d_run(config, config->coupling.v[point], result);
}

static bool run_all(const void *target, const klf_sweep *sweep, size_t threads, double *const *values)
{
    const klf_ising1d_config *config = target;
    if (!config->s_only)
        return false;
    klf_ising1d_sweep(sweep->n_points, config->coupling.v, (size_t)config->steps, threads, values[0]);
    for (size_t i = 0; i < sweep->n_points; i++)
        values[1][i] = klf_ising1d_s_inf(config->coupling.v[i]);
    return true;
}

const klf_sweep_kind klf_ising1d_sweep_kind = {.section = &klf_ising1d_section,
                                               .schema = KLF_SCHEMA_ISING1D,
                                               .title = "Ising chains under decimation",
                                               .point = "coupling",
                                               .output = offsetof(klf_ising1d_config, output),
                                               .result_size = sizeof(klf_ising1d_result),
                                               .quantity = quantities,
                                               .n_quantities = sizeof quantities / sizeof quantities[0],
                                               .plan = plan,
                                               .run = run,
                                               .run_all = run_all};
