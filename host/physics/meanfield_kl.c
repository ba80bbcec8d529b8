/* SPDX-License-Identifier: BSD-3-Clause */
/* The relative entropy between layers at infinite width, in the conventions of its target. */
#include "klflow/meanfield.h"
#include "klflow/relative_entropy.h"

#include "physics/meanfield_averages.h"

#include <math.h>

/* The reference, and the numbers that go from layer to layer: the recursion (3.3) started at the variance of p and at its
 * second moment; the second moment under p; and what of it is variance over samples. */
typedef struct flow {
    double var_w, var_b, mean, var;
    double q, q_data, moment, spread;
} flow;

static flow start(double var_w, double var_b, double mean, double var)
{
    double moment = mean * mean + var;
    return (flow){var_w, var_b, mean, var, .q = var, .q_data = moment, .moment = moment, .spread = var};
}

/* To layer l. The first step sees the mean of p; from then on z is centred. */
static void advance(flow *f, size_t l, bool with_spread)
{
    if (with_spread) {
        klf_pair_averages pair = {.spread = 1.0};
        if (l > 1 && f->moment > 0.0)
            klf_pair_averages_get(f->moment, fmin(f->spread / f->moment, 1.0), &pair);
        f->spread = f->var_w * (l == 1 ? klf_tanh_variance(f->mean, f->var) : f->moment * pair.spread);
    }
    f->moment = f->var_w * klf_meanfield_mean_tanh2(l == 1 ? f->mean : 0.0, l == 1 ? f->var : f->moment) + f->var_b;
    f->q_data = klf_meanfield_next_variance(f->var_w, f->var_b, f->q_data);
    f->q = klf_meanfield_next_variance(f->var_w, f->var_b, f->q);
}

/* Of layers behind the reference: the target's variance, and the number for Q a neuron that makes Q / (2 var) its last term. */
typedef struct target {
    double var, square;
} target;

static target get_target(const flow *f, klf_target_convention convention)
{
    switch (convention) {
    case KLF_TARGET_DATA: return (target){f->q_data, f->moment};
    case KLF_TARGET_SAMPLES: return (target){f->spread, f->spread};
    case KLF_TARGET_REFERENCE_IN_Q: return (target){f->moment, f->moment * (f->moment / f->var)};
    default: return (target){f->q, f->moment};
    }
}

void klf_meanfield_kl(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                      const size_t *widths, double *kl)
{
    flow f = start(var_w, var_b, mean, var);
    for (size_t l = 0; l < n; l++) {
        if (l > 0)
            advance(&f, l, convention == KLF_TARGET_SAMPLES);
        target t = get_target(&f, convention);
        if (l == 0 && var > 0.0)
            kl[l] = 0.0;
        else if (var > 0.0 && t.var > 0.0)
            kl[l] = klf_relative_entropy(widths[0], var, widths[l], t.var, (double)widths[l] * t.square);
        else
            kl[l] = NAN;
    }
}

static void put(double *array, size_t l, double value)
{
    if (array != NULL)
        array[l] = value;
}

void klf_meanfield_curve_get(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                             const klf_meanfield_curve *out)
{
    flow f = start(var_w, var_b, mean, var);
    for (size_t l = 0; l < n; l++) {
        if (l > 0)
            advance(&f, l, convention == KLF_TARGET_SAMPLES || out->rho != NULL);
        target t = l > 0 ? get_target(&f, convention) : (target){var, var}; /* the reference's target is itself */
        put(out->q, l, f.q);
        put(out->second_moment, l, f.moment);
        put(out->rho, l, 1.0 - f.spread / f.moment);
        put(out->target_var, l, t.var);
        put(out->kl_per_neuron, l, var > 0.0 && t.var > 0.0 ? 0.5 * (log(t.var / var) + (t.square / t.var - 1.0)) : NAN);
    }
}

double klf_meanfield_kl_limit(const klf_meanfield_point *point, double var, klf_target_convention convention)
{
    double q = point->q_star.value;
    switch (convention) {
    case KLF_TARGET_SAMPLES: return 0.5 * log(q * point->one_minus_rho_star / var);
    case KLF_TARGET_REFERENCE_IN_Q: return 0.5 * (log(q / var) + (q / var - 1.0));
    default: return 0.5 * log(q / var);
    }
}
