/* SPDX-License-Identifier: BSD-3-Clause */
/* One coupling is closed formulas and short loops, done at once, unless finite lattices are asked for. */
#include "run/ising2d_run.h"

#include <assert.h>
#include <math.h>

/* Rounding of s is far below this, in units of s_inf; a violation is far above. */
static const double SLACK = 1e-13;

double klf_ising2d_alpha_of(const klf_ising2d_config *config)
{
    switch (config->scheme) {
    case KLF_ISING2D_ALPHA: return config->alpha_given ? config->alpha : klf_ising2d_alpha_star();
    case KLF_ISING2D_MARIS_KADANOFF: return 1.5;
    case KLF_ISING2D_NAIVE: return 1.0;
    case KLF_ISING2D_WILSON: break;
    }
    return NAN;
}

/* With a coupling of diagonal neighbours the lattice is not solved, so that there is no relative entropy behind step 0. */
static void run_wilson(double k, klf_ising2d_result *out)
{
    klf_ising2d_wilson(k, 0.0, out->n_steps, out->k, out->l);
    for (size_t n = 0; n <= out->n_steps; n++) {
        out->k0[n] = out->s[n] = out->s_consistent[n] = out->z_violation[n] = n == 0 ? 0.0 : NAN;
        out->m[n] = NAN;
    }
    out->fixed_point = klf_ising2d_fixed_point_wilson();
}

static void run_alpha(double k, klf_ising2d_result *out)
{
    klf_ising2d_flow(out->alpha, k, out->n_steps,
                     &(klf_ising2d_arrays){.k = out->k,
                                           .k0 = out->k0,
                                           .l = out->l,
                                           .m = out->m,
                                           .s = out->s,
                                           .s_consistent = out->s_consistent,
                                           .z_violation = out->z_violation});
    out->fixed_point = klf_ising2d_fixed_point_get(out->alpha);
}

/* By the chain rule the exact s grows with n, each step adds 2^-n at most, and so do all that follow it together. */
static void compare_with_bounds(klf_ising2d_result *out)
{
    double slack = SLACK * out->plane.s_inf;
    for (size_t n = 0; n <= out->n_steps; n++) {
        double s = out->s[n], rest = ldexp(1.0, -(int)n);
        out->lower_bound[n] = n == 0 ? 0.0 : fmax(0.0, out->plane.s_inf - rest);
        out->upper_bound[n] = fmin(out->plane.s_inf, 1.0 - rest);
        out->below_bound[n] = s < out->lower_bound[n] - slack;
        out->above_bound[n] = s > out->upper_bound[n] + slack;
        out->decreasing[n] = n > 0 && s < out->s[n - 1] - slack;
        out->negative[n] = s < -slack;
    }
}

klf_ising2d_lattice_request klf_ising2d_lattices_of(const klf_ising2d_config *config)
{
    uint64_t threads = config->output.threads;
    return (klf_ising2d_lattice_request){.steps = config->steps,
                                         .cylinder = config->cylinder,
                                         .torus = config->torus,
                                         .threads = threads != 0 ? (size_t)threads : klf_default_threads()};
}

klf_status klf_ising2d_run(const klf_ising2d_config *config, double coupling, klf_ising2d_result *out)
{
    assert(!config->constants);
    *out = (klf_ising2d_result){.coupling = coupling, .n_steps = (size_t)config->steps, .alpha = klf_ising2d_alpha_of(config)};
    klf_ising2d_plane_get(coupling, &out->plane);
    if (config->scheme == KLF_ISING2D_WILSON)
        run_wilson(coupling, out);
    else
        run_alpha(coupling, out);
    compare_with_bounds(out);
    klf_ising2d_lattice_request request = klf_ising2d_lattices_of(config);
    return klf_ising2d_lattices_get(&request, coupling, &out->plane, &out->lattices);
}

klf_ising2d_constants klf_ising2d_constants_get(void)
{
    return (klf_ising2d_constants){
        .k_c_exact = klf_ising2d_k_c(),
        .alpha_star = klf_ising2d_alpha_star(),
        .star = klf_ising2d_fixed_point_get(klf_ising2d_alpha_star()),
        .maris_kadanoff = klf_ising2d_fixed_point_get(1.5),
        .wilson = klf_ising2d_fixed_point_wilson(),
    };
}
