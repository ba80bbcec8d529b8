/* SPDX-License-Identifier: BSD-3-Clause */
/* A scan for starting values, then Levenberg-Marquardt by MINPACK's lmder with analytic derivatives. Positive parameters are
 * fitted by their logarithm, so that they stay so. */
#include "physics/fit_solve.h"

#include <cminpack.h>
#include <math.h>

enum { SCAN = 60, SCAN_SQUARE = 24, MAX_STEPS = 1000 }; /* values tried of one parameter alone, of each of two */

/* ---- starting values ---- */

double klf_fit_weighted_square(const klf_fit_problem *p, const double natural[N_PARAMETERS])
{
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double r = (p->type->value(natural, p->x[i]) - p->y[i]) * p->w[i];
        sum += r * r;
    }
    return sum;
}

/* The best amplitude of a curve that is linear in it. */
static double best_amplitude(const klf_fit_problem *p, double shape)
{
    const double natural[N_PARAMETERS] = {[AMPLITUDE] = 1.0, [SHAPE] = shape};
    double       fy = 0.0, ff = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double f = p->type->value(natural, p->x[i]) * p->w[i];
        fy += f * p->y[i] * p->w[i];
        ff += f * f;
    }
    return ff > 0.0 ? fy / ff : 0.0;
}

/* The k-th of the values that a positive parameter is tried at, evenly spaced in its logarithm. */
static double trial(const klf_fit_problem *p, size_t j, size_t k, size_t n)
{
    double low = p->low[j] / p->type->range[j].low * p->type->range[j].scan_low;
    double high = p->high[j] / p->type->range[j].high * p->type->range[j].scan_high;
    return low * pow(high / low, (double)k / (double)(n - 1));
}

void klf_fit_scan(klf_fit_problem *p, const double held[N_PARAMETERS])
{
    const bool   shape_free = isnan(held[SHAPE]), amplitude_free = isnan(held[AMPLITUDE]);
    const bool   scan_amplitude = amplitude_free && !p->type->linear_amplitude;
    const size_t each = shape_free && scan_amplitude ? SCAN_SQUARE : SCAN;
    double       best = INFINITY;
    for (size_t s = 0; s < (shape_free ? each : 1); s++)
        for (size_t a = 0; a < (scan_amplitude ? each : 1); a++) {
            double natural[N_PARAMETERS] = {p->natural[AMPLITUDE], p->natural[SHAPE]};
            if (shape_free)
                natural[SHAPE] = trial(p, SHAPE, s, each);
            if (amplitude_free)
                natural[AMPLITUDE] = scan_amplitude ? trial(p, AMPLITUDE, a, each) : best_amplitude(p, natural[SHAPE]);
            double sum = klf_fit_weighted_square(p, natural);
            if (sum < best) {
                best = sum;
                p->natural[AMPLITUDE] = natural[AMPLITUDE];
                p->natural[SHAPE] = natural[SHAPE];
            }
        }
}

/* ---- the solver ---- */

static bool is_linear(const klf_fit_problem *p, size_t j)
{
    return j == AMPLITUDE && p->type->linear_amplitude;
}

/* A linear amplitude stands for the curve's value at the largest |x|, which the data fix whatever the shape: amplitude and
 * shape themselves run away together where a curve hardly bends. This is that value for amplitude 1. */
static double at_far_end(const klf_fit_problem *p, double shape, double *slope)
{
    const double natural[N_PARAMETERS] = {[AMPLITUDE] = 1.0, [SHAPE] = shape};
    double       gradient[N_PARAMETERS];
    p->type->gradient(natural, p->far, gradient);
    *slope = gradient[SHAPE];
    return gradient[AMPLITUDE];
}

static void get_internal(const klf_fit_problem *p, double internal[N_PARAMETERS])
{
    double slope;
    for (size_t k = 0; k < p->n_free; k++) {
        size_t j = p->free[k];
        internal[k] = is_linear(p, j) ? p->natural[j] * at_far_end(p, p->natural[SHAPE], &slope) : log(p->natural[j]);
    }
}

/* Outside its range a parameter counts as at its end, where the curve no longer depends on it: the solver comes to rest there.
 * near: a factor within which an end is taken as reached. */
static void set_parameters(const klf_fit_problem *p, const double *internal, double near, double natural[N_PARAMETERS],
                           bool at_end[N_PARAMETERS])
{
    double slope;
    natural[AMPLITUDE] = p->natural[AMPLITUDE];
    natural[SHAPE] = p->natural[SHAPE];
    at_end[AMPLITUDE] = at_end[SHAPE] = false;
    for (size_t k = p->n_free; k-- > 0;) { /* the shape first */
        size_t j = p->free[k];
        if (is_linear(p, j)) {
            natural[j] = internal[k] / at_far_end(p, natural[SHAPE], &slope);
            continue;
        }
        natural[j] = exp(internal[k]);
        at_end[j] = natural[j] <= p->low[j] * near || natural[j] >= p->high[j] / near;
        if (at_end[j])
            natural[j] = natural[j] <= p->low[j] * near ? p->low[j] : p->high[j];
    }
}

/* For lmder: residuals if flag is 1, else their derivatives by the internal parameters. */
static int evaluate(void *arg, int n_points, int n_free, const double *internal, double *residual, double *derivative,
                    int stride, int flag)
{
    klf_fit_problem *p = arg;
    double           natural[N_PARAMETERS], gradient[N_PARAMETERS], far_slope = 0.0;
    bool             at_end[N_PARAMETERS];
    (void)n_points;
    set_parameters(p, internal, 1.0, natural, at_end);
    const bool   far = is_linear(p, p->free[0]);
    const double far_value = far ? at_far_end(p, natural[SHAPE], &far_slope) : 1.0;
    for (size_t i = 0; i < p->n; i++) {
        if (flag == 1) {
            residual[i] = (p->type->value(natural, p->x[i]) - p->y[i]) * p->w[i];
            continue;
        }
        p->type->gradient(natural, p->x[i], gradient);
        if (far) { /* the chain rule for amplitude = internal / far_value(shape) */
            gradient[AMPLITUDE] /= far_value;
            gradient[SHAPE] -= gradient[AMPLITUDE] * natural[AMPLITUDE] * far_slope;
        }
        for (size_t k = 0; k < (size_t)n_free; k++) {
            size_t j = p->free[k];
            double by_internal = is_linear(p, j) ? 1.0 : at_end[j] ? 0.0 : natural[j];
            derivative[k * (size_t)stride + i] = gradient[j] * by_internal * p->w[i];
        }
    }
    return 0;
}

bool klf_fit_solve(klf_fit_problem *p, size_t *steps, bool at_end[N_PARAMETERS])
{
    /* chi2 to 1e-14, so parameters to 1e-7 of their errors; data that lie on the curve go on to rounding. */
    static const double FTOL = 1e-14, XTOL = 1e-12, FIRST_STEP = 1.0, CLOSE = 2.0;
    const int           n = (int)p->n, n_free = (int)p->n_free;
    double              internal[N_PARAMETERS], diag[N_PARAMETERS], qtf[N_PARAMETERS], work[3][N_PARAMETERS];
    int                 pivot[N_PARAMETERS], n_values = 0, n_gradients = 0;
    get_internal(p, internal);
    int    info = lmder(evaluate, p, n, n_free, internal, p->residual, p->derivative, n, FTOL, XTOL, 0.0, MAX_STEPS, diag, 1,
                        FIRST_STEP, 0, &n_values, &n_gradients, pivot, qtf, work[0], work[1], work[2], p->work);
    double natural[N_PARAMETERS];
    set_parameters(p, internal, CLOSE, natural, at_end);
    p->natural[AMPLITUDE] = natural[AMPLITUDE];
    p->natural[SHAPE] = natural[SHAPE];
    *steps = (size_t)n_values;
    return info >= 1 && info != 5; /* 5: MAX_STEPS; 6 to 8: nothing left but rounding */
}
