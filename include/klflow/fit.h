/* SPDX-License-Identifier: BSD-3-Clause */
/** Weighted nonlinear least squares of the paper's curves to data (x, y), with errors and a verdict.
 *
 *      plateau     y = a (1 - b^x),  0 < b < 1               (3.37), relative entropy against depth; x >= 0
 *      tanh        y = alpha tanh(beta x),  beta > 0         below (3.37), its plateau against var_w
 *      asymptote   y = u / (1 + u),  u = p x^2 cosh(c x)     the family of (2.35), which has p = c = 1 / (2 ln 2); p, c > 0
 *
 *      klf_fit fit;
 *      KLF_TRY(klf_fit_curve(&(klf_fit_data){.model = KLF_FIT_PLATEAU, .errors = KLF_FIT_SCALED, .n = 28, .x = layer, .y = kl,
 *                                            .error = kl_stderr, .held = {NAN, NAN}}, &fit));
 *      printf("a = %g +- %g\n", fit.value[0], fit.error[0]);
 *
 *  Starting values come from a scan, so nobody has to guess any. */
#ifndef KLFLOW_FIT_H
#define KLFLOW_FIT_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KLF_FIT_PARAMETERS = 2, /**< of every model */ KLF_FIT_MAX_POINTS = 10000000 };

typedef enum klf_fit_model { KLF_FIT_PLATEAU, KLF_FIT_TANH, KLF_FIT_ASYMPTOTE, KLF_FIT_N_MODELS } klf_fit_model;

typedef struct klf_fit_model_info {
    const char *name, *formula;
    const char *parameter[KLF_FIT_PARAMETERS];
} klf_fit_model_info;

/** [KLF_FIT_N_MODELS] */
extern const klf_fit_model_info klf_fit_model_table[];

/** The curve at x for parameters in the order of the table. */
double klf_fit_value(klf_fit_model model, const double parameter[KLF_FIT_PARAMETERS], double x);

/** What the parameters' errors rest on. */
typedef enum klf_fit_errors {
    KLF_FIT_GIVEN,  /**< the points' errors as they stand */
    KLF_FIT_SCALED, /**< the points' errors weigh them, and the scatter about the curve says how large they really are: the
                         parameters' errors are multiplied by sqrt(chi2 / dof) */
    KLF_FIT_EQUAL,  /**< all points weigh the same; their error is that scatter. chi2 is then a sum of squares of y */
} klf_fit_errors;

typedef struct klf_fit_data {
    klf_fit_model  model;
    klf_fit_errors errors;
    size_t         n;
    const double  *x, *y, *error;            /**< [n]; error: standard errors of y, NULL for KLF_FIT_EQUAL */
    double         held[KLF_FIT_PARAMETERS]; /**< parameters that are not fitted but have this value; NaN: fitted */
} klf_fit_data;

typedef enum klf_fit_verdict {
    KLF_FIT_OK,
    KLF_FIT_AT_BOUND, /**< a minimum at the end of a parameter's range, such as b = 0; that parameter has no error, the other
                           one's is that of a fit with it held */
    KLF_FIT_UNDETERMINED, /**< the data do not tell the parameters apart: no bend in a straight line, no b in a flat one */
    KLF_FIT_STOPPED,      /**< no minimum after the largest number of steps */
} klf_fit_verdict;

/** "ok", "at_bound", "undetermined", "not_converged". */
const char *klf_fit_verdict_name(klf_fit_verdict verdict);

typedef struct klf_fit {
    size_t n_points; /**< that were fitted: without those at (0, 0) that have no error, where every model is 0 anyway */
    size_t n_free;
    size_t dof;                                                /**< n_points - n_free */
    double value[KLF_FIT_PARAMETERS];                          /**< in the order of klf_fit_model_table */
    double error[KLF_FIT_PARAMETERS];                          /**< standard errors: 0 if held, NaN if there is none */
    double covariance[KLF_FIT_PARAMETERS][KLF_FIT_PARAMETERS]; /**< likewise */
    double chi2;                                               /**< at the minimum, with the errors as given */
    double residual_norm;                                      /**< root of the sum of (y - curve)^2, in units of y */
    size_t steps;                                              /**< evaluations of the curve by the solver */
    klf_fit_verdict verdict;
    bool            converged; /**< verdict is KLF_FIT_OK or KLF_FIT_AT_BOUND */
} klf_fit;

/** Fits. *out is written only on KLF_OK, which does not mean converged.
 *  KLF_ERR_DATA with a sentence, in which points count from 1, if a number is not finite, an error is not positive, x is out of
 *  the model's range, or there are not more points than free parameters (at different x != 0). KLF_ERR_USAGE if a held value is
 *  out of range. KLF_ERR_MEMORY. */
klf_status klf_fit_curve(const klf_fit_data *data, klf_fit *out);

#ifdef __cplusplus
}
#endif
#endif
