/* SPDX-License-Identifier: BSD-3-Clause */
/* A coupling of the square lattice, or the constants, as one line of JSON. Keys and units: docs/formats.md. */
#include "cli/ising2d_output.h"

#include "cli/json_line.h"
#include "klflow/build_info.h"

#include <math.h>
#include <stdio.h>

/* Of a scheme without a fixed point every entry is null. */
static void print_fixed_point(const char *key, const klf_ising2d_fixed_point *point)
{
    double none = NAN;
    klf_json_open(key);
    klf_json_real("K", point->k);
    klf_json_real("L", point->exists ? point->l : none);
    klf_json_real("eigenvalue", point->eigenvalue);
    klf_json_real("irrelevant", point->irrelevant);
    klf_json_real("nu", point->nu);
    klf_json_real("K_c", point->k_c);
    klf_json_real("K_c_linearised", point->k_c_linearised);
    klf_json_real("residual", point->residual);
    klf_json_whole("steps", point->steps);
    klf_json_bool("converged", point->converged);
    klf_json_close();
}

static void print_exact(const klf_ising2d_plane *plane)
{
    klf_json_open("exact");
    klf_json_real("s_1", plane->s_1);
    klf_json_real("s_inf", plane->s_inf);
    klf_json_real("one_minus_s_inf", plane->one_minus_s_inf);
    klf_json_real("ds_inf_dK", plane->ds_inf_dk);
    klf_json_real("specific_heat", plane->specific_heat);
    klf_json_real("entropy_per_site", plane->entropy);
    klf_json_real("one_minus_eta", plane->one_minus_eta);
    klf_json_real("c_diag", plane->c_diag);
    klf_json_real("c_2", plane->c_2);
    klf_json_real("c_4", plane->c_4);
    klf_json_real("P4", plane->p_4);
    klf_json_real("P2", plane->p_2);
    klf_json_close();
}

static void print_flags(const klf_ising2d_result *r, size_t n)
{
    klf_json_open("flags");
    klf_json_bools("below_bound", r->below_bound, n);
    klf_json_bools("above_bound", r->above_bound, n);
    klf_json_bools("decreasing", r->decreasing, n);
    klf_json_bools("negative", r->negative, n);
    klf_json_close();
}

/* Of step n: the bounds of each length of blocks. */
static void print_convergence(size_t n, const klf_ising2d_cylinder_step *step)
{
    char key[24];
    snprintf(key, sizeof key, "s_%zu", n);
    klf_json_open(key);
    klf_json_whole("rows", step->n_rows);
    klf_json_reals("upper", step->upper, step->n_rows);
    klf_json_real("lower", step->lower);
    klf_json_whole("lower_rows", step->lower_rows);
    klf_json_close();
}

static void print_cylinder(const klf_ising2d_lattices *r)
{
    const klf_ising2d_cylinder *c = &r->cylinder[r->n_cylinders - 1];
    size_t                      from[KLF_ISING2D_MAX_CYLINDERS], n = r->n_cylinder_steps + 1, n_plane = r->n_plane_steps + 1;
    for (size_t i = 0; i < r->n_cylinders; i++)
        from[i] = r->cylinder[i].circumference;
    klf_json_reals("s_cylinder", r->s_cylinder, n);
    klf_json_reals("s_cylinder_stderr", r->s_cylinder_stderr, n);
    klf_json_reals("s_extrapolated", r->s_extrapolated, n_plane);
    klf_json_reals("s_extrapolated_stderr", r->s_extrapolated_stderr, n_plane);
    klf_json_open("cylinder");
    klf_json_whole("circumference", c->circumference);
    klf_json_wholes("extrapolated_from", from, r->n_cylinders);
    klf_json_real("memory_bytes", r->cylinder_bytes);
    klf_json_real("s_inf", c->s_inf);
    klf_json_real("lnZ_per_site", c->lnz_per_site);
    klf_json_real("entropy_per_site", c->entropy_per_site);
    klf_json_real("eta", c->eta);
    klf_json_whole("power_iterations", c->power_iterations);
    klf_json_real("residual", c->residual);
    klf_json_bool("converged", c->converged);
    for (size_t i = 2; i < n; i++)
        print_convergence(i, &c->step[i]);
    klf_json_close();
}

void klf_ising2d_print_json(const klf_ising2d_config *config, const klf_ising2d_result *result)
{
    size_t n = result->n_steps + 1;
    size_t step[KLF_ISING2D_MAX_STEPS + 1];
    for (size_t i = 0; i < n; i++)
        step[i] = i;
    klf_json_begin();
    klf_json_wholes("step", step, n);
    klf_json_reals("K", result->k, n);
    if (config->scheme == KLF_ISING2D_WILSON || config->scheme == KLF_ISING2D_NAIVE)
        klf_json_reals("L", result->l, n);
    if (config->scheme == KLF_ISING2D_NAIVE)
        klf_json_reals("M", result->m, n);
    klf_json_reals("K0", result->k0, n);
    klf_json_reals("s", result->s, n);
    klf_json_reals("s_consistent", result->s_consistent, n);
    klf_json_reals("z_violation", result->z_violation, n);
    klf_json_reals("lower_bound", result->lower_bound, n);
    klf_json_reals("upper_bound", result->upper_bound, n);
    print_flags(result, n);
    klf_json_real("eta", result->plane.eta);
    klf_json_real("lnZ_per_site", result->plane.lnz);
    print_exact(&result->plane);
    print_fixed_point("fixed_point", &result->fixed_point);
    if (config->cylinder != 0)
        print_cylinder(&result->lattices);
    if (config->torus != NULL) {
        klf_json_reals("s_torus", result->lattices.s_torus, result->lattices.n_torus_steps + 1);
        klf_json_text("torus", config->torus);
        klf_json_text("torus_by", result->lattices.torus_enumerated ? "enumeration" : "transfer matrix");
    }
    klf_json_text("scheme", klf_ising2d_scheme_names[config->scheme]);
    klf_json_real("alpha", result->alpha);
    klf_json_real("coupling", result->coupling);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}

void klf_ising2d_print_constants_json(const klf_ising2d_constants *constants)
{
    klf_json_begin();
    klf_json_real("K_c_exact", constants->k_c_exact);
    klf_json_real("K_c_maris_kadanoff", constants->maris_kadanoff.k_c);
    klf_json_real("K_c_wilson", constants->wilson.k_c_linearised);
    klf_json_real("K_c_wilson_nonlinear", constants->wilson.k_c);
    klf_json_real("alpha_star", constants->alpha_star);
    print_fixed_point("alpha", &constants->star);
    print_fixed_point("maris_kadanoff", &constants->maris_kadanoff);
    print_fixed_point("wilson", &constants->wilson);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}
