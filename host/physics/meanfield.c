/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean-field theory of the random tanh network: Gaussian averages by the trapezoidal rule, the variance recursion (3.3) and the
 * relative entropy that follows from it at infinite width. */
#include "klflow/meanfield.h"

#include "klflow/relative_entropy.h"

#include <math.h>

/* tanh^2(mean + sqrt(var) z) has poles at |Im z| = pi / (2 sqrt(var)), so the trapezoidal rule's error is
 * exp(-pi^2 / (sqrt(var) h)): a step of 0.18 / sqrt(var) leaves 1e-23. The Gaussian itself limits the step to 0.1 (error far
 * below rounding) and the range to |z| <= 9 (the tail holds 2e-19). */
static const double Z_MAX = 9.0, H_MAX = 0.1, H_TIMES_SD = 0.18;

/* Beyond it the step follows tanh instead of z: the points would be too many, and their number no whole number at last. */
static const double SD_MAX = 32.0;

/* 1 - E sech^2(u) over u ~ N(mean, sd^2), for large sd: the trapezoidal rule in u. Poles at |Im u| = pi / 2 leave an error of
 * exp(-pi^2 / h), the cut at U_MAX one of 1e-17. */
static double mean_tanh2_of_wide(double mean, double sd)
{
    enum { N = 200 };
    const double U_MAX = 20.0, h = U_MAX / N, sqrt_2_pi = 2.5066282746310002;
    double       sum = 0.0;
    for (int i = -N; i <= N; i++) {
        double z = (h * i - mean) / sd, c = cosh(h * i);
        sum += exp(-0.5 * z * z) / (c * c);
    }
    return 1.0 - h * sum / (sd * sqrt_2_pi);
}

double klf_meanfield_mean_tanh2(double mean, double var)
{
    double sd = sqrt(var);
    if (sd > SD_MAX)
        return mean_tanh2_of_wide(mean, sd);
    double h = fmin(H_MAX, H_TIMES_SD / sd); /* var = 0: H_MAX, since x / 0 = inf */
    long   n = (long)ceil(Z_MAX / h);
    double sum = 0.0, weight_sum = 0.0;
    for (long i = -n; i <= n; i++) {
        double z = h * (double)i;
        double weight = exp(-0.5 * z * z);
        double t = tanh(mean + sd * z);
        sum += weight * t * t;
        weight_sum += weight;
    }
    return sum / weight_sum;
}

double klf_meanfield_next_variance(double var_w, double var_b, double q)
{
    return var_w * klf_meanfield_mean_tanh2(0.0, q) + var_b;
}

void klf_meanfield_kl(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                      const size_t *widths, double *kl)
{
    double moment = mean * mean + var; /* M_l, second moment under p */
    double target = convention == KLF_TARGET_THEORY ? var : moment;

    for (size_t l = 0; l < n; l++) {
        if (l > 0) {
            /* The first step sees the mean of p; from then on z is centred and both obey (3.3). */
            moment = var_w * klf_meanfield_mean_tanh2(l == 1 ? mean : 0.0, l == 1 ? var : moment) + var_b;
            target = klf_meanfield_next_variance(var_w, var_b, target);
        }
        if (l == 0 && var > 0.0)
            kl[l] = 0.0;
        else if (var > 0.0 && target > 0.0)
            kl[l] = klf_relative_entropy(widths[0], var, widths[l], target, (double)widths[l] * moment);
        else
            kl[l] = NAN;
    }
}
