/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits to many samples of noise: the errors that are reported are those that are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "physics/fit_test.h"

typedef struct moments {
    double n, pull[2], square[2], product, chi2, correlation;
} moments;

/* told: the errors that the fit is told, over the scatter. */
static moments many_fits(klf_fit_model model, const double *parameter, double first, double step, klf_fit_errors errors,
                         double told, size_t n_fits)
{
    moments m = {0};
    for (size_t k = 0; k < n_fits; k++) {
        sample s = on_curve(model, parameter, first, step);
        add_noise(k + 1, 1.0, &s);
        for (size_t i = 0; i < N; i++)
            s.error[i] *= told;
        const klf_fit_data data = data_of(model, errors, &s);
        klf_fit            f;
        double             pull[2];
        fit(&data, &f);
        assert_true(f.converged);
        for (size_t j = 0; j < 2; j++) {
            pull[j] = (f.value[j] - parameter[j]) / f.error[j];
            m.pull[j] += pull[j];
            m.square[j] += pull[j] * pull[j];
        }
        m.product += pull[A] * pull[B];
        m.correlation += f.covariance[A][B] / (f.error[A] * f.error[B]);
        m.chi2 += f.chi2;
        m.n += 1.0;
    }
    return m;
}

/* Noise of the size that the fit is told: pulls of mean 0 and width 1, correlated as the covariance says, chi2 = dof on
 * average; each within five standard errors of 2000 fits, and the little by which the curves are not linear in the parameters.
 */
static void test_pulls(void **state)
{
    (void)state;
    const struct {
        klf_fit_model model;
        double        parameter[2], first, step;
    } cases[] = {{KLF_FIT_PLATEAU, {0.7, 0.55}, 1.0, 1.0},
                 {KLF_FIT_TANH, {1.9, 0.42}, 0.5, 0.25},
                 {KLF_FIT_ASYMPTOTE, {0.72, 0.72}, 0.2, 0.15}};
    const double five = 5.0 / sqrt(2000.0);
    for (size_t k = 0; k < COUNT(cases); k++) {
        const moments m = many_fits(cases[k].model, cases[k].parameter, cases[k].first, cases[k].step, KLF_FIT_GIVEN, 1.0,
                                    2000);
        for (size_t j = 0; j < 2; j++) {
            assert_close(m.pull[j] / m.n, 0.0, five + 0.02, "mean pull");
            assert_close(m.square[j] / m.n, 1.0, five * sqrt(2.0) + 0.01, "width of the pulls, squared");
        }
        assert_close((m.product - m.correlation) / m.n, 0.0, five * sqrt(2.0), "correlation of the pulls");
        assert_close(m.chi2 / m.n, N - 2, 5.0 * sqrt(2.0 * (N - 2) / m.n), "mean chi2");
    }
}

/* Scatter ten times the errors that the fit is told: scaled errors are right, those given are ten times too small. With 26
 * degrees of freedom pulls follow Student's t, of variance 26 / 24. */
static void test_scaled_errors(void **state)
{
    (void)state;
    const double t_variance = (double)(N - 2) / (N - 4), five = 5.0 * sqrt(2.5 / 2000.0);
    const double v[] = {0.7, 0.55};
    moments      m = many_fits(KLF_FIT_PLATEAU, v, 1.0, 1.0, KLF_FIT_SCALED, 0.1, 2000);
    for (size_t j = 0; j < 2; j++)
        assert_close(m.square[j] / m.n, t_variance, five + 0.05, "width of the pulls, squared");
    assert_close(m.chi2 / m.n / (N - 2), 100.0, 500.0 * sqrt(2.0 / (N - 2) / m.n), "mean chi2 / dof");
    m = many_fits(KLF_FIT_PLATEAU, v, 1.0, 1.0, KLF_FIT_GIVEN, 0.1, 2000);
    for (size_t j = 0; j < 2; j++)
        assert_close(m.square[j] / m.n, 100.0, 100.0 * five + 5.0, "the same with errors as given");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pulls), cmocka_unit_test(test_scaled_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
