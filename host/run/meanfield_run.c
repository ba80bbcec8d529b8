/* SPDX-License-Identifier: BSD-3-Clause */
/* A point takes microseconds: done at once, without threads, files or progress. */
#include "run/meanfield_run.h"

#include <math.h>

bool klf_meanfield_has_curve(const klf_meanfield_config *config)
{
    return config->q0_given || config->mean_given || config->layers_given || config->convention_given;
}

size_t klf_meanfield_layers_of(const klf_meanfield_config *config)
{
    return config->layers_given ? (size_t)config->layers : KLF_MEANFIELD_LAYERS;
}

static void make_curve(const klf_meanfield_config *config, klf_meanfield_result *out)
{
    out->n_layers = klf_meanfield_layers_of(config);
    out->q0 = config->q0_given ? config->q0 : KLF_Q0_MEAN_SQUARE * out->var_w + out->var_b;
    klf_meanfield_curve_get(out->var_w, out->var_b, config->mean, out->q0, config->convention, out->n_layers,
                            &(klf_meanfield_curve){.q = out->q,
                                                   .second_moment = out->second_moment,
                                                   .rho = out->rho,
                                                   .target_var = out->target_var,
                                                   .kl_per_neuron = out->kl_per_neuron});
    out->kl_limit = klf_meanfield_kl_limit(&out->point, out->q0, config->convention);
}

klf_status klf_meanfield_run(const klf_meanfield_config *config, double var_w, double var_b, klf_meanfield_result *out)
{
    klf_meanfield_critical line = config->var_b.n > 0 ? klf_meanfield_critical_at_var_b(var_b)
                                                      : klf_meanfield_critical_at_var_w(var_w);
    *out = (klf_meanfield_result){.var_w = config->critical_line ? line.var_w : var_w,
                                  .var_b = line.var_b,
                                  .critical_var_w = line.var_w,
                                  .critical_q = line.q_star};
    klf_meanfield_point_get(out->var_w, out->var_b, &out->point);
    if (!config->critical_line && klf_meanfield_has_curve(config))
        make_curve(config, out);
    return KLF_OK;
}
