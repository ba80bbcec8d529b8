/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow of the three couplings, and the relative entropy along it. With a field too it is a difference of two entropies,
 * s_n ln 2 = deficit - 2^-n deficit_n. What is missing to 1 - 2^-n, the entropy of the decimated spins given the kept ones,
 * would cancel in that form; it is added up step by step.
 *
 * A step squares the transfer matrix. So the magnetization m stays, and w in lam_- / lam_+ = e^(-2w) doubles; the couplings are
 * e^(4K) = 1 + 1 / ((1 - m^2) sinh^2 w) and tanh h = m tanh w, which at m = 0 is the duality of ising1d.c. Like there it has no
 * errors that grow with the steps. Where 1 - m^2 or w would underflow, (A.9) is gone through step by step. */
#include "klflow/ising1d.h"

#include "core/pythagoras.h"
#include "physics/ising1d_markov.h"

#include <math.h>
#include <stdbool.h>

static const double LN2 = 0.69314718055994530942;

static double ln_cosh(double x)
{
    double half = sinh(0.5 * x);
    return fabs(x) < 1.0 ? log1p(2.0 * half * half) : fabs(x) + log1p(exp(-2.0 * fabs(x))) - LN2;
}

/* K' of (A.9): 1/4 ln(1 + (sinh 2K / cosh h)^2). */
static double next_k(double k, double h)
{
    const double DIRECT_MAX = 20.0; /* of 2K; above it sinh would overflow some time, and its logarithm is as good */
    double       a = 2.0 * fabs(k), b = fabs(h);
    if (a < DIRECT_MAX) {
        double ratio = sinh(a) / cosh(b);
        return 0.25 * log1p(ratio * ratio);
    }
    double ln_ratio = a - b + (log1p(-exp(-2.0 * a)) - log1p(exp(-2.0 * b)));
    return ln_ratio > 0.0 ? 0.5 * ln_ratio + 0.25 * log1p(exp(-2.0 * ln_ratio)) : 0.25 * log1p(exp(2.0 * ln_ratio));
}

/* atanh(tanh a tanh b) for a, b >= 0. */
static double shift(double a, double b)
{
    double lower = fmin(a, b), upper = fmax(a, b);
    if (lower < 1.0)
        return atanh(tanh(lower) * tanh(upper));
    return lower + 0.5 * (log1p(exp(-2.0 * (upper + lower))) - log1p(exp(-2.0 * (upper - lower))));
}

/* b - shift(a, b), which would cancel for an antiferromagnet that is stronger than the field. */
static double screened(double a, double b)
{
    double t = tanh(b), e = exp(-2.0 * a);
    if (b < 1.0) { /* tanh of the difference, with 1 - tanh a = 2e / (1 + e) */
        double one_minus = 2.0 * e / (1.0 + e), tanh_a = tanh(a);
        return atanh(t * one_minus / (one_minus + tanh_a * (1.0 - t * t)));
    }
    if (a < 1.0)
        return b - shift(a, b);
    double lower = fmin(a, b), upper = fmax(a, b), sum = exp(-2.0 * (upper + lower)), difference = exp(-2.0 * (upper - lower));
    return (b - lower) + 0.5 * log1p((difference - sum) / (1.0 + sum));
}

/* K2' of (A.9): h + 1/2 ln(cosh(2K + h) / cosh(2K - h)). */
static double next_field(double k, double h)
{
    double b = fabs(h);
    return copysign(k >= 0.0 ? b + shift(2.0 * k, b) : screened(-2.0 * k, b), h);
}

/* What a chain has from its first to its last step. */
typedef struct invariants {
    double m, spread; /* spread: sqrt(1 - m^2) */
    double w;         /* before the first step */
} invariants;

static invariants get_invariants(const klf_ising1d_markov *chain)
{
    return (invariants){
        .m = chain->magnetization,
        .spread = 2.0 * sqrt(chain->probability[0] * chain->probability[1]),
        .w = -0.5 * chain->ln_ratio,
    };
}

static bool is_well_scaled(const invariants *v)
{
    const double SMALL = 1e-140; /* its square and a product of two of them are normal numbers */
    return v->spread > SMALL && v->w > SMALL;
}

static double k_after(const invariants *v, size_t n)
{
    const double SQUARE_IS_ALL = 1e8; /* 1 + its square is its square */
    double       ratio = 1.0 / (v->spread * sinh(ldexp(v->w, (int)n)));
    return ratio > SQUARE_IS_ALL ? 0.5 * log(ratio) : 0.25 * log1p(ratio * ratio);
}

static double field_after(const invariants *v, size_t n)
{
    double w = ldexp(v->w, (int)n);
    return asinh(v->m * tanh(w) / klf_pythagoras(v->spread, v->m / cosh(w)));
}

/* From the couplings after step n - 1 to those after step n. */
static void advance(const invariants *v, size_t n, double *k, double *h)
{
    double next_h = is_well_scaled(v) ? copysign(field_after(v, n), *h) : next_field(*k, *h);
    *k = is_well_scaled(v) ? k_after(v, n) : next_k(*k, *h);
    *h = next_h;
}

static void store(double *array, size_t n, double value)
{
    if (array != NULL)
        array[n] = value;
}

void klf_ising1d_flow(double k, double field, size_t n_steps, const klf_ising1d_arrays *out)
{
    double             k_n = k, h = field;
    double             k0_per_spin = 0.0; /* 2^-n K0: K0 itself grows as 2^n */
    double             lost = 0.0;        /* entropy of the decimated spins */
    klf_ising1d_markov chain;
    klf_ising1d_markov_get(k, field, &chain);
    const invariants v = get_invariants(&chain);
    const double     lnz = chain.lnz, deficit = klf_ising1d_markov_deficit(&chain);
    for (size_t n = 0; n <= n_steps; n++) {
        int halved = -(int)n;
        if (n > 0) {
            lost += ldexp(klf_ising1d_markov_lost(&chain, k_n, h), halved);
            double from_h = ln_cosh(h);
            advance(&v, n, &k_n, &h);
            k0_per_spin += ldexp(LN2 + from_h + k_n, halved);
            klf_ising1d_markov_get(k_n, h, &chain);
        }
        /* The bound is exact: rounding may not break it. */
        double s = fmin((deficit - ldexp(klf_ising1d_markov_deficit(&chain), halved)) / LN2, 1.0 - ldexp(1.0, halved));
        store(out->k, n, k_n);
        store(out->k0, n, ldexp(k0_per_spin, (int)n));
        store(out->k2, n, h);
        store(out->s, n, s);
        store(out->s_unnormalized, n, 0.0 - lost / LN2);
        store(out->z_violation, n, k0_per_spin + ldexp(chain.lnz, halved) - lnz);
    }
}
