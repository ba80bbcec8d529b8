/* SPDX-License-Identifier: BSD-3-Clause */
/* Averages over one Gaussian, by the trapezoidal rule on the line: E tanh^2 with a mean, and all that the maps need without
 * one. */
#include "physics/meanfield_averages.h"

#include "klflow/meanfield.h"

#include <math.h>

static const double SQRT_2_PI = 2.5066282746310005024;

/* tanh^2(mean + sqrt(var) z) has poles at |Im z| = pi / (2 sqrt(var)), so the trapezoidal rule's error is
 * exp(-pi^2 / (sqrt(var) h)): a step of 0.18 / sqrt(var) leaves 1e-23. The Gaussian itself limits the step to 0.1 (error far
 * below rounding) and the range to |z| <= 9 (the tail holds 2e-19). */
static const double Z_MAX = 9.0, H_MAX = 0.1, H_TIMES_SD = 0.18;

/* Beyond it the step follows tanh instead of z: the points would be too many, and their number no whole number at last. */
static const double SD_MAX = 32.0;

/* What vanishes at |u| = 20, u = mean + sd z, to 1e-17 needs no points beyond. */
static const double U_MAX = 20.0, H_WIDE = 0.1;
enum { N_WIDE = 200 };

/* 1 - E sech^2(u) over u ~ N(mean, sd^2), for large sd: the trapezoidal rule in u. Poles at |Im u| = pi / 2 leave an error of
 * exp(-pi^2 / h), the cut at U_MAX one of 1e-17. */
static double mean_tanh2_of_wide(double mean, double sd)
{
    double sum = 0.0;
    for (int i = -N_WIDE; i <= N_WIDE; i++) {
        double z = (H_WIDE * i - mean) / sd, c = cosh(H_WIDE * i);
        sum += exp(-0.5 * z * z) / (c * c);
    }
    return 1.0 - H_WIDE * sum / (sd * SQRT_2_PI);
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

/* For averages without a mean: the Gaussian itself needs a step of 0.25 only (error e^(-316)), the poles of sech^4 one of
 * 0.18 / sd. */
static const double H = 0.25;

/* Above it the points end at U_MAX. */
static const double LOCAL_SD = 20.0 / 9.0;

/* The sum of 2k u^(2k+1) / (2k+1)! over k >= 1, divided by cosh u; directly where it is not small. */
double klf_minus_tanh(double u)
{
    if (fabs(u) >= 1.0)
        return u - tanh(u);
    double square = u * u, term = u * square / 6.0, sum = 0.0; /* term: u^(2k+1) / (2k+1)! */
    for (int k = 1; k <= 9; k++) {
        sum += 2.0 * k * term;
        term *= square / ((2.0 * k + 2.0) * (2.0 * k + 3.0));
    }
    return sum / cosh(u);
}

static klf_share make_share(double value, double missing)
{
    return missing < 0.5 ? (klf_share){1.0 - missing, missing} : (klf_share){value, 1.0 - value};
}

void klf_averages_get(double q, klf_averages *out)
{
    double sd = sqrt(q), h = fmin(H, H_TIMES_SD / sd);
    long   n = (long)ceil(fmin(Z_MAX, U_MAX / sd) / h);
    double gain = 0.0, slope = 0.0, phi_prime_2 = 0.0, phi_prime = 0.0;
    double gain_missing = 0.0, slope_missing = 0.0, phi_prime_2_missing = 0.0;
    for (long i = 0; i <= n; i++) { /* everything is even in z */
        double z = h * (double)i, u = sd * z, t = tanh(u), e = exp(-2.0 * u), sech2 = 4.0 * e / ((1.0 + e) * (1.0 + e));
        double per_sd = sd > 0.0 ? t / sd : z, missing_per_sd = sd > 0.0 ? klf_minus_tanh(u) / sd : 0.0;
        double weight = (i == 0 ? h : 2.0 * h) / SQRT_2_PI * exp(-0.5 * z * z);
        gain += weight * per_sd * per_sd;
        gain_missing += weight * missing_per_sd * (z + per_sd);
        slope += weight * z * per_sd * sech2;
        slope_missing += weight * z * (missing_per_sd + per_sd * t * t);
        phi_prime += weight * sech2;
        phi_prime_2 += weight * sech2 * sech2;
        phi_prime_2_missing += weight * t * t * (1.0 + sech2);
    }
    if (sd > LOCAL_SD) { /* what does not vanish at U_MAX comes from what does */
        gain = (1.0 - phi_prime) / q;
        gain_missing = slope_missing = phi_prime_2_missing = INFINITY;
    }
    out->gain = make_share(gain, gain_missing);
    out->slope = make_share(slope, slope_missing);
    out->phi_prime_2 = make_share(phi_prime_2, phi_prime_2_missing);
}

double klf_share_difference(klf_share a, klf_share b)
{
    return a.missing < 0.5 && b.missing < 0.5 ? b.missing - a.missing : a.value - b.value;
}

double klf_share_excess(double var_w, klf_share share)
{
    return share.missing < 0.5 ? (var_w - 1.0) - var_w * share.missing : var_w * share.value - 1.0;
}

/* E tanh for a large sd: tanh u - erf(ku) is small beyond a few u, and the average of erf is an erf. */
static double mean_tanh_of_wide(double mean, double sd)
{
    const double k = 0.88622692545275801365; /* sqrt(pi) / 2: equal slopes at 0 */
    double       sum = 0.0;
    for (int i = -N_WIDE; i <= N_WIDE; i++) {
        double u = H_WIDE * i, z = (u - mean) / sd;
        sum += exp(-0.5 * z * z) * (tanh(u) - erf(k * u));
    }
    return erf(k * mean / sqrt(1.0 + 2.0 * k * k * sd * sd)) + H_WIDE * sum / (sd * SQRT_2_PI);
}

double klf_tanh_variance(double mean, double var)
{
    double sd = sqrt(var);
    if (sd > SD_MAX) {
        double average = mean_tanh_of_wide(mean, sd);
        return mean_tanh2_of_wide(mean, sd) - average * average;
    }
    double h = fmin(H_MAX, H_TIMES_SD / sd), average = 0.0, square = 0.0, cosh_mean = cosh(mean);
    long   n = (long)ceil(Z_MAX / h);
    for (int pass = 0; pass < 2; pass++)
        for (long i = -n; i <= n; i++) {
            double z = h * (double)i, u = sd * z, weight = h / SQRT_2_PI * exp(-0.5 * z * z);
            double from_mean = sinh(u) / (cosh(mean + u) * cosh_mean); /* tanh(mean + u) - tanh(mean) */
            if (pass == 0)
                average += weight * from_mean;
            else
                square += weight * (from_mean - average) * (from_mean - average);
        }
    return square;
}
