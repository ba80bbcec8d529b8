/* SPDX-License-Identifier: BSD-3-Clause */
/* Averages over two correlated Gaussians z_a, z_b with variances q and correlation 1 - delta. Half their sum m and half their
 * difference d are independent, with variances q (1 - delta/2) and q delta/2, and
 *
 *      cosh z_a cosh z_b = (cosh 2m + cosh 2d) / 2,        tanh z_a - tanh z_b = 2 sinh 2d / (cosh 2m + cosh 2d)
 *
 * So nothing cancels for small delta, where the map of the correlation is compared with 1, and no function but 1 / x is called
 * for each of the pairs of points. */
#include "physics/meanfield_averages.h"

#include <math.h>
#include <stddef.h>

static const double SQRT_2_PI = 2.5066282746310005024;

/* As for one Gaussian, in meanfield_averages.c. */
static const double Z_MAX = 9.0, H = 0.25, H_TIMES_SD = 0.18;

/* Where phi'_a phi'_b has fallen by e^(-40). */
static const double U_MAX = 10.0;

/* Largest q of a rule that takes in the whole Gaussian: its number of points grows with q. */
static const double Q_DIRECT = 1024.0;

enum { MAX_NODES = 1602 }; /* 9 / (0.18 / 32) of the whole rule, 10 / 0.18 of the local one */

/* Trapezoidal rule for an even function of u = sd z, z ~ N(0, 1). */
typedef struct rule {
    size_t n;
    double weight[MAX_NODES], cosh_2u[MAX_NODES], sinh_2u[MAX_NODES];
} rule;

/* end: of |z|. */
static void make_rule(double sd, double end, rule *out)
{
    double h = fmin(H, H_TIMES_SD / sd);
    out->n = (size_t)ceil(end / h) + 1;
    for (size_t i = 0; i < out->n; i++) {
        double z = h * (double)i;
        out->weight[i] = (i == 0 ? h : 2.0 * h) / SQRT_2_PI * exp(-0.5 * z * z);
        out->cosh_2u[i] = cosh(2.0 * sd * z);
        out->sinh_2u[i] = sinh(2.0 * sd * z);
    }
}

static double get_slope(const rule *m, const rule *d)
{
    double sum = 0.0;
    for (size_t i = 0; i < m->n; i++) {
        double inner = 0.0;
#pragma omp simd reduction(+ : inner)
        for (size_t j = 0; j < d->n; j++) {
            double r = 1.0 / (m->cosh_2u[i] + d->cosh_2u[j]);
            inner += d->weight[j] * r * r;
        }
        sum += m->weight[i] * inner;
    }
    return 4.0 * sum;
}

static double get_spread(const rule *m, const rule *d, double sd)
{
    double sum = 0.0;
    for (size_t i = 0; i < m->n; i++) {
        double inner = 0.0;
#pragma omp simd reduction(+ : inner)
        for (size_t j = 0; j < d->n; j++) {
            double r = d->sinh_2u[j] / sd / (m->cosh_2u[i] + d->cosh_2u[j]);
            inner += d->weight[j] * r * r;
        }
        sum += m->weight[i] * inner;
    }
    return 2.0 * sum;
}

/* phi'_a phi'_b falls as e^(-4 |u|) in m and d, so this rule ends at |u| = U_MAX, with 57 points at most, however large q.
 * angle: of the correlation, delta = 1 - cos(angle). */
static double slope_at(double sd, double angle)
{
    rule   m, d;
    double sd_m = sd * cos(0.5 * angle), sd_d = sd * sin(0.5 * angle);
    make_rule(sd_m, fmin(Z_MAX, U_MAX / sd_m), &m);
    make_rule(sd_d, fmin(Z_MAX, U_MAX / sd_d), &d);
    return get_slope(&m, &d);
}

/* The spread for a large sd: the slope integrated over delta, d delta = sin(angle) d angle. It has its maximum at angles of
 * 1 / sd, which the double exponential rule finds at any sd, crowding its points at the ends. */
static double integrate_slope(double sd, double angle)
{
    const double H_X = 1.0 / 16.0, PI = 3.14159265358979323846;
    const int    N = 52;
    double       sum = 0.0;
    for (int i = -N; i <= N; i++) {
        double x = H_X * i, e = exp(-PI * fabs(sinh(x))); /* a = angle / (1 + exp(-pi sinh x)) */
        double a = angle * (x < 0.0 ? e : 1.0) / (1.0 + e), derivative = angle * PI * cosh(x) * e / ((1.0 + e) * (1.0 + e));
        sum += derivative * sin(a) * slope_at(sd, a);
    }
    return H_X * sum;
}

void klf_pair_averages_get(double q, double delta, klf_pair_averages *out)
{
    double sd = sqrt(q), angle = 2.0 * asin(sqrt(0.5 * delta));
    if (q > Q_DIRECT) {
        *out = (klf_pair_averages){.spread = integrate_slope(sd, angle), .slope = slope_at(sd, angle)};
        return;
    }
    rule m, d;
    make_rule(sd * sqrt(1.0 - 0.5 * delta), Z_MAX, &m);
    make_rule(sd * sqrt(0.5 * delta), Z_MAX, &d);
    *out = (klf_pair_averages){.spread = get_spread(&m, &d, sd), .slope = get_slope(&m, &d)};
}
