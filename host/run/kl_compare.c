/* SPDX-License-Identifier: BSD-3-Clause */
/* Differences, combined errors and verdicts of kl_compare.h. Every comparison is written so that NaN fails. */
#include "run/kl_compare.h"

#include "core/pythagoras.h"

#include <math.h>
#include <stdlib.h>

double klf_rounding_tolerance(klf_precision precision)
{
    switch (precision) {
    case KLF_FP64: return 1e-12;
    case KLF_FP32:
    case KLF_TF32X3: return 1e-6;
    default: return klf_format_roundoff(klf_precision_format(precision));
    }
}

/* The probability that a normal is farther from its mean. */
static double two_sided(double sigmas)
{
    return erfc(sigmas / sqrt(2.0));
}

double klf_sigmas_among(double sigmas, size_t n)
{
    const double chance = two_sided(sigmas) / (double)(n > 1 ? n : 1);
    double       low = sigmas, high = sigmas + 40.0; /* two_sided(40) is below 1e-300: no n reaches it */
    if (n <= 1 || !(chance > 0.0))                   /* beyond the range of erfc no layer is there by chance */
        return sigmas;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (two_sided(middle) > chance)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Each of two results in turn. */
typedef struct quantity {
    double value[2], error[2], scale[2];
    double bias_bound[2], rounding_error[2];
} quantity;

static double larger(double x, double y)
{
    return fabs(x) > fabs(y) ? fabs(x) : fabs(y);
}

/* The larger of two sizes; a NaN stays one. */
static double keep_larger(double so_far, double value)
{
    return isnan(so_far) || value <= so_far ? so_far : value;
}

/* x / y, with 0 / 0 = 0: no difference is within any tolerance. */
static double ratio(double x, double y)
{
    return x == 0.0 && !isnan(y) ? 0.0 : x / y;
}

/* Sums over samples in double, in any order, and the arithmetic behind them. */
static const double FLOOR = 1e-12;
/* Standard errors of what rounding does sample by sample; beyond 5 is nothing by chance. */
static const double ROUNDING_SIGMAS = 5.0;

/* How far rounding may take the two apart. */
static double rounding_of(const quantity *q, double scale, klf_tolerance tolerance)
{
    if (!isnan(tolerance.relative))
        return tolerance.relative * scale;
    const double stated = q->bias_bound[0] + q->bias_bound[1] +
                          ROUNDING_SIGMAS * klf_pythagoras(q->rounding_error[0], q->rounding_error[1]);
    return isnan(stated) ? tolerance.otherwise * scale : FLOOR * scale + stated;
}

/* Takes a quantity into what is known of the layer. */
static void take(const quantity *q, klf_cause cause, klf_tolerance tolerance, klf_layer_difference *out)
{
    if (isnan(q->value[0]) && isnan(q->value[1])) /* neither has it: a degenerate layer, an estimator that was not asked for */
        return;
    const double difference = fabs(q->value[1] - q->value[0]),
                 error = sqrt(q->error[0] * q->error[0] + q->error[1] * q->error[1]);
    const double scale = larger(q->scale[0], q->scale[1]), relative = ratio(difference, scale);
    const double rounding = rounding_of(q, scale, tolerance);
    const double allowed = rounding + (cause == KLF_STATISTICS ? tolerance.sigmas * error : 0.0);
    const double share = ratio(difference, allowed);
    if (isnan(out->tolerance_q) || !(share <= out->share))
        out->tolerance_q = ratio(rounding, scale);
    out->share = keep_larger(out->share, isnan(share) ? INFINITY : share);
    out->relative_q = keep_larger(out->relative_q, relative);
    out->sigmas = keep_larger(out->sigmas, ratio(difference, error));
}

enum { N_COMPARED = 3 };

/* A quantity, its error, what its rounding is measured on, and how far that shifts it. */
static const struct {
    klf_kl_field value, error, scale, bias_bound;
} compared[N_COMPARED] = {{KLF_KL_KL, KLF_KL_KL_STDERR, KLF_KL_TERM_QUADRATIC, KLF_KL_KL_BIAS_BOUND},
                          {KLF_KL_Q_DIRECT, KLF_KL_Q_STDERR, KLF_KL_Q_DIRECT, KLF_KL_Q_BIAS_BOUND},
                          {KLF_KL_Q_GRAM, KLF_KL_Q_STDERR, KLF_KL_Q_GRAM, KLF_KL_Q_BIAS_BOUND}};

/* An estimator that was not asked for has no number at any layer. KL is always asked for. */
static bool has(const klf_kl_point *point, klf_kl_field field)
{
    bool any = field == KLF_KL_KL;
    for (size_t i = 0; i < point->n_layers; i++)
        any = any || !isnan(point->value[field][i]);
    return any;
}

/* What both results have. */
typedef struct selection {
    bool quantity[N_COMPARED];
} selection;

static selection select_compared(const klf_kl_point *a, const klf_kl_point *b)
{
    selection s;
    for (size_t k = 0; k < N_COMPARED; k++)
        s.quantity[k] = has(a, compared[k].value) && has(b, compared[k].value);
    return s;
}

static quantity get(const klf_kl_point *const side[2], size_t k, size_t i)
{
    quantity q;
    for (size_t s = 0; s < 2; s++) {
        const klf_kl_point *p = side[s];
        q.value[s] = p->value[compared[k].value][i];
        q.error[s] = p->value[compared[k].error][i];
        q.scale[s] = p->value[compared[k].scale][i];
        q.bias_bound[s] = p->value[compared[k].bias_bound][i];
        q.rounding_error[s] = p->value[KLF_KL_Q_ROUNDING_STDERR][i] *
                              (compared[k].value == KLF_KL_KL ? 0.5 / p->value[KLF_KL_VAR][i] : 1.0);
    }
    return q;
}

/* NaN if one of the two does not have the moment. */
static double largest_difference(size_t n, const double *a, const double *b)
{
    double largest = a && b ? 0.0 : NAN;
    for (size_t i = 0; a && b && i < n; i++)
        largest = keep_larger(largest, fabs(a[i] - b[i]));
    return largest;
}

static klf_layer_difference compare_layer(const klf_kl_point *a, const klf_kl_point *b, size_t i, klf_cause cause,
                                          klf_tolerance tolerance, const selection *wanted)
{
    klf_layer_difference out = {
        .layer = a->reference_layer + i, .kl_a = a->value[KLF_KL_KL][i], .kl_b = b->value[KLF_KL_KL][i], .tolerance_q = NAN};
    out.difference = out.kl_b - out.kl_a;
    out.relative = ratio(fabs(out.difference), larger(out.kl_a, out.kl_b));
    const size_t width = a->width[i];
    out.f_j = a->f_j && b->f_j ? largest_difference(width, a->f_j[i], b->f_j[i]) : NAN;
    out.f_jk = a->f_jk && b->f_jk ? largest_difference(width * width, a->f_jk[i], b->f_jk[i]) : NAN;
    for (size_t k = 0; k < N_COMPARED; k++) {
        const quantity q = get((const klf_kl_point *[]){a, b}, k, i);
        if (wanted->quantity[k])
            take(&q, cause, tolerance, &out);
    }
    if (a->layer_status[i] != b->layer_status[i])
        out.share = INFINITY;
    out.within = out.share <= 1.0;
    return out;
}

static int by_share(const void *x, const void *y)
{
    const klf_layer_difference *a = x, *b = y;
    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    return a->layer < b->layer ? -1 : a->layer > b->layer;
}

klf_status klf_kl_compare(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause, klf_tolerance tolerance,
                          klf_point_difference *out)
{
    const size_t n = a->n_layers;
    *out = (klf_point_difference){.cause = cause, .tolerance = tolerance, .n_layers = n};
    if (!(out->layer = malloc(n * sizeof *out->layer))) {
        *out = (klf_point_difference){0};
        return klf_fail(KLF_ERR_MEMORY, "no memory to compare %zu layers", n);
    }
    const selection wanted = select_compared(a, b);
    for (size_t i = 0; i < n; i++)
        out->layer[i] = compare_layer(a, b, i, cause, tolerance, &wanted);
    qsort(out->layer, n, sizeof *out->layer, by_share);
    out->within = out->layer[0].within;
    return KLF_OK;
}

klf_layer_difference klf_kl_worst_layer(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause, klf_tolerance tolerance)
{
    const selection      wanted = select_compared(a, b);
    klf_layer_difference worst = compare_layer(a, b, 0, cause, tolerance, &wanted);
    for (size_t i = 1; i < a->n_layers; i++) {
        const klf_layer_difference layer = compare_layer(a, b, i, cause, tolerance, &wanted);
        if (by_share(&layer, &worst) < 0)
            worst = layer;
    }
    return worst;
}

void klf_point_difference_free(klf_point_difference *difference)
{
    free(difference->layer);
    *difference = (klf_point_difference){0};
}

size_t klf_kl_sampled_layers(const klf_kl_point *a, const klf_kl_point *b)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_layers; i++)
        n += a->value[KLF_KL_Q_STDERR][i] > 0.0 || b->value[KLF_KL_Q_STDERR][i] > 0.0;
    return n;
}
