/* SPDX-License-Identifier: BSD-3-Clause */
/* A point takes microseconds: done at once, without threads, files or progress. */
#include "run/meanfield_run.h"

#include "klflow/kl_config.h"
#include "run/numbers.h"

#include <math.h>

const char *const klf_target_conventions[] = {"theory", "data", "samples", "reference-in-q", NULL};

static bool has_curve(const klf_meanfield_config *config)
{
    return config->q0_given || config->mean_given || config->layers_given || config->convention_given;
}

static klf_status check_variance(const char *option, double value, bool may_be_zero)
{
    char text[KLF_REAL_TEXT];
    if ((value >= KLF_MEANFIELD_MIN_VARIANCE && value <= KLF_MEANFIELD_MAX_VARIANCE) || (may_be_zero && value == 0.0))
        return KLF_OK;
    klf_format_real(value, text);
    return klf_fail(KLF_ERR_USAGE, "%s is a variance and must be %sbetween %g and %g, not %s", option,
                    may_be_zero ? "0 or " : "", KLF_MEANFIELD_MIN_VARIANCE, KLF_MEANFIELD_MAX_VARIANCE, text);
}

static klf_status check_line(const klf_meanfield_config *config)
{
    char text[KLF_REAL_TEXT];
    if (config->var_w_given == config->var_b_given)
        return klf_fail(KLF_ERR_USAGE, "--critical-line finds var_w for a var_b or var_b for a var_w: give one of --var-b and "
                                       "--var-w");
    if (has_curve(config))
        return klf_fail(KLF_ERR_USAGE, "--critical-line prints no curve: leave out --q0, --mean, --layers and --convention");
    if (config->var_w_given && config->var_w < 1.0) {
        klf_format_real(config->var_w, text);
        return klf_fail(KLF_ERR_USAGE,
                        "no point below var_w = 1 is critical: with --critical-line --var-w must be at least 1, "
                        "not %s",
                        text);
    }
    return KLF_OK;
}

static klf_status check(const klf_meanfield_config *config)
{
    klf_status st = KLF_OK;
    char       text[KLF_REAL_TEXT];
    if (config->var_w_given)
        KLF_TRY(check_variance("--var-w", config->var_w, false));
    if (config->var_b_given)
        KLF_TRY(check_variance("--var-b", config->var_b, true));
    if (config->q0_given)
        KLF_TRY(check_variance("--q0", config->q0, false));
    if (!(fabs(config->mean) <= KLF_MEANFIELD_MAX_MEAN)) {
        klf_format_real(config->mean, text);
        return klf_fail(KLF_ERR_USAGE, "--mean must be between -%g and %g, not %s", KLF_MEANFIELD_MAX_MEAN,
                        KLF_MEANFIELD_MAX_MEAN, text);
    }
    if (config->critical_line)
        return check_line(config);
    if (!config->var_w_given || !config->var_b_given)
        return klf_fail(KLF_ERR_USAGE,
                        "klflow meanfield needs a point: --var-w 1.5 --var-b 0.05; or --critical-line with one of "
                        "the two");
done:
    return st;
}

static void make_curve(const klf_meanfield_config *config, klf_meanfield_result *out)
{
    out->n_layers = config->layers_given ? (size_t)config->layers : KLF_MEANFIELD_LAYERS;
    out->q0 = config->q0_given ? config->q0 : KLF_Q0_MEAN_SQUARE * config->var_w + config->var_b;
    klf_meanfield_curve_get(config->var_w, config->var_b, config->mean, out->q0, config->convention, out->n_layers,
                            &(klf_meanfield_curve){.q = out->q,
                                                   .second_moment = out->second_moment,
                                                   .rho = out->rho,
                                                   .target_var = out->target_var,
                                                   .kl_per_neuron = out->kl_per_neuron});
    out->kl_limit = klf_meanfield_kl_limit(&out->point, out->q0, config->convention);
}

klf_status klf_meanfield_run(const klf_meanfield_config *config, klf_meanfield_result *out)
{
    klf_status st = KLF_OK;
    KLF_TRY(check(config));
    klf_meanfield_critical line = config->var_b_given ? klf_meanfield_critical_at_var_b(config->var_b)
                                                      : klf_meanfield_critical_at_var_w(config->var_w);
    *out = (klf_meanfield_result){.var_w = config->critical_line ? line.var_w : config->var_w,
                                  .var_b = line.var_b,
                                  .critical_var_w = line.var_w,
                                  .critical_q = line.q_star};
    klf_meanfield_point_get(out->var_w, out->var_b, &out->point);
    if (!config->critical_line && has_curve(config))
        make_curve(config, out);
done:
    return st;
}
