/* SPDX-License-Identifier: BSD-3-Clause */
/* ln Z is the one quantity without a closed form. (2.45), less ln 2 for K < K_c and less 2K above, is brought to an integral of
 * a positive function that vanishes as K^2 and as e^(-8K), so that nothing cancels:
 *
 *      K < K_c:  1/pi int_0^(pi/2) ln[1 + 2 rho sin^2 / (R + 1 - rho)],    R = sqrt((1 - rho)^2 + 4 rho sin^2)
 *      K > K_c:  1/pi int_0^(pi/2) ln[1 + 2 rho^2 sin^2 cos^2 / ((R + 1 - rho + 2 rho sin^2)(1 + rho sin^2))]
 *
 * with rho = sinh^2(2K) and its reciprocal. In the second, ln(1 - 2e cos 2phi + e^2) has been taken off, whose integral is 0.
 * R has its branch points near 0 if K is near K_c: the double exponential rule, dense at the ends, does not mind. */
#include "physics/ising2d_onsager.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;
static const double PI = 3.14159265358979323846;

/* phi = pi/2 / (1 + e^(-pi sinh x)). Beyond the ends the integrand, of order phi at 0, adds less than 1e-18. */
void klf_ising2d_rule_init(klf_ising2d_rule *rule)
{
    const double FROM = -2.85, TO = 3.25;
    const double h = (TO - FROM) / (KLF_ISING2D_N_NODES - 1);
    for (int i = 0; i < KLF_ISING2D_N_NODES; i++) {
        double x = FROM + h * i, u = exp(-PI * sinh(x));
        double phi = 0.5 * PI / (1.0 + u), sine = sin(phi), cosine = sin(0.5 * PI * u / (1.0 + u));
        rule->sin_squared[i] = sine * sine;
        rule->cos_squared[i] = cosine * cosine;
        rule->weight[i] = h * phi * u / (1.0 + u) * cosh(x); /* dphi / pi */
    }
}

/* ln Z less ln 2 or 2K. */
static double lnz_rest(const klf_ising2d_rule *rule, const klf_ising2d_elliptic *x)
{
    double rho = x->rho, one_minus_rho = x->one_minus_rho, sum = 0.0;
    for (int i = 0; i < KLF_ISING2D_N_NODES; i++) {
        double sine2 = rule->sin_squared[i], q = rho * sine2;
        double r = sqrt(one_minus_rho * one_minus_rho + 4.0 * q) + one_minus_rho;
        double more = x->ordered ? 2.0 * rho * q * rule->cos_squared[i] / ((r + 2.0 * q) * (1.0 + q)) : 2.0 * q / r;
        sum += rule->weight[i] * log1p(more);
    }
    return sum;
}

void klf_ising2d_thermal_get(const klf_ising2d_rule *rule, const klf_ising2d_elliptic *x, klf_ising2d_thermal *out)
{
    double rest = lnz_rest(rule, x), twice_k = 2.0 * x->k;
    if (x->ordered) {
        out->lnz = twice_k + rest;
        out->lnz_excess = twice_k - LN2 + rest;
        out->entropy = rest + twice_k * klf_ising2d_one_minus_eta_ordered(x);
        out->deficit = LN2 - out->entropy;
    } else {
        out->lnz = LN2 + rest;
        out->lnz_excess = rest;
        out->deficit = twice_k * klf_ising2d_eta_disordered(x) - rest;
        out->entropy = LN2 - out->deficit;
    }
}

/* Onsager's specific heat, 2 K^2 times it, is a difference of elliptic integrals; in terms of the c_n it is a sum. */
double klf_ising2d_eta_slope(const klf_ising2d_elliptic *x)
{
    double c1 = x->c1;
    if (x->ordered)
        return x->c * x->c * c1 * c1 * (2.0 + x->r * c1 + x->w) / x->agm;
    return ((1.0 - c1) * (1.0 + x->r * c1) + c1 * (1.0 + x->w)) / x->agm;
}
