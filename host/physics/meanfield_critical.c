/* SPDX-License-Identifier: BSD-3-Clause */
/* The line chi_1 = 1, in closed form with q* as its parameter, and the solution for q* where one of its coordinates is given.
 */
#include "klflow/meanfield.h"

#include "physics/meanfield_averages.h"

#include <math.h>
#include <stddef.h>

/* Below it var_b, 4/3 q^3 at first, is a sum of positive terms instead of a difference. */
static const double Q_SERIES = 0.05;

/* E[phi'^2] q - E[phi^2] = sum of (n - 1) c_n over n = 3, 5, ..., with phi(sqrt(q) z) = sum of sqrt(c_n) h_n(z) in normalised
 * Hermite polynomials. z - phi has the same terms, and they are all small where q is. */
static double hermite_difference(double q)
{
    enum { N_TERMS = 24 };
    const double SQRT_2_PI = 2.5066282746310005024, H = 0.25, Z_MAX = 9.0;
    double       projection[N_TERMS] = {0.0}, sd = sqrt(q), sum = 0.0;
    for (int i = 0; i <= (int)(Z_MAX / H); i++) {
        double z = H * i, before = 1.0, h = z, weight = (i == 0 ? H : 2.0 * H) / SQRT_2_PI * exp(-0.5 * z * z);
        double difference = klf_minus_tanh(sd * z);
        for (int n = 1; n < N_TERMS; n++) { /* h: h_n */
            projection[n] += weight * difference * h;
            double next = (z * h - sqrt(n) * before) / sqrt(n + 1.0);
            before = h;
            h = next;
        }
    }
    for (int n = N_TERMS - 1; n >= 3; n -= 2)
        sum += (n - 1) * projection[n] * projection[n];
    return sum;
}

double klf_meanfield_critical_var_w(double q)
{
    klf_averages average;
    klf_averages_get(q, &average);
    return 1.0 / average.phi_prime_2.value;
}

double klf_meanfield_critical_var_b(double q)
{
    klf_averages average;
    klf_averages_get(q, &average);
    double difference = q < Q_SERIES ? hermite_difference(q) : q * klf_share_difference(average.phi_prime_2, average.gain);
    return difference / average.phi_prime_2.value;
}

static double var_w_minus_1_at(double q)
{
    klf_averages average;
    klf_averages_get(q, &average);
    return average.phi_prime_2.missing / average.phi_prime_2.value;
}

/* q where the coordinate has a given value > 0. It is nearly a power of q, so the secant method has as good as a straight line
 * before it if both are logarithms. */
static klf_meanfield_root solve(double (*coordinate)(double), double value, double q, double exponent)
{
    enum { MAX_STEPS = 100 };
    const double ROUNDING = 4e-16, CLOSE = 1e-13; /* relative errors: done; done as soon as they do not shrink */
    double       f = log(coordinate(q) / value), last = INFINITY;
    for (size_t steps = 1; steps <= MAX_STEPS; steps++) {
        if (fabs(f) <= ROUNDING || (fabs(f) < CLOSE && fabs(f) >= last))
            return (klf_meanfield_root){.value = q, .residual = expm1(f), .steps = steps, .converged = true};
        double ln_factor = -f / exponent, f_next = log(coordinate(q * exp(ln_factor)) / value);
        exponent = (f_next - f) / ln_factor;
        last = fabs(f);
        q *= exp(ln_factor);
        f = f_next;
    }
    return (klf_meanfield_root){.value = q, .residual = expm1(f), .steps = MAX_STEPS};
}

static const klf_meanfield_root no_root = {.value = NAN, .residual = NAN}, at_origin = {.value = 0.0, .converged = true};

/* First q from the ends of the line: var_b = 4/3 q^3 and q, var_w - 1 = 2 q and 1.88 sqrt(q). */
klf_meanfield_critical klf_meanfield_critical_at_var_b(double var_b)
{
    klf_meanfield_critical out = {.var_w = NAN, .var_b = var_b, .q_star = no_root};
    if (!(var_b >= 0.0) || !isfinite(var_b))
        return out;
    out.q_star = var_b > 0.0 ? solve(klf_meanfield_critical_var_b, var_b, fmax(cbrt(0.75 * var_b), var_b), 2.0) : at_origin;
    out.var_w = klf_meanfield_critical_var_w(out.q_star.value);
    return out;
}

klf_meanfield_critical klf_meanfield_critical_at_var_w(double var_w)
{
    klf_meanfield_critical out = {.var_w = var_w, .var_b = NAN, .q_star = no_root};
    if (!(var_w >= 1.0) || !isfinite(var_w))
        return out;
    double beyond = var_w - 1.0;
    out.q_star = beyond > 0.0 ? solve(var_w_minus_1_at, beyond, beyond * (0.5 + 0.28 * beyond), 0.7) : at_origin;
    out.var_b = klf_meanfield_critical_var_b(out.q_star.value);
    return out;
}
