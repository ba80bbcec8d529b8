/* SPDX-License-Identifier: BSD-3-Clause */
/* The fit: which points count and what is free, and the errors and the verdict on what the solver (fit_solve.c) found. The
 * curves are in fit_models.c. */
#include "physics/fit_solve.h"

#include "core/pythagoras.h"

#include <math.h>
#include <stdlib.h>

/* ---- what is fitted ---- */

static klf_status check_point(const klf_fit_data *data, size_t i)
{
    const double x = data->x[i], y = data->y[i];
    if (!isfinite(x) || !isfinite(y))
        return klf_fail(KLF_ERR_DATA, "point %zu is (%g, %g): a fit needs finite numbers", i + 1, x, y);
    if (data->model == KLF_FIT_PLATEAU && x < 0.0)
        return klf_fail(KLF_ERR_DATA, "point %zu has x = %g: a (1 - b^x) is for x >= 0", i + 1, x);
    if (data->errors == KLF_FIT_EQUAL || (x == 0.0 && y == 0.0 && data->error[i] == 0.0))
        return KLF_OK;
    if (!isfinite(data->error[i]) || !(data->error[i] > 0.0))
        return klf_fail(KLF_ERR_DATA, "point %zu, at x = %g, has the error %g: errors must be positive", i + 1, x,
                        data->error[i]);
    return KLF_OK;
}

/* At (0, 0) every model is exact, and such a point says nothing, unless its error is that of a measurement. */
static bool counts(const klf_fit_data *data, size_t i)
{
    return data->x[i] != 0.0 || data->y[i] != 0.0 || (data->errors != KLF_FIT_EQUAL && data->error[i] > 0.0);
}

static klf_status take_points(const klf_fit_data *data, klf_fit_problem *p)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < data->n; i++) {
        KLF_TRY(check_point(data, i));
        if (!counts(data, i))
            continue;
        p->x[p->n] = data->x[i];
        p->y[p->n] = data->y[i];
        p->w[p->n++] = data->errors == KLF_FIT_EQUAL ? 1.0 : 1.0 / data->error[i];
    }
done:
    return st;
}

/* x = 0 tells no model anything about its parameters, and equal x tell of one value of the curve only. */
static klf_status check_number(const klf_fit_data *data, const klf_fit_problem *p)
{
    size_t different = 0;
    for (size_t i = 0; i < p->n && different < N_PARAMETERS; i++) {
        bool is_new = p->x[i] != 0.0;
        for (size_t j = 0; j < i && is_new; j++)
            is_new = p->x[j] != p->x[i];
        different += is_new;
    }
    if (p->n_free == 0)
        return klf_fail(KLF_ERR_USAGE, "both parameters of %s are held: there is nothing to fit",
                        klf_fit_model_table[data->model].formula);
    if (p->n <= p->n_free || different < p->n_free)
        return klf_fail(KLF_ERR_DATA,
                        "%zu point%s at %zu different x beside 0: too few to fit %zu parameter%s and see how well; it takes "
                        "%zu points",
                        p->n, p->n == 1 ? "" : "s", different, p->n_free, p->n_free == 1 ? "" : "s", p->n_free + 1);
    return KLF_OK;
}

static klf_status set_ranges(const klf_fit_data *data, klf_fit_problem *p)
{
    const klf_fit_model_info *info = &klf_fit_model_table[data->model];
    double                    smallest = INFINITY, largest = 0.0;
    for (size_t i = 0; i < p->n; i++)
        if (p->x[i] != 0.0) {
            smallest = fmin(smallest, fabs(p->x[i]));
            if (fabs(p->x[i]) > largest)
                p->far = p->x[i];
            largest = fmax(largest, fabs(p->x[i]));
        }
    for (size_t j = 0; j < N_PARAMETERS; j++) {
        double power = j == AMPLITUDE ? 2.0 : 1.0;
        p->low[j] = p->type->range[j].low / pow(largest, power);
        p->high[j] = p->type->range[j].high / pow(smallest, power);
        if (isnan(data->held[j])) {
            p->free[p->n_free++] = j;
            continue;
        }
        p->natural[j] = klf_fit_natural(p->type, j, data->held[j]);
        bool positive = j == SHAPE || !p->type->linear_amplitude;
        if (!isfinite(p->natural[j]) || (positive && !(p->natural[j] > 0.0)))
            return klf_fail(KLF_ERR_USAGE, "%s of %s cannot be held at %g: it is %s", info->parameter[j], info->formula,
                            data->held[j],
                            !positive                                   ? "a finite number"
                            : j == SHAPE && p->type->shape_is_minus_log ? "between 0 and 1"
                                                                        : "positive");
    }
    return KLF_OK;
}

/* ---- what was found ---- */

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Inverse of J^T J for the columns of J, [n] each. Orthogonalised rather than inverted, which keeps the digits of parameters
 * that are nearly degenerate. False if they are so within rounding. */
static bool invert_normal_matrix(double *column[N_PARAMETERS], size_t n_columns, size_t n,
                                 double out[N_PARAMETERS][N_PARAMETERS])
{
    static const double NOTHING_LEFT = 1e-10;
    double              aa = dot(column[0], column[0], n);
    if (!(aa > 0.0))
        return false;
    out[0][0] = 1.0 / aa;
    if (n_columns == 1)
        return isfinite(out[0][0]);
    double bb = dot(column[1], column[1], n), along = dot(column[0], column[1], n) / aa, rest = 0.0;
    for (size_t i = 0; i < n; i++) {
        double r = column[1][i] - along * column[0][i];
        rest += r * r;
    }
    if (!(rest > NOTHING_LEFT * NOTHING_LEFT * bb))
        return false;
    out[1][1] = 1.0 / rest;
    out[0][1] = out[1][0] = -along / rest;
    out[0][0] += along * along / rest;
    return isfinite(out[0][0]) && isfinite(out[1][1]);
}

static bool is_lost(const klf_fit_problem *p, const bool at_end[N_PARAMETERS])
{
    for (size_t j = 0; j < N_PARAMETERS; j++)
        if (at_end[j] && (p->natural[j] > p->low[j] ? p->type->range[j].at_high : p->type->range[j].at_low) == KLF_FIT_LOST)
            return true;
    return false;
}

static bool find_covariance(klf_fit_problem *p, const bool at_end[N_PARAMETERS], const double reported[N_PARAMETERS],
                            double scale, klf_fit *out)
{
    double *column[N_PARAMETERS], inverse[N_PARAMETERS][N_PARAMETERS], gradient[N_PARAMETERS];
    size_t  which[N_PARAMETERS], n_columns = 0;
    for (size_t k = 0; k < p->n_free; k++)
        if (!at_end[p->free[k]]) {
            which[n_columns] = p->free[k];
            column[n_columns] = p->derivative + n_columns * p->n;
            n_columns++;
        }
    for (size_t i = 0; i < p->n; i++) {
        p->type->gradient(p->natural, p->x[i], gradient);
        for (size_t c = 0; c < n_columns; c++)
            column[c][i] = gradient[which[c]] * p->w[i];
    }
    if (n_columns > 0 && !invert_normal_matrix(column, n_columns, p->n, inverse))
        return false;
    for (size_t c = 0; c < n_columns; c++)
        for (size_t d = 0; d < n_columns; d++)
            out->covariance[which[c]][which[d]] = inverse[c][d] * reported[which[c]] * reported[which[d]] * scale;
    for (size_t j = 0; j < N_PARAMETERS; j++)
        out->error[j] = sqrt(out->covariance[j][j]);
    return true;
}

static void leave_without_errors(const klf_fit_data *data, const bool at_end[N_PARAMETERS], bool all, klf_fit *out)
{
    for (size_t j = 0; j < N_PARAMETERS; j++)
        for (size_t k = 0; k < N_PARAMETERS; k++)
            if (isnan(data->held[j]) && isnan(data->held[k]) && (all || at_end[j] || at_end[k]))
                out->covariance[j][k] = NAN;
    for (size_t j = 0; j < N_PARAMETERS; j++)
        out->error[j] = sqrt(out->covariance[j][j]);
}

static klf_status fit_points(const klf_fit_data *data, klf_fit_problem *p, klf_fit *out)
{
    bool    at_end[N_PARAMETERS];
    double  reported[N_PARAMETERS];
    klf_fit fit = {.n_points = p->n, .n_free = p->n_free, .dof = p->n - p->n_free};
    klf_fit_scan(p, data->held);
    if (!isfinite(klf_fit_weighted_square(p, p->natural)))
        return klf_fail(KLF_ERR_DATA, "the numbers are too large, or their errors too small, to square their ratio");
    const bool rests = klf_fit_solve(p, &fit.steps, at_end);
    klf_fit_report(p->type, p->natural, fit.value, reported);
    for (size_t j = 0; j < N_PARAMETERS; j++)
        if (!isnan(data->held[j]))
            fit.value[j] = data->held[j];
    fit.chi2 = klf_fit_weighted_square(p, p->natural);
    for (size_t i = 0; i < p->n; i++)
        fit.residual_norm = klf_pythagoras(fit.residual_norm, p->type->value(p->natural, p->x[i]) - p->y[i]);
    const double scale = data->errors == KLF_FIT_GIVEN ? 1.0 : fit.chi2 / (double)fit.dof;
    const bool   determined = !is_lost(p, at_end) && find_covariance(p, at_end, reported, scale, &fit);
    fit.verdict = !determined                          ? KLF_FIT_UNDETERMINED
                  : !rests                             ? KLF_FIT_STOPPED
                  : at_end[AMPLITUDE] || at_end[SHAPE] ? KLF_FIT_AT_BOUND
                                                       : KLF_FIT_OK;
    fit.converged = fit.verdict == KLF_FIT_OK || fit.verdict == KLF_FIT_AT_BOUND;
    if (fit.verdict != KLF_FIT_OK)
        leave_without_errors(data, at_end, !fit.converged, &fit);
    *out = fit;
    return KLF_OK;
}

klf_status klf_fit_curve(const klf_fit_data *data, klf_fit *out)
{
    klf_status      st = KLF_OK;
    klf_fit_problem p = {.type = &klf_fit_curve_types[data->model]};
    double         *memory = NULL;
    if (data->n > KLF_FIT_MAX_POINTS)
        return klf_fail(KLF_ERR_DATA, "%zu points are more than a fit takes, %d", data->n, KLF_FIT_MAX_POINTS);
    const size_t n = data->n, columns = 5 + N_PARAMETERS;
    if (!(memory = malloc((n + 1) * columns * sizeof *memory)))
        return klf_fail(KLF_ERR_MEMORY, "no memory to fit %zu points", n);
    p.x = memory;
    p.y = p.x + n;
    p.w = p.y + n;
    p.residual = p.w + n;
    p.work = p.residual + n;
    p.derivative = p.work + n;
    KLF_TRY(take_points(data, &p));
    KLF_TRY(set_ranges(data, &p));
    KLF_TRY(check_number(data, &p));
    st = fit_points(data, &p, out);
done:
    free(memory);
    return st;
}

const char *klf_fit_verdict_name(klf_fit_verdict verdict)
{
    static const char *const name[] = {[KLF_FIT_OK] = "ok",
                                       [KLF_FIT_AT_BOUND] = "at_bound",
                                       [KLF_FIT_UNDETERMINED] = "undetermined",
                                       [KLF_FIT_STOPPED] = "not_converged"};
    return name[verdict];
}
