/* SPDX-License-Identifier: BSD-3-Clause */
/* (2.48) is eta = coth(2K)/2 [1 + k1' / AGM(1, |k1'|)], k1' = 2 tanh^2(2K) - 1 = +-m. In the disordered phase the bracket
 * cancels for small K, and in the ordered one the difference of eta to 1 for large K. With the AGM's c_n, as AGM = 1 - c_1 -
 * c_2 - ..., what cancels can be taken out: c_1 = (1 - m)/2 is tanh^2 2K, and c_2 is of order c_1^2. */
#include "physics/ising2d_elliptic.h"

#include "klflow/ising2d.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;

/* 2 K_c = arsinh 1, to twice the digits of a double. */
static const double CRITICAL_2K = 0x1.c34366179d427p-1;
static const double CRITICAL_2K_REST = -2.250545892825866029e-17;

double klf_ising2d_k_c(void)
{
    return 0.5 * CRITICAL_2K;
}

/* sinh x - sinh y = 2 cosh((x + y)/2) sinh((x - y)/2): near K_c sinh 2K - 1 would cancel. */
static void set_rho_near_critical(double distance, klf_ising2d_elliptic *out)
{
    double d = fabs(2.0 * cosh(CRITICAL_2K + 0.5 * distance) * sinh(0.5 * distance)); /* |sinh 2K - 1| */
    if (out->ordered) {
        double s = 1.0 / (1.0 + d);
        out->rho = s * s;
        out->one_minus_rho = d * s * (1.0 + s);
    } else {
        out->rho = (1.0 - d) * (1.0 - d);
        out->one_minus_rho = d * (2.0 - d);
    }
}

/* From e^(-4K) alone: one exponential for everything. */
static void set_rho(klf_ising2d_elliptic *out)
{
    double one_minus_e = -expm1(-4.0 * out->k);
    out->rho = out->ordered ? 4.0 * out->e / (one_minus_e * one_minus_e) : one_minus_e * one_minus_e / (4.0 * out->e);
    out->one_minus_rho = 1.0 - out->rho;
}

static void set_mean(klf_ising2d_elliptic *out)
{
    const double DONE = 1e-17;
    double       c1_squared = out->c1 * out->c1;
    double       a = 0.5 * (1.0 + out->m), b = sqrt(out->m);
    double       ratio = 0.0, power = 1.0; /* c_n / c_1^2 and 2^(n-1) */
    out->r = 0.0;
    out->w = 0.0;
    do {
        double next = 0.5 * (a + b);
        b = sqrt(a * b);
        a = next;
        ratio = power == 1.0 ? 0.25 / a : ratio * ratio * c1_squared / (4.0 * a); /* c_(n+1) = c_n^2 / (4 a_(n+1)) */
        power *= 2.0;
        out->r += ratio;
        out->w += power * ratio * ratio * c1_squared;
    } while (ratio * c1_squared > DONE * a);
    out->agm = a;
}

void klf_ising2d_elliptic_get(double k, klf_ising2d_elliptic *out)
{
    const double NEAR = 0.2; /* of 2K to its critical value */
    out->k = fabs(k);
    out->e = exp(-4.0 * out->k);
    double distance = (2.0 * out->k - CRITICAL_2K) - CRITICAL_2K_REST;
    out->ordered = distance > 0.0;
    if (fabs(distance) < NEAR)
        set_rho_near_critical(distance, out);
    else
        set_rho(out);
    out->c1 = out->rho / (1.0 + out->rho);
    out->t = out->ordered ? sqrt(out->c1) : tanh(2.0 * out->k);
    out->c = sqrt(1.0 + out->rho);
    out->m = out->one_minus_rho / (1.0 + out->rho);
    set_mean(out);
}

double klf_ising2d_ln_cosh_2k(const klf_ising2d_elliptic *x)
{
    return x->ordered ? 2.0 * x->k - LN2 + log1p(x->e) : 0.5 * log1p(x->rho);
}

double klf_ising2d_ln_cosh_4k(const klf_ising2d_elliptic *x)
{
    return x->ordered ? 4.0 * x->k - LN2 + log1p(x->e * x->e) : log1p(2.0 * x->rho);
}

double klf_ising2d_eta_disordered(const klf_ising2d_elliptic *x)
{
    const double DIRECT = 0.5; /* of m; at 1 the difference is all gone */
    return x->m < DIRECT ? 0.5 * (1.0 - x->m / x->agm) / x->t : 0.5 * x->t * (1.0 - x->r * x->c1) / x->agm;
}

double klf_ising2d_one_minus_eta_ordered(const klf_ising2d_elliptic *x)
{
    const double DIRECT = 0.1; /* of m */
    double       c = x->c;
    if (x->m < DIRECT)
        return 1.0 - 0.5 * c * (1.0 + x->m / x->agm);
    double of_c1 = 0.5 * c * c * (c + 2.0) / ((c + 1.0) * (c + 1.0)); /* c - 1 = c_1 c^2 / (c + 1) */
    return x->c1 * x->c1 * (of_c1 - 0.5 * x->r * (2.0 - c)) / x->agm;
}

double klf_ising2d_elliptic_eta(const klf_ising2d_elliptic *x)
{
    return x->ordered ? 1.0 - klf_ising2d_one_minus_eta_ordered(x) : klf_ising2d_eta_disordered(x);
}

double klf_ising2d_elliptic_one_minus_eta(const klf_ising2d_elliptic *x)
{
    return x->ordered ? klf_ising2d_one_minus_eta_ordered(x) : 1.0 - klf_ising2d_eta_disordered(x);
}

double klf_ising2d_eta(double k)
{
    klf_ising2d_elliptic x;
    klf_ising2d_elliptic_get(k, &x);
    return copysign(klf_ising2d_elliptic_eta(&x), k);
}

double klf_ising2d_one_minus_eta(double k)
{
    klf_ising2d_elliptic x;
    klf_ising2d_elliptic_get(k, &x);
    return klf_ising2d_elliptic_one_minus_eta(&x);
}
