/* SPDX-License-Identifier: BSD-3-Clause */
/* What a step generates exactly, (2.38), and the fixed points of the schemes that make a flow of it: (2.43), of which (2.38b)
 * and (2.39b) are cases, and Wilson's two couplings. */
#include "klflow/ising2d.h"

#include "physics/ising2d_elliptic.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;

enum { MAX_NEWTON_STEPS = 100 };

double klf_ising2d_alpha_star(void)
{
    klf_ising2d_elliptic critical;
    klf_ising2d_elliptic_get(klf_ising2d_k_c(), &critical);
    return 4.0 * critical.k / klf_ising2d_ln_cosh_4k(&critical);
}

klf_ising2d_generated klf_ising2d_generate(double k)
{
    klf_ising2d_elliptic x;
    klf_ising2d_elliptic_get(k, &x);
    double ln_cosh_2k = klf_ising2d_ln_cosh_2k(&x), ln_cosh_4k = klf_ising2d_ln_cosh_4k(&x);
    return (klf_ising2d_generated){
        .k0 = LN2 + 0.5 * ln_cosh_2k + 0.125 * ln_cosh_4k,
        .k = 0.25 * ln_cosh_4k,
        .l = 0.125 * ln_cosh_4k,
        .m = 0.125 * ln_cosh_4k - 0.5 * ln_cosh_2k,
    };
}

static double exponent_nu(double eigenvalue)
{
    return 0.5 * LN2 / log(eigenvalue);
}

/* Above the fixed point: where the asymptote of f meets the diagonal, or for large alpha, whose fixed point is small, where a
 * lower bound of f does, ln cosh x >= x^2 / (2 + 3x/2). */
static double above_fixed_point(double alpha)
{
    return alpha > 3.0 ? 1.0 / (2.0 * alpha - 3.0) : alpha * LN2 / (4.0 * (alpha - 1.0));
}

/* The step f is convex, f(0) = f'(0) = 0, and f' tends to alpha: for alpha > 1 it meets the diagonal once more. From above
 * Newton's method comes down monotonically. */
klf_ising2d_fixed_point klf_ising2d_fixed_point_get(double alpha)
{
    klf_ising2d_fixed_point out = {
        .k = NAN, .eigenvalue = NAN, .irrelevant = NAN, .nu = NAN, .k_c = NAN, .k_c_linearised = NAN, .residual = NAN};
    if (!(alpha > 1.0))
        return out;
    double k = above_fixed_point(alpha);
    out.exists = true;
    while (!out.converged && out.steps < MAX_NEWTON_STEPS) {
        klf_ising2d_elliptic x;
        klf_ising2d_elliptic_get(k, &x);
        out.eigenvalue = alpha * tanh(4.0 * k);
        double excess = 0.25 * alpha * klf_ising2d_ln_cosh_4k(&x) - k, next = k - excess / (out.eigenvalue - 1.0);
        out.residual = fabs(excess);
        out.converged = !(next < k); /* rounding has the last word */
        if (!out.converged)
            k = next;
        out.steps++;
    }
    if (alpha == klf_ising2d_alpha_star())
        k = klf_ising2d_k_c();
    out.k = out.k_c = out.k_c_linearised = k;
    out.nu = exponent_nu(out.eigenvalue);
    return out;
}

static void wilson_step(long double *k, long double *l)
{
    long double square = *k * *k;
    *k = 2.0L * square + *l;
    *l = square;
}

/* Whether the flow from (k, 0) ends in order. */
static bool becomes_ordered(long double k)
{
    long double l = 0.0L;
    while (k > 0.1L && k < 1.0L) /* the fixed point is at 1/3 */
        wilson_step(&k, &l);
    return k >= 1.0L;
}

/* Where the critical line meets l = 0. In long double, as the bisection follows the flow until it has left the line. */
static double wilson_k_c(void)
{
    long double low = 0.3L, high = 0.5L;
    for (;;) {
        long double middle = 0.5L * (low + high);
        if ((double)low == (double)high || middle <= low || middle >= high)
            return (double)middle;
        if (becomes_ordered(middle))
            high = middle;
        else
            low = middle;
    }
}

/* On the fixed point l = k^2, so it solves 3 k^2 = k. The step's matrix is [[4k, 1], [2k, 0]], with the eigenvalues
 * 2k +- sqrt(4k^2 + 2k); (lambda, 1) is its left eigenvector, so the tangent of the critical line is lambda dk + dl = 0. */
klf_ising2d_fixed_point klf_ising2d_fixed_point_wilson(void)
{
    klf_ising2d_fixed_point out = {.exists = true};
    double                  k = 1.0;
    while (!out.converged && out.steps < MAX_NEWTON_STEPS) {
        double excess = 2.0 * k * k + k * k - k, next = k - excess / (6.0 * k - 1.0);
        out.residual = fabs(excess);
        out.converged = !(next < k);
        if (!out.converged)
            k = next;
        out.steps++;
    }
    double root = sqrt(4.0 * k * k + 2.0 * k);
    out.k = k;
    out.l = k * k;
    out.eigenvalue = 2.0 * k + root;
    out.irrelevant = 2.0 * k - root;
    out.nu = exponent_nu(out.eigenvalue);
    out.k_c = wilson_k_c();
    out.k_c_linearised = out.k + out.l / out.eigenvalue;
    return out;
}
