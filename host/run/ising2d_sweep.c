/* SPDX-License-Identifier: BSD-3-Clause */
/* ising2d: as a sweep over couplings: the quantities of its result file. */
#include "run/ising2d_run.h"

#include <stddef.h>

/* What a config may ask for (klf_sweep.has). */
enum {
    ALWAYS = KLF_SWEEP_ALWAYS,
    FULL = 2, /* all of a point, not s alone */
    L = 4,    /* couplings beside K that the scheme keeps or shows */
    M = 8,
    CYLINDER = 16,
    TORUS = 32,
};

enum { POINT = 0, STEP = 1, LATTICE_STEP = 2 };

#define ROW(label, member, axis, bits, unit, text) KLF_QUANTITY(klf_ising2d_result, label, member, axis, bits, unit, text)
#define MARK(member, text)                                                                                                     \
    {                                                                                                                          \
        .name = #member, .flags = "no yes", .long_name = (text), .inner = STEP, .type = KLF_OF_BOOL,                           \
        .offset = offsetof(klf_ising2d_result, member), .needs = FULL                                                          \
    }

static const klf_quantity quantities[] = {
    ROW("s", s, STEP, ALWAYS, "1", "relative entropy (2.50) to the lattice before decimation, in units of N ln 2"),
    ROW("s_consistent", s_consistent, STEP, FULL, "1", "that of the same couplings by their exact entropies"),
    ROW("s_cylinder", lattices.s_cylinder, LATTICE_STEP, CYLINDER, "1", "exact s on an infinite cylinder"),
    ROW("s_cylinder_stderr", lattices.s_cylinder_stderr, LATTICE_STEP, CYLINDER, "1", "estimated error of s_cylinder"),
    ROW("s_cylinder_upper", lattices.s_cylinder_upper, LATTICE_STEP, CYLINDER, "1", "upper bound of s_cylinder"),
    ROW("s_cylinder_lower", lattices.s_cylinder_lower, LATTICE_STEP, CYLINDER, "1",
        "lower bound of s_cylinder, NaN: too costly"),
    ROW("s_extrapolated", lattices.s_extrapolated, LATTICE_STEP, CYLINDER, "1", "s of the plane, extrapolated from cylinders"),
    ROW("s_extrapolated_stderr", lattices.s_extrapolated_stderr, LATTICE_STEP, CYLINDER, "1",
        "estimated error of s_extrapolated"),
    ROW("s_torus", lattices.s_torus, LATTICE_STEP, TORUS, "1", "exact s on a torus"),
    ROW("K", k, STEP, FULL, "1", "coupling of neighbours"),
    ROW("L", l, STEP, L, "1", "coupling of diagonal neighbours"),
    ROW("M", m, STEP, M, "1", "coupling of squares"),
    ROW("K0", k0, STEP, FULL, "1", "constant of the Hamiltonian a site"),
    ROW("z_violation", z_violation, STEP, FULL, "nat", "(ln Z of the step - ln Z) / N"),
    ROW("lower_bound", lower_bound, STEP, FULL, "1", "of the exact s"),
    ROW("upper_bound", upper_bound, STEP, FULL, "1", "of the exact s"),
    MARK(below_bound, "whether s is below the lower bound"),
    MARK(above_bound, "whether s is above the upper bound"),
    MARK(decreasing, "whether s is smaller than a step before"),
    MARK(negative, "whether s is negative"),
    ROW("s_1", plane.s_1, POINT, FULL, "1", "s of one step, exact"),
    ROW("s_inf", plane.s_inf, POINT, FULL, "1", "limit of s for many steps, exact"),
    ROW("one_minus_s_inf", plane.one_minus_s_inf, POINT, FULL, "1", "1 less that limit"),
    ROW("ds_inf_dK", plane.ds_inf_dk, POINT, FULL, "1", "its derivative by the coupling, infinite at K_c"),
    ROW("specific_heat", plane.specific_heat, POINT, FULL, "1", "specific heat a site in units of k_B, infinite at K_c"),
    ROW("eta", plane.eta, POINT, FULL, "1", "mean product of neighbours"),
    ROW("one_minus_eta", plane.one_minus_eta, POINT, FULL, "1", "1 less its absolute value"),
    ROW("lnZ_per_site", plane.lnz, POINT, FULL, "nat", "ln Z a site before decimation, with K0 = 0"),
    ROW("entropy_per_site", plane.entropy, POINT, FULL, "nat", "entropy a site before decimation"),
    ROW("c_diag", plane.c_diag, POINT, FULL, "1", "mean product of diagonal neighbours"),
    ROW("c_2", plane.c_2, POINT, FULL, "1", "mean product of spins two bonds apart in a row"),
    ROW("c_4", plane.c_4, POINT, FULL, "1", "mean product of the four neighbours of a spin"),
    ROW("P4", plane.p_4, POINT, FULL, "1", "probability that these four add up to 4 or -4"),
    ROW("P2", plane.p_2, POINT, FULL, "1", "probability that they add up to 2 or -2"),
};

static void plan(const void *target, klf_sweep *out)
{
    const klf_ising2d_config *config = target;
    bool                      wilson = config->scheme == KLF_ISING2D_WILSON, naive = config->scheme == KLF_ISING2D_NAIVE;
    out->n_point_axes = 1;
    out->n_axes = 2;
    out->axis[0] = (klf_sweep_axis){"coupling", "1", "coupling of neighbours before the first step", config->coupling.n,
                                    config->coupling.v};
    out->axis[STEP] = (klf_sweep_axis){"step", "1", "decimation steps done", (size_t)config->steps + 1, NULL};
    klf_ising2d_lattice_request request = klf_ising2d_lattices_of(config);
    if (config->cylinder != 0 || config->torus != NULL) {
        out->n_axes = 3;
        out->axis[LATTICE_STEP] = (klf_sweep_axis){"lattice_step", "1", "decimation steps that the finite lattices allow",
                                                   klf_ising2d_lattice_steps(&request) + 1, NULL};
        out->has |= (config->cylinder != 0 ? (unsigned)CYLINDER : 0u) | (config->torus != NULL ? (unsigned)TORUS : 0u);
    }
    if (config->cylinder != 0)
        out->fact[out->n_facts++] = (klf_fact){.name = "cylinder", .type = KLF_FACT_INT, .value.i = (int64_t)config->cylinder};
    if (config->torus != NULL)
        out->fact[out->n_facts++] = (klf_fact){.name = "torus", .type = KLF_FACT_TEXT, .value.text = config->torus};
    if (!config->s_only)
        out->has |= (unsigned)FULL | (wilson || naive ? (unsigned)L : 0u) | (naive ? (unsigned)M : 0u);
    out->fact[out->n_facts++] = (klf_fact){
        .name = "scheme", .type = KLF_FACT_TEXT, .value.text = klf_ising2d_scheme_names[config->scheme]};
    if (!wilson)
        out->fact[out->n_facts++] = (klf_fact){
            .name = "alpha", .type = KLF_FACT_REAL, .value.real = klf_ising2d_alpha_of(config)};
    out->fact[out->n_facts++] = (klf_fact){.name = "K_c_exact", .type = KLF_FACT_REAL, .value.real = klf_ising2d_k_c()};
}

static klf_status run(const void *target, size_t point, void *result)
{
    const klf_ising2d_config *config = target;
    return klf_ising2d_run(config, config->coupling.v[point], result);
}

static bool run_all(const void *target, const klf_sweep *sweep, size_t threads, double *const *values)
{
    const klf_ising2d_config *config = target;
    if (config->s_only)
        klf_ising2d_sweep(klf_ising2d_alpha_of(config), sweep->n_points, config->coupling.v, (size_t)config->steps, threads,
                          values[0]);
    return config->s_only;
}

const klf_sweep_kind klf_ising2d_sweep_kind = {.section = &klf_ising2d_section,
                                               .schema = KLF_SCHEMA_ISING2D,
                                               .title = "The Ising model on the square lattice under decimation",
                                               .point = "coupling",
                                               .output = offsetof(klf_ising2d_config, output),
                                               .result_size = sizeof(klf_ising2d_result),
                                               .quantity = quantities,
                                               .n_quantities = sizeof quantities / sizeof quantities[0],
                                               .plan = plan,
                                               .run = run,
                                               .run_all = run_all};
