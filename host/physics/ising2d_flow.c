/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow (2.43) and the relative entropy along it. (2.50) as printed subtracts ln 2, which 2^n - 1 times is in K0, from
 * itself; without it
 *
 *      s_n ln 2 = 2K eta - 2^(1-n) K_n eta_n - sum_(m<n) 2^(-m-1) [1/2 ln cosh 2K_m + 1/8 ln cosh 4K_m]
 *
 * The sum, and 2^-n of everything, stay of the order of K. An error of K_n grows as eigenvalue^n < 2^n, so in s_n it fades. */
#include "klflow/ising2d.h"

#include "physics/ising2d_elliptic.h"
#include "physics/ising2d_onsager.h"

#include <math.h>
#include <stdint.h>

static const double LN2 = 0.69314718055994530942;

/* A flow, at one of its steps. */
typedef struct state {
    double               alpha, fixed_point; /* NaN: none */
    double               gained;             /* 2^-n K0_n - (1 - 2^-n) ln 2 */
    klf_ising2d_elliptic x;
} state;

static void start(double alpha, double fixed_point, double k, state *now)
{
    now->alpha = alpha;
    now->fixed_point = fixed_point;
    now->gained = 0.0;
    klf_ising2d_elliptic_get(k, &now->x);
}

/* From step n - 1 to step n. */
static void advance(state *now, size_t n)
{
    double ln_cosh_2k = klf_ising2d_ln_cosh_2k(&now->x), ln_cosh_4k = klf_ising2d_ln_cosh_4k(&now->x);
    now->gained += ldexp(0.5 * ln_cosh_2k + 0.125 * ln_cosh_4k, -(int)n);
    if (now->x.k != now->fixed_point)
        klf_ising2d_elliptic_get(0.25 * now->alpha * ln_cosh_4k, &now->x);
}

/* 2K eta. */
static double energy(const klf_ising2d_elliptic *x)
{
    return 2.0 * x->k * klf_ising2d_elliptic_eta(x);
}

static double relative_entropy(double energy_before, const state *now, size_t n)
{
    return n == 0 ? 0.0 : (energy_before - ldexp(energy(&now->x), -(int)n) - now->gained) / LN2;
}

static void store(double *array, size_t n, double value)
{
    if (array != NULL)
        array[n] = value;
}

static void store_all(const klf_ising2d_arrays *out, size_t n, double value)
{
    double *const arrays[] = {out->k, out->k0, out->l, out->m, out->s, out->s_consistent, out->z_violation};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        store(arrays[i], n, value);
}

void klf_ising2d_flow(double alpha, double k, size_t n_steps, const klf_ising2d_arrays *out)
{
    state                 now;
    klf_ising2d_rule      rule;
    klf_ising2d_thermal   thermal = {0};
    klf_ising2d_generated from = {0};
    bool                  with_z = out->s_consistent != NULL || out->z_violation != NULL;
    start(alpha, klf_ising2d_fixed_point_get(alpha).k, k, &now);
    klf_ising2d_rule_init(&rule);
    if (with_z)
        klf_ising2d_thermal_get(&rule, &now.x, &thermal);
    const double before = energy(&now.x), lnz_excess = thermal.lnz_excess, deficit = thermal.deficit;
    for (size_t n = 0; n <= n_steps; n++) {
        int halved = -(int)n;
        if (n > 0) {
            from = klf_ising2d_generate(now.x.k);
            advance(&now, n);
        }
        if (!isfinite(now.x.k)) {
            store_all(out, n, NAN);
            continue;
        }
        if (with_z)
            klf_ising2d_thermal_get(&rule, &now.x, &thermal);
        store(out->k, n, n == 0 ? k : now.x.k);
        store(out->k0, n, ldexp(now.gained + (1.0 - ldexp(1.0, halved)) * LN2, (int)n));
        store(out->l, n, from.l);
        store(out->m, n, from.m);
        store(out->s, n, relative_entropy(before, &now, n));
        store(out->s_consistent, n, (deficit - ldexp(thermal.deficit, halved)) / LN2);
        store(out->z_violation, n, now.gained + ldexp(thermal.lnz_excess, halved) - lnz_excess);
    }
}

void klf_ising2d_wilson(double k, double l, size_t n_steps, double *k_n, double *l_n)
{
    for (size_t n = 0; n <= n_steps; n++) {
        k_n[n] = k;
        l_n[n] = l;
        double square = k * k;
        k = 2.0 * square + l;
        l = square;
    }
}

static void flow_one(double alpha, double fixed_point, double k, size_t n_steps, double *s)
{
    state now;
    start(alpha, fixed_point, k, &now);
    const double before = energy(&now.x);
    s[0] = 0.0;
    for (size_t n = 1; n <= n_steps; n++) {
        advance(&now, n);
        s[n] = isfinite(now.x.k) ? relative_entropy(before, &now, n) : NAN;
    }
}

void klf_ising2d_sweep(double alpha, size_t n_k, const double *k, size_t n_steps, size_t threads, double *s)
{
    const int64_t n = (int64_t)n_k;
    const double  fixed_point = klf_ising2d_fixed_point_get(alpha).k;
#pragma omp parallel for num_threads((int)threads) schedule(static) if (n > 1000 && threads > 1)
    for (int64_t i = 0; i < n; i++)
        flow_one(alpha, fixed_point, k[i], n_steps, s + (size_t)i * (n_steps + 1));
}
