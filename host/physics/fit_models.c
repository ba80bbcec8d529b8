/* SPDX-License-Identifier: BSD-3-Clause */
/* (3.37), the tanh of the text below it, and the family of (2.35): values and derivatives, without overflow for any x, and how
 * far their parameters can go. The fitting itself is in fit.c. */
#include "physics/fit_models.h"

#include <math.h>

/* a (1 - b^x) with b = e^-rate */
static double plateau(const double natural[N_PARAMETERS], double x)
{
    return x == 0.0 ? 0.0 : -natural[AMPLITUDE] * expm1(-natural[SHAPE] * x);
}

static void plateau_gradient(const double natural[N_PARAMETERS], double x, double out[N_PARAMETERS])
{
    out[AMPLITUDE] = x == 0.0 ? 0.0 : -expm1(-natural[SHAPE] * x);
    out[SHAPE] = x == 0.0 ? 0.0 : natural[AMPLITUDE] * x * exp(-natural[SHAPE] * x);
}

static double tanh_curve(const double natural[N_PARAMETERS], double x)
{
    return natural[AMPLITUDE] * tanh(natural[SHAPE] * x);
}

static void tanh_gradient(const double natural[N_PARAMETERS], double x, double out[N_PARAMETERS])
{
    double e = exp(-fabs(natural[SHAPE] * x)), sech = 2.0 * e / (1.0 + e * e);
    out[AMPLITUDE] = tanh(natural[SHAPE] * x);
    out[SHAPE] = natural[AMPLITUDE] * x * sech * sech;
}

/* u / (1 + u) and, as its derivative by ln u, u / (1 + u)^2: of ln u, as the cosh overflows. */
static void odds(double ln_u, double *share, double *slope)
{
    double e = exp(-fabs(ln_u));
    *share = (ln_u > 0.0 ? 1.0 : e) / (1.0 + e);
    *slope = e / ((1.0 + e) * (1.0 + e));
}

static double ln_u(const double natural[N_PARAMETERS], double x)
{
    static const double LN2 = 0.69314718055994530942;
    double              cx = fabs(natural[SHAPE] * x);
    return log(natural[AMPLITUDE]) + 2.0 * log(fabs(x)) + cx + log1p(exp(-2.0 * cx)) - LN2;
}

static double asymptote(const double natural[N_PARAMETERS], double x)
{
    double share, slope;
    odds(ln_u(natural, x), &share, &slope);
    return share;
}

static void asymptote_gradient(const double natural[N_PARAMETERS], double x, double out[N_PARAMETERS])
{
    double share, slope;
    odds(ln_u(natural, x), &share, &slope);
    out[AMPLITUDE] = slope / natural[AMPLITUDE];
    out[SHAPE] = slope * x * tanh(natural[SHAPE] * x);
}

const klf_fit_model_info klf_fit_model_table[] = {
    [KLF_FIT_PLATEAU] = {"plateau", "a (1 - b^x)", {"a", "b"}},
    [KLF_FIT_TANH] = {"tanh", "alpha tanh(beta x)", {"alpha", "beta"}},
    [KLF_FIT_ASYMPTOTE] = {"asymptote", "u / (1 + u), u = p x^2 cosh(c x)", {"p", "c"}},
};

const klf_fit_curve_type klf_fit_curve_types[] = {
    [KLF_FIT_PLATEAU] = {.value = plateau,
                         .gradient = plateau_gradient,
                         .linear_amplitude = true,
                         .range[SHAPE] = {1e-7, 1e-2, 10.0, 40.0, KLF_FIT_LOST, KLF_FIT_HARMLESS},
                         .shape_is_minus_log = true},
    [KLF_FIT_TANH] = {.value = tanh_curve,
                      .gradient = tanh_gradient,
                      .linear_amplitude = true,
                      .range[SHAPE] = {1e-4, 1e-2, 5.0, 20.0, KLF_FIT_LOST, KLF_FIT_HARMLESS}},
    [KLF_FIT_ASYMPTOTE] = {.value = asymptote,
                           .gradient = asymptote_gradient,
                           .range = {{1e-12, 1e-3, 1e3, 1e12, KLF_FIT_LOST, KLF_FIT_LOST},
                                     {1e-4, 1e-2, 20.0, 700.0, KLF_FIT_HARMLESS, KLF_FIT_LOST}}},
};

void klf_fit_report(const klf_fit_curve_type *type, const double natural[N_PARAMETERS], double value[N_PARAMETERS],
                    double derivative[N_PARAMETERS])
{
    for (size_t j = 0; j < N_PARAMETERS; j++) {
        value[j] = natural[j];
        derivative[j] = 1.0;
    }
    if (type->shape_is_minus_log) {
        value[SHAPE] = exp(-natural[SHAPE]);
        derivative[SHAPE] = -value[SHAPE];
    }
}

double klf_fit_natural(const klf_fit_curve_type *type, size_t parameter, double value)
{
    return parameter == SHAPE && type->shape_is_minus_log ? -log(value) : value;
}

double klf_fit_value(klf_fit_model model, const double parameter[N_PARAMETERS], double x)
{
    const klf_fit_curve_type *type = &klf_fit_curve_types[model];
    double                    natural[N_PARAMETERS];
    for (size_t j = 0; j < N_PARAMETERS; j++)
        natural[j] = klf_fit_natural(type, j, parameter[j]);
    return type->value(natural, x);
}
