/* SPDX-License-Identifier: BSD-3-Clause */
/* From cylinders to the plane. What a finite circumference does to s^(n) it does much alike to s^(1) and to s^(inf), whose
 * values in the plane are exact: with x the differences of those two, s^(n) is smooth in x and wanted at x = 0, whatever the
 * law by which x falls with the circumference (exponential off the critical point, a power at it). Three ways to go there:
 *
 *      a line through the last two in the x of s^(1), a parabola through the last three, a plane over both x through the last
 * three
 *
 * The middle one of the three results is taken, and the larger of its distances to the others, and half as much again, is its
 * error: near the critical point the parabola overshoots, far from it and right at it the plane is the worst. */
#include "klflow/ising2d_lattice.h"

#include <math.h>

enum { SMALLEST_CIRCUMFERENCE = 4, N_WAYS = 3 }; /* a circumference of 2 has double bonds */

/* Differences of exact numbers have errors of this size; smaller ones are no differences. */
static const double ROUNDING = 1e-13;

/* Far from the critical point a single way is right and the other two, close to each other, are wrong: then the distance is the
 * error itself. */
static const double MARGIN = 1.5;

/* Of the last circumferences; the last one last. */
typedef struct data {
    size_t n;
    double x_1[3], x_inf[3], y[3], y_stderr[3];
} data;

static double line(const double *x, const double *y)
{
    return (y[1] * x[0] - y[0] * x[1]) / (x[0] - x[1]);
}

static double parabola(const double *x, const double *y)
{
    const double lines[2] = {line(x, y), line(x + 1, y + 1)}, ends[2] = {x[0], x[2]};
    return line(ends, lines);
}

static double plane_over(const double *u, const double *v, const double *y)
{
    double minor_0 = u[1] * v[2] - u[2] * v[1], minor_1 = u[0] * v[2] - u[2] * v[0], minor_2 = u[0] * v[1] - u[1] * v[0];
    return (y[0] * minor_0 - y[1] * minor_1 + y[2] * minor_2) / (minor_0 - minor_1 + minor_2);
}

/* One of the ways; all are linear in y. Of two points there are fewer, and the last value itself stands for one. */
static double go(const data *d, int way, const double *y)
{
    size_t first = d->n - 2;
    double s = way == 0   ? line(d->x_1 + first, y + first)
               : d->n < 3 ? (way == 1 ? line(d->x_inf, y) : y[1])
               : way == 1 ? parabola(d->x_1, y)
                          : plane_over(d->x_1, d->x_inf, y);
    return isfinite(s) ? s : y[d->n - 1];
}

/* What the errors of y may add up to. */
static double carried_error(const data *d, int way)
{
    double sum = 0.0;
    for (size_t i = 0; i < d->n; i++) {
        double unit[3] = {0};
        unit[i] = 1.0;
        sum += fabs(go(d, way, unit)) * d->y_stderr[i];
    }
    return sum;
}

static bool collect(const klf_ising2d_plane *plane, size_t n, const klf_ising2d_cylinder *cylinder, size_t step, data *d)
{
    *d = (data){0};
    for (size_t i = n; i-- > 0 && d->n < 3;)
        d->n += cylinder[i].n_steps >= step && cylinder[i].circumference >= SMALLEST_CIRCUMFERENCE;
    size_t to = d->n;
    for (size_t i = n; i-- > 0 && to > 0;) {
        const klf_ising2d_cylinder *c = &cylinder[i];
        if (c->n_steps < step || c->circumference < SMALLEST_CIRCUMFERENCE)
            continue;
        to--;
        d->x_1[to] = c->step[1].s - plane->s_1;
        d->x_inf[to] = c->s_inf - plane->s_inf;
        d->y[to] = c->step[step].s;
        d->y_stderr[to] = c->step[step].s_stderr;
    }
    return d->n >= 2;
}

static int middle_of(const double *value)
{
    for (int i = 0; i < N_WAYS; i++) {
        double a = value[(i + 1) % N_WAYS], b = value[(i + 2) % N_WAYS];
        if (fmin(a, b) <= value[i] && value[i] <= fmax(a, b))
            return i;
    }
    return 0;
}

void klf_ising2d_extrapolate(const klf_ising2d_plane *plane, size_t n, const klf_ising2d_cylinder *cylinder, size_t step,
                             klf_ising2d_extrapolation *out)
{
    data   d;
    double value[N_WAYS], left = ldexp(1.0, -(int)step);
    *out = (klf_ising2d_extrapolation){.s = step == 0 ? 0.0 : plane->s_1, .s_stderr = 0.0};
    if (step < 2)
        return;
    if (!collect(plane, n, cylinder, step, &d)) {
        *out = (klf_ising2d_extrapolation){.s = NAN, .s_stderr = NAN};
        return;
    }
    /* s of the plane is within known bounds. */
    double lowest = fmax(plane->s_1, plane->s_inf - left), highest = fmin(plane->s_inf, 1.0 - left), last = d.y[d.n - 1];
    double x = fabs(d.x_1[d.n - 1]) + fabs(d.x_inf[d.n - 1]);
    out->n_used = d.n;
    if (x <= ROUNDING) {
        out->s = fmin(fmax(last, lowest), highest);
        out->s_stderr = d.y_stderr[d.n - 1] + x;
        return;
    }
    for (int way = 0; way < N_WAYS; way++)
        value[way] = go(&d, way, d.y);
    int middle = d.n < 3 ? 0 : middle_of(value);
    out->s = fmin(fmax(value[middle], lowest), highest);
    for (int way = 0; way < N_WAYS; way++)
        out->s_stderr = fmax(out->s_stderr, MARGIN * fabs(value[way] - out->s));
    out->s_stderr += carried_error(&d, middle);
}
