/* SPDX-License-Identifier: BSD-3-Clause */
/* One coupling is closed formulas and short loops: done at once, without threads, files or progress. */
#include "run/ising2d_run.h"

#include "run/numbers.h"

#include <assert.h>
#include <math.h>

/* Rounding of s is far below this, in units of s_inf; a violation is far above. */
static const double SLACK = 1e-13;

static klf_status check_alone(const klf_ising2d_config *config)
{
    if (config->coupling_given || config->alpha_given || config->scheme != KLF_ISING2D_ALPHA)
        return klf_fail(KLF_ERR_USAGE,
                        "--constants are those of all schemes and of no coupling: leave out --coupling, --scheme and --alpha");
    return KLF_OK;
}

klf_status klf_ising2d_check(const klf_ising2d_config *config)
{
    char text[KLF_REAL_TEXT];
    if (config->constants)
        return check_alone(config);
    if (!config->coupling_given)
        return klf_fail(KLF_ERR_USAGE, "klflow ising2d needs a coupling, --coupling 0.5, or --constants");
    if (fabs(config->coupling) > KLF_ISING2D_MAX_COUPLING) {
        klf_format_real(config->coupling, text);
        return klf_fail(KLF_ERR_USAGE, "--coupling must be between -%g and %g, not %s", KLF_ISING2D_MAX_COUPLING,
                        KLF_ISING2D_MAX_COUPLING, text);
    }
    if (config->alpha_given && config->scheme != KLF_ISING2D_ALPHA)
        return klf_fail(KLF_ERR_USAGE,
                        "--alpha goes with --scheme alpha: maris-kadanoff is alpha = 1.5, naive is alpha = 1, and "
                        "wilson has none");
    if (config->alpha_given && config->alpha > KLF_ISING2D_MAX_ALPHA)
        return klf_fail(KLF_ERR_USAGE, "--alpha must be at most %g; alpha* is 1.6045", KLF_ISING2D_MAX_ALPHA);
    return KLF_OK;
}

static double alpha_of(const klf_ising2d_config *config)
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

klf_status klf_ising2d_run(const klf_ising2d_config *config, klf_ising2d_result *out)
{
    klf_status st = KLF_OK;
    assert(!config->constants);
    KLF_TRY(klf_ising2d_check(config));
    *out = (klf_ising2d_result){.n_steps = (size_t)config->steps, .alpha = alpha_of(config)};
    klf_ising2d_plane_get(config->coupling, &out->plane);
    if (config->scheme == KLF_ISING2D_WILSON)
        run_wilson(config->coupling, out);
    else
        run_alpha(config->coupling, out);
    compare_with_bounds(out);
done:
    return st;
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
