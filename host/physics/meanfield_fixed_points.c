/* SPDX-License-Identifier: BSD-3-Clause */
/* Where variance and correlation settle, by Newton's method. Both equations are divided by their unknown and compared with 1,
 * in forms whose digits last where a root runs into the trivial one: q* near (var_w, var_b) = (1, 0), 1 - rho* near the
 * critical line. The averages that they need: meanfield_averages.c, meanfield_pair.c. */
#include "klflow/meanfield.h"

#include "physics/meanfield_averages.h"

#include <math.h>

/* Steps at worst halve the unknown, where two roots are about to meet; variances go down to 1e-300. */
enum { MAX_STEPS = 2000 };

static const klf_meanfield_root no_root = {.value = NAN, .residual = NAN, .converged = false};

/* Relative steps as small as this are rounding. */
static const double ROUNDING = 4e-16;

static bool in_range(double var_w, double var_b)
{
    return var_w > 0.0 && isfinite(var_w) && var_b >= 0.0 && isfinite(var_b);
}

double klf_meanfield_next_variance(double var_w, double var_b, double q)
{
    return var_w * klf_meanfield_mean_tanh2(0.0, q) + var_b;
}

double klf_meanfield_variance_slope(double var_w, double q)
{
    klf_averages average;
    klf_averages_get(q, &average);
    return var_w * average.slope.value;
}

double klf_meanfield_chi_1(double var_w, double q)
{
    klf_averages average;
    klf_averages_get(q, &average);
    return var_w * average.phi_prime_2.value;
}

/* The map is concave, so Newton's method comes down to the root from above it, as var_w + var_b is:
 * (map(q) - map'(q) q) / (1 - map'(q)), of which all terms are positive. */
klf_meanfield_root klf_meanfield_q_star(double var_w, double var_b)
{
    if (!in_range(var_w, var_b) || !isfinite(var_w + var_b))
        return no_root;
    if (var_b == 0.0 && var_w <= 1.0)
        return (klf_meanfield_root){.value = 0.0, .converged = true};
    const double CLOSE = 1e-12; /* a step below it that has not shrunk is rounding too */
    double       q = var_w + var_b, last = INFINITY;
    for (size_t steps = 1; steps <= MAX_STEPS; steps++) {
        klf_averages average;
        klf_averages_get(q, &average);
        double excess = var_b / q + klf_share_excess(var_w, average.gain); /* map(q) / q - 1 */
        double intercept = var_b + var_w * q * klf_share_difference(average.gain, average.slope);
        double next = intercept / -klf_share_excess(var_w, average.slope), step = fabs(next / q - 1.0);
        if (step <= ROUNDING || (step < CLOSE && step >= last))
            return (klf_meanfield_root){.value = q, .residual = excess * q, .steps = steps, .converged = true};
        last = step;
        q = next;
    }
    return no_root;
}

double klf_meanfield_next_correlation(double var_w, double var_b, double q, double rho)
{
    if (!in_range(var_w, var_b) || !(q > 0.0) || !(fabs(rho) <= 1.0))
        return NAN;
    klf_pair_averages pair;
    klf_averages      average;
    klf_pair_averages_get(q, 1.0 - rho, &pair);
    klf_averages_get(q, &average);
    return 1.0 - var_w * pair.spread / (var_w * average.gain.value + var_b / q);
}

static double slope_at(double var_w, double q, double delta)
{
    klf_pair_averages pair = {.slope = 1.0};
    if (q > 0.0)
        klf_pair_averages_get(q, delta, &pair);
    return var_w * pair.slope;
}

double klf_meanfield_correlation_slope(double var_w, double q, double rho)
{
    return q >= 0.0 && fabs(rho) <= 1.0 ? slope_at(var_w, q, 1.0 - rho) : NAN;
}

/* rho* and 1 - rho*: each has digits of its own. */
typedef struct correlation {
    klf_meanfield_root rho;
    double             one_minus_rho;
} correlation;

/* With delta = 1 - rho the map (3.8) is delta' = g(delta), concave, g(0) = 0 and g'(0) = chi_1 > 1; g(delta) / delta is convex
 * and falls through 1 at the root. So Newton's method for the latter comes up to the root from below; for g(delta) - delta it
 * comes down, slowly for small roots. It starts at delta = 1, above the root, and where the faster one would leave the range
 * goes on with the other. */
static correlation solve_correlation(double var_w, double q)
{
    const double MET = 2e-14; /* the equation is met but for rounding, which close to the critical line makes steps larger */
    double       delta = 1.0, last = INFINITY;
    for (size_t steps = 1; steps <= MAX_STEPS; steps++) {
        klf_pair_averages pair;
        klf_pair_averages_get(q, delta, &pair);
        double excess = var_w * pair.spread / delta - 1.0, slope = var_w * pair.slope; /* g / delta - 1, g' */
        double change = excess / (1.0 + excess - slope);                               /* relative */
        if (!(change > -1.0))
            change = excess / (1.0 - slope);
        if (fabs(change) <= ROUNDING || (fabs(excess) < MET && fabs(change) >= last))
            return (correlation){.rho = {1.0 - delta, -excess * delta, steps, true}, .one_minus_rho = delta};
        last = fabs(change);
        delta += change * delta;
    }
    return (correlation){.rho = no_root, .one_minus_rho = NAN};
}

/* Where rho* is as small as this, of the order of var_b, the map is its tangent at 0 for all digits. */
static const double TANGENT = 1e-8;

static correlation get_correlation(double var_w, double var_b, double q_star, double chi_excess)
{
    if (var_b == 0.0 && q_star > 0.0)
        return (correlation){.rho = {.value = 0.0, .converged = true}, .one_minus_rho = 1.0};
    if (chi_excess <= KLF_CRITICAL_WIDTH)
        return (correlation){.rho = {.value = 1.0, .converged = true}, .one_minus_rho = 0.0};
    if (var_b / q_star < TANGENT) {
        double slope = slope_at(var_w, q_star, 1.0), rho = var_b / q_star / (1.0 - slope);
        if (rho < TANGENT)
            return (correlation){.rho = {rho, var_b / q_star + slope * rho - rho, 1, true}, .one_minus_rho = 1.0 - rho};
    }
    return solve_correlation(var_w, q_star);
}

klf_meanfield_root klf_meanfield_rho_star(double var_w, double var_b, double q_star)
{
    if (!in_range(var_w, var_b) || !(q_star >= 0.0))
        return no_root;
    klf_averages average;
    klf_averages_get(q_star, &average);
    return get_correlation(var_w, var_b, q_star, klf_share_excess(var_w, average.phi_prime_2)).rho;
}

const char *klf_phase_name(klf_phase phase)
{
    return phase == KLF_PHASE_ORDERED ? "ordered" : phase == KLF_PHASE_CRITICAL ? "critical" : "chaotic";
}

/* -1 / ln(slope), from whichever of slope and slope - 1 has the digits. */
static double depth(double slope, double slope_minus_1)
{
    return -1.0 / (slope_minus_1 > -0.5 ? log1p(slope_minus_1) : log(slope));
}

void klf_meanfield_point_get(double var_w, double var_b, klf_meanfield_point *out)
{
    *out = (klf_meanfield_point){.q_star = klf_meanfield_q_star(var_w, var_b)};
    if (!out->q_star.converged) {
        out->rho_star = no_root;
        out->one_minus_rho_star = out->chi_1 = out->lambda_q = out->xi_q = out->slope = out->xi_c = NAN;
        return;
    }
    klf_averages average;
    klf_averages_get(out->q_star.value, &average);
    double lambda_excess = klf_share_excess(var_w, average.slope), chi_excess = klf_share_excess(var_w, average.phi_prime_2);
    out->lambda_q = var_w * average.slope.value;
    out->xi_q = lambda_excess < 0.0 ? depth(out->lambda_q, lambda_excess) : INFINITY;
    out->chi_1 = var_w * average.phi_prime_2.value;
    correlation star = get_correlation(var_w, var_b, out->q_star.value, chi_excess);
    bool        at_1 = star.one_minus_rho == 0.0;
    out->rho_star = star.rho;
    out->one_minus_rho_star = star.one_minus_rho;
    out->slope = at_1 ? out->chi_1 : slope_at(var_w, out->q_star.value, star.one_minus_rho);
    if (fabs(chi_excess) <= KLF_CRITICAL_WIDTH) {
        out->phase = KLF_PHASE_CRITICAL;
        out->xi_c = INFINITY;
    } else {
        out->phase = chi_excess < 0.0 ? KLF_PHASE_ORDERED : KLF_PHASE_CHAOTIC;
        out->xi_c = depth(out->slope, at_1 ? chi_excess : out->slope - 1.0);
    }
}
