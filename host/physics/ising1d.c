/* SPDX-License-Identifier: BSD-3-Clause */
/* The chain without a field. The decimation (2.11) is tanh K' = tanh^2 K. In terms of the dual coupling w, with
 * tanh w = e^(-2K), that is w' = 2 w: so K_n comes from one doubling, without the errors that n nested ln cosh would double
 * each step. The relative entropy is a difference of entropies, s_n ln 2 = g(K) - 2^-n g(K_n) with g = ln 2 - entropy a spin =
 * K tanh K - ln cosh K; the printed (2.19) and (2.21) add up the same thing from terms that cancel. */
#include "klflow/ising1d.h"

#include <assert.h>
#include <math.h>

static const double LN2 = 0.69314718055994530942;

/* w = K there. The dual is its own inverse. */
static const double SELF_DUAL = 0.44068679350977151262;

/* Above it e^(-2K) underflows. Below 10 a coupling is reached only after more steps than are allowed. */
static const double DUAL_MAX = 350.0;

/* Above it the deficit is formed from the entropy, which is the smaller one. */
static const double ORDERED = 1.0;

/* K >= 0 with tanh K and e^(-2K), each to full relative accuracy. */
typedef struct coupling {
    double k, t, e;
} coupling;

static coupling from_k(double k)
{
    return (coupling){.k = k, .t = tanh(k), .e = exp(-2.0 * k)};
}

static double dual(double k)
{
    return k < SELF_DUAL ? -0.5 * log(tanh(k)) : atanh(exp(-2.0 * k));
}

static coupling from_dual(double w)
{
    if (w < SELF_DUAL) {
        double e = tanh(w);
        return (coupling){.k = -0.5 * log(e), .t = (1.0 - e) / (1.0 + e), .e = e};
    }
    double t = exp(-2.0 * w);
    return (coupling){.k = atanh(t), .t = t, .e = (1.0 - t) / (1.0 + t)};
}

/* After n >= 1 steps from |K| = k with the dual w. */
static coupling after(double k, double w, size_t n)
{
    assert(n <= KLF_ISING1D_MAX_STEPS);
    return k > DUAL_MAX ? from_k(k - 0.5 * (double)n * LN2) : from_dual(ldexp(w, (int)n));
}

static double entropy(coupling c)
{
    return 2.0 * c.k * c.e / (1.0 + c.e) + log1p(c.e);
}

/* Below ORDERED the two terms are as K^2 and K^2/2, which costs a bit or two. */
static double deficit(coupling c)
{
    return c.k < ORDERED ? c.k * c.t + 0.5 * log1p(-c.t * c.t) : LN2 - entropy(c);
}

double klf_ising1d_coupling(double k, size_t n)
{
    return n == 0 ? k : after(fabs(k), dual(fabs(k)), n).k;
}

/* From the deficits before the first and after the nth step. The upper bound is exact: rounding may not break it. */
static double normalised(double before, double after_n, size_t n)
{
    return fmin((before - ldexp(after_n, -(int)n)) / LN2, 1.0 - ldexp(1.0, -(int)n));
}

double klf_ising1d_s(double k, size_t n)
{
    k = fabs(k);
    return n == 0 ? 0.0 : normalised(deficit(from_k(k)), deficit(after(k, dual(k), n)), n);
}

double klf_ising1d_s_inf(double k)
{
    return deficit(from_k(fabs(k))) / LN2;
}

double klf_ising1d_one_minus_s_inf(double k)
{
    return entropy(from_k(fabs(k))) / LN2;
}

/* The reciprocal of K^2 / (2 ln 2) cosh(K / (2 ln 2)) in (2.35), which would overflow. Infinite at K = 0. */
static double fit_reciprocal(double k)
{
    double x = fabs(k) / (2.0 * LN2);
    return 2.0 * exp(-x) / (1.0 + exp(-2.0 * x)) / (fabs(k) * x);
}

double klf_ising1d_s_inf_fit(double k)
{
    return 1.0 / (1.0 + fit_reciprocal(k));
}

double klf_ising1d_s_inf_fit_error(double k)
{
    if (fabs(k) < ORDERED)
        return klf_ising1d_s_inf_fit(k) - klf_ising1d_s_inf(k);
    double reciprocal = fit_reciprocal(k);
    return klf_ising1d_one_minus_s_inf(k) - reciprocal / (1.0 + reciprocal);
}

double klf_ising1d_n_star(double k)
{
    return 2.0 * fabs(k) / LN2;
}

static void flow_one(double k, size_t n_steps, double *s)
{
    k = fabs(k);
    double w = dual(k), before = deficit(from_k(k));
    s[0] = 0.0;
    for (size_t n = 1; n <= n_steps; n++)
        s[n] = normalised(before, deficit(after(k, w, n)), n);
}

void klf_ising1d_sweep(size_t n_k, const double *k, size_t n_steps, size_t threads, double *s)
{
    const int64_t n = (int64_t)n_k;
#pragma omp parallel for num_threads((int)threads) schedule(static) if (n > 1000 && threads > 1)
    for (int64_t i = 0; i < n; i++)
        flow_one(k[i], n_steps, s + (size_t)i * (n_steps + 1));
}
