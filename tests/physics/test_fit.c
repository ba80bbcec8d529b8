/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits: data on the curve give its parameters back; a minimum found by another method; covariances against second derivatives
 * taken numerically; data that determine less than was asked for, and data that are refused. What comes out of many samples of
 * noise: test_fit_pulls.c. */
#include "klflow/ising1d.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "physics/fit_test.h"

/* ---- the curves ---- */

/* At parameters that make them easy: in closed form, and (2.35) as the Ising chain has it. */
static void test_curves(void **state)
{
    (void)state;
    const double p = 0.5 / log(2.0);
    for (double x = 0.0; x < 8.0; x += 0.25) {
        assert_close(klf_fit_value(KLF_FIT_PLATEAU, (double[]){1.5, 0.25}, x), 1.5 * (1.0 - pow(0.25, x)), 4e-16, "plateau");
        assert_close(klf_fit_value(KLF_FIT_TANH, (double[]){-1.5, 0.5}, x), -1.5 * tanh(0.5 * x), 0.0, "tanh");
        assert_close(klf_fit_value(KLF_FIT_ASYMPTOTE, (double[]){p, p}, x), klf_ising1d_s_inf_fit(x), 1e-15, "(2.35)");
    }
    assert_close(klf_fit_value(KLF_FIT_PLATEAU, (double[]){1.5, 0.0}, 0.0), 0.0, 0.0, "plateau at 0, b = 0");
    assert_close(klf_fit_value(KLF_FIT_PLATEAU, (double[]){1.5, 0.0}, 1.0), 1.5, 0.0, "plateau at 1, b = 0");
    assert_close(klf_fit_value(KLF_FIT_ASYMPTOTE, (double[]){p, p}, 1e5), 1.0, 0.0, "(2.35) where cosh overflows");
}

/* ---- the minimum ---- */

/* The error of what is found is that of rounding, 1e-16 of y, times the condition of the problem: with b = 0.999 the plateau is
 * 35 times farther away than the data go. */
static void test_data_on_the_curve(void **state)
{
    (void)state;
    const struct {
        klf_fit_model model;
        double        parameter[2], first, step, tolerance;
    } cases[] = {
        {KLF_FIT_PLATEAU, {0.7, 0.55}, 0.0, 1.0, 1e-12},        {KLF_FIT_PLATEAU, {-2.5, 0.9}, 1.0, 1.0, 1e-12},
        {KLF_FIT_PLATEAU, {1e-5, 0.01}, 0.0, 1.0, 1e-12},       {KLF_FIT_PLATEAU, {3e4, 0.999}, 0.0, 1.0, 1e-8},
        {KLF_FIT_PLATEAU, {0.7, 0.9999999}, 1e5, 1e6, 1e-8},    {KLF_FIT_TANH, {1.9, 0.42}, 0.5, 0.25, 1e-12},
        {KLF_FIT_TANH, {-0.3, 7.0}, 0.01, 0.02, 1e-12},         {KLF_FIT_TANH, {2.0, 0.01}, 0.5, 0.25, 1e-8},
        {KLF_FIT_TANH, {1.0, 2e-6}, -1e6, 1e5, 1e-10},          {KLF_FIT_ASYMPTOTE, {0.72, 0.72}, 0.1, 0.25, 1e-12},
        {KLF_FIT_ASYMPTOTE, {1.44, 2.0}, 0.02, 0.015, 1e-10},   {KLF_FIT_ASYMPTOTE, {0.1, 0.5}, -3.0, 0.33, 1e-10},
        {KLF_FIT_ASYMPTOTE, {7e-7, 5e-4}, 100.0, 250.0, 1e-10},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        const sample s = on_curve(cases[k].model, cases[k].parameter, cases[k].first, cases[k].step);
        for (int errors = KLF_FIT_GIVEN; errors <= KLF_FIT_EQUAL; errors++) {
            const klf_fit_data data = data_of(cases[k].model, (klf_fit_errors)errors, &s);
            klf_fit            f;
            fit(&data, &f);
            if (!f.converged || f.verdict != KLF_FIT_OK)
                fail_msg("case %zu: %s after %zu steps", k, klf_fit_verdict_name(f.verdict), f.steps);
            for (size_t j = 0; j < 2; j++)
                assert_close(f.value[j] / cases[k].parameter[j], 1.0, cases[k].tolerance, "parameter over what it should be");
        }
    }
}

/* For a given b the best a is a quotient of sums, so chi2 is a function of b alone, whose minimum golden sections find to the
 * root of rounding. */
static double best_a(const sample *s, double b, double *chi2)
{
    double fy = 0.0, ff = 0.0;
    for (size_t i = 0; i < N; i++) {
        double f = (1.0 - pow(b, s->x[i])) / s->error[i];
        fy += f * s->y[i] / s->error[i];
        ff += f * f;
    }
    *chi2 = 0.0;
    for (size_t i = 0; i < N; i++)
        *chi2 += pow((s->y[i] - fy / ff * (1.0 - pow(b, s->x[i]))) / s->error[i], 2);
    return fy / ff;
}

static void test_minimum_by_golden_section(void **state)
{
    (void)state;
    const double golden = 0.5 * (sqrt(5.0) - 1.0);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        sample s = on_curve(KLF_FIT_PLATEAU, (double[]){0.3, 0.2 + 0.014 * (double)seed}, 1.0, 1.0);
        double low = 0.0, high = 1.0, chi2, other;
        add_noise(seed, 1.0, &s);
        while (high - low > 1e-10) {
            double left = high - golden * (high - low), right = low + golden * (high - low);
            best_a(&s, left, &chi2);
            best_a(&s, right, &other);
            if (chi2 < other)
                high = right;
            else
                low = left;
        }
        const klf_fit_data data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
        klf_fit            f;
        const double       a = best_a(&s, 0.5 * (low + high), &chi2);
        fit(&data, &f);
        assert_int_equal(f.verdict, KLF_FIT_OK);
        assert_close(f.chi2, chi2, 1e-12 * chi2, "chi2");
        /* a minimum known to 1e-15 in its value is known to a few 1e-8 of the width of that minimum */
        assert_close(f.value[A], a, 1e-6 * f.error[A], "a");
        assert_close(f.value[B], 0.5 * (low + high), 1e-6 * f.error[B], "b");
    }
}

/* ---- covariance ---- */

static double chi2_at(klf_fit_model model, const sample *s, double first, double second)
{
    double sum = 0.0;
    for (size_t i = 0; i < N; i++)
        sum += pow((s->y[i] - klf_fit_value(model, (double[]){first, second}, s->x[i])) / s->error[i], 2);
    return sum;
}

/* On the curve, where there are no residuals, the covariance is the inverse of half the second derivatives of chi2. */
static void test_covariance_by_second_derivatives(void **state)
{
    (void)state;
    const struct {
        klf_fit_model model;
        double        parameter[2], first, step;
    } cases[] = {{KLF_FIT_PLATEAU, {0.7, 0.55}, 1.0, 1.0},
                 {KLF_FIT_PLATEAU, {-1.2, 0.95}, 1.0, 1.0},
                 {KLF_FIT_TANH, {1.9, 0.42}, 0.5, 0.25},
                 {KLF_FIT_ASYMPTOTE, {0.72, 0.9}, 0.1, 0.15}};
    for (size_t k = 0; k < COUNT(cases); k++) {
        const klf_fit_model model = cases[k].model;
        const double       *v = cases[k].parameter;
        const sample        s = on_curve(model, v, cases[k].first, cases[k].step);
        const klf_fit_data  data = data_of(model, KLF_FIT_GIVEN, &s);
        klf_fit             f;
        fit(&data, &f);
        const double d[2] = {1e-3 * f.error[A], 1e-3 * f.error[B]};
        double       h[2][2];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) {
                double sum = 0.0;
                for (int corner = 0; corner < 4; corner++) {
                    double si = corner & 1 ? 1.0 : -1.0, sj = corner & 2 ? 1.0 : -1.0, at[2] = {v[0], v[1]};
                    at[i] += si * d[i];
                    at[j] += sj * d[j];
                    sum += si * sj * chi2_at(model, &s, at[0], at[1]);
                }
                h[i][j] = 0.5 * sum / (4.0 * d[i] * d[j]);
            }
        const double det = h[0][0] * h[1][1] - h[0][1] * h[1][0];
        /* steps of 1e-3 standard errors leave 1e-6 of curvature and 1e-10 of rounding */
        assert_close(f.covariance[A][A] * det / h[1][1], 1.0, 1e-4, "var a");
        assert_close(f.covariance[B][B] * det / h[0][0], 1.0, 1e-4, "var b");
        assert_close(-f.covariance[A][B] * det / h[0][1], 1.0, 1e-4, "cov");
        assert_close(f.covariance[B][A], f.covariance[A][B], 0.0, "symmetry");
        assert_close(f.error[A], sqrt(f.covariance[A][A]), 0.0, "error of a");
    }
}

/* With b held a is a weighted mean, and its error one over the root of the weights. */
static void test_held(void **state)
{
    (void)state;
    sample s = on_curve(KLF_FIT_PLATEAU, (double[]){0.7, 0.5}, 1.0, 1.0);
    add_noise(1, 1.0, &s);
    klf_fit_data data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
    data.held[B] = 0.6;
    klf_fit f;
    double  fy = 0.0, ff = 0.0;
    for (size_t i = 0; i < N; i++) {
        double g = (1.0 - pow(0.6, s.x[i])) / s.error[i];
        fy += g * s.y[i] / s.error[i];
        ff += g * g;
    }
    fit(&data, &f);
    assert_close(f.value[A], fy / ff, 1e-14, "a");
    assert_close(f.error[A], 1.0 / sqrt(ff), 1e-15, "error of a");
    assert_close(f.value[B], 0.6, 0.0, "b");
    assert_close(f.error[B], 0.0, 0.0, "error of b");
    assert_int_equal(f.dof, N - 1);
    data.held[B] = NAN;
    data.held[A] = 0.7;
    fit(&data, &f);
    assert_close(f.value[B], 0.5, 4.0 * f.error[B], "b with a held");
    assert_close(f.covariance[A][B], 0.0, 0.0, "covariance with what is held");
}

/* ---- kinds of errors ---- */

/* The three ways to treat errors differ by factors alone where the errors are equal. */
static void test_kinds_of_errors(void **state)
{
    (void)state;
    sample s = on_curve(KLF_FIT_PLATEAU, (double[]){0.7, 0.55}, 1.0, 1.0);
    for (size_t i = 0; i < N; i++)
        s.error[i] = 0.02;
    add_noise(7, 3.0, &s);
    klf_fit            given, scaled, equal;
    const klf_fit_data data[] = {data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s), data_of(KLF_FIT_PLATEAU, KLF_FIT_SCALED, &s),
                                 data_of(KLF_FIT_PLATEAU, KLF_FIT_EQUAL, &s)};
    fit(&data[0], &given);
    fit(&data[1], &scaled);
    fit(&data[2], &equal);
    const double factor = sqrt(given.chi2 / (double)given.dof);
    assert_true(factor > 2.0);
    assert_close(scaled.chi2, given.chi2, 0.0, "chi2");
    assert_close(equal.chi2 / given.chi2, 0.02 * 0.02, 1e-14, "chi2 of equal weights");
    assert_close(equal.residual_norm, sqrt(equal.chi2), 1e-15, "norm of the residuals");
    for (size_t j = 0; j < 2; j++) {
        assert_close(scaled.value[j], given.value[j], 0.0, "value");
        assert_close(equal.value[j], given.value[j], 1e-6 * given.error[j], "value with equal weights");
        assert_close(scaled.error[j] / given.error[j], factor, 1e-14 * factor, "scaled error");
        assert_close(equal.error[j] / scaled.error[j], 1.0, 1e-6, "error with equal weights");
    }
}

/* ---- data that determine less ---- */

static void expect(klf_fit_model model, const sample *s, klf_fit_verdict verdict, klf_fit *f)
{
    const klf_fit_data data = data_of(model, KLF_FIT_GIVEN, s);
    fit(&data, f);
    if (f->verdict != verdict)
        fail_msg("%s: %s, expected %s", klf_fit_model_table[model].name, klf_fit_verdict_name(f->verdict),
                 klf_fit_verdict_name(verdict));
    assert_int_equal(f->converged, verdict == KLF_FIT_OK || verdict == KLF_FIT_AT_BOUND);
    if (!f->converged)
        assert_true(isnan(f->error[A]) && isnan(f->error[B]) && isnan(f->covariance[A][B]));
}

static void test_edges(void **state)
{
    (void)state;
    klf_fit f;
    sample  s = on_curve(KLF_FIT_PLATEAU, (double[]){0.0, 0.5}, 1.0, 1.0);
    expect(KLF_FIT_PLATEAU, &s, KLF_FIT_UNDETERMINED, &f); /* flat: any b */
    assert_close(f.value[A], 0.0, 0.0, "a of a flat curve");
    expect(KLF_FIT_TANH, &s, KLF_FIT_UNDETERMINED, &f);

    for (size_t i = 0; i < N; i++)
        s.y[i] = 0.7; /* there at the first layer: b = 0 within rounding, and a is known */
    expect(KLF_FIT_PLATEAU, &s, KLF_FIT_AT_BOUND, &f);
    double weight = 0.0;
    for (size_t i = 0; i < N; i++)
        weight += 1.0 / (s.error[i] * s.error[i]);
    assert_close(f.value[A], 0.7, 1e-9, "a at b = 0");
    assert_close(f.value[B], 0.0, 1e-15, "b = 0");
    assert_close(f.error[A], 1.0 / sqrt(weight), 1e-9, "error of a, that of a mean");
    assert_true(isnan(f.error[B]) && isnan(f.covariance[A][B]));

    s.y[0] = 0.9; /* above the plateau: no b >= 0 does that, and the best is 0 */
    expect(KLF_FIT_PLATEAU, &s, KLF_FIT_AT_BOUND, &f);
    assert_close(f.value[B], 0.0, 1e-15, "b that would be negative");
    assert_close(f.error[A], 1.0 / sqrt(weight), 1e-9, "error of a");

    for (size_t i = 0; i < N; i++)
        s.y[i] = 0.01 * s.x[i]; /* no bend: only the slope is known */
    expect(KLF_FIT_PLATEAU, &s, KLF_FIT_UNDETERMINED, &f);
    assert_close(f.value[A] * (1.0 - f.value[B]), 0.01, 1e-4, "slope");
    expect(KLF_FIT_TANH, &s, KLF_FIT_UNDETERMINED, &f);
    assert_close(f.value[A] * f.value[B], 0.01, 1e-5, "slope of a tanh");

    for (size_t i = 0; i < N; i++)
        s.y[i] = 0.01 * s.x[i] * s.x[i]; /* bent the other way */
    expect(KLF_FIT_PLATEAU, &s, KLF_FIT_UNDETERMINED, &f);

    for (size_t i = 0; i < N; i++)
        s.y[i] = 0.3; /* no power of x: p and c run away */
    s.x[0] = -s.x[0];
    const klf_fit_data data = data_of(KLF_FIT_ASYMPTOTE, KLF_FIT_GIVEN, &s);
    fit(&data, &f);
    assert_true(f.chi2 > 1.0);
}

/* Pure noise about 0: whatever comes out, it is finite, and a is 0 within a few of its errors where it has one. */
static void test_noise_alone(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        sample s = on_curve(KLF_FIT_PLATEAU, (double[]){0.0, 0.5}, 1.0, 1.0);
        add_noise(seed, 1.0, &s);
        const klf_fit_data data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
        klf_fit            f;
        fit(&data, &f);
        assert_true(isfinite(f.value[A]) && f.value[B] >= 0.0 && f.value[B] <= 1.0);
        assert_true(f.chi2 < chi2_at(KLF_FIT_PLATEAU, &s, 0.0, 0.5));
        if (f.converged && f.value[B] < 0.9)
            assert_close(f.value[A], 0.0, 5.0 * f.error[A], "a");
    }
}

/* ---- what counts, and what is refused ---- */

static void test_origin(void **state)
{
    (void)state;
    sample s = on_curve(KLF_FIT_PLATEAU, (double[]){0.7, 0.55}, 0.0, 1.0);
    add_noise(3, 1.0, &s);
    s.y[0] = s.error[0] = 0.0; /* the reference layer: exact, and the same for every a and b */
    klf_fit_data data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
    klf_fit      all, rest;
    fit(&data, &all);
    data.n--;
    data.x++;
    data.y++;
    data.error++;
    fit(&data, &rest);
    assert_int_equal(all.n_points, N - 1);
    assert_int_equal(all.dof, N - 3);
    assert_memory_equal(&all, &rest, sizeof all);
    s.error[0] = 0.01; /* measured: it counts */
    data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
    fit(&data, &all);
    assert_int_equal(all.dof, N - 2);
}

static void refuse(const klf_fit_data *data, klf_status status, const char *sentence)
{
    klf_fit f;
    assert_int_equal(klf_fit_curve(data, &f), status);
    if (strstr(klf_last_error(), sentence) == NULL)
        fail_msg("said '%s', expected '%s'", klf_last_error(), sentence);
}

static void test_refused(void **state)
{
    (void)state;
    const sample good = on_curve(KLF_FIT_PLATEAU, (double[]){0.7, 0.55}, 0.0, 1.0);
    sample       s = good;
    klf_fit_data data = data_of(KLF_FIT_PLATEAU, KLF_FIT_GIVEN, &s);
    s.y[3] = NAN;
    refuse(&data, KLF_ERR_DATA, "point 4 is (3, nan): a fit needs finite numbers");
    s.y[3] = INFINITY;
    refuse(&data, KLF_ERR_DATA, "finite");
    s = good;
    s.x[5] = NAN;
    refuse(&data, KLF_ERR_DATA, "point 6 is (nan");
    s = good;
    s.x[5] = -1.0;
    refuse(&data, KLF_ERR_DATA, "point 6 has x = -1: a (1 - b^x) is for x >= 0");
    s = good;
    s.error[2] = 0.0;
    refuse(&data, KLF_ERR_DATA, "point 3, at x = 2, has the error 0: errors must be positive");
    s.error[2] = NAN;
    refuse(&data, KLF_ERR_DATA, "has the error nan");
    s.error[2] = -1.0;
    refuse(&data, KLF_ERR_DATA, "has the error -1");
    s = good;
    s.y[2] = 1e300;
    refuse(&data, KLF_ERR_DATA, "too large");
    s = good;
    data.n = 2;
    refuse(&data, KLF_ERR_DATA, "2 points at 1 different x beside 0: too few to fit 2 parameters and see how well; it takes 3");
    s.error[0] = s.y[0] = 0.0;
    data.n = 3;
    refuse(&data, KLF_ERR_DATA, "2 points at 2 different x beside 0: too few");
    data.n = 0;
    refuse(&data, KLF_ERR_DATA, "0 points");
    s = good;
    for (size_t i = 0; i < N; i++)
        s.x[i] = 2.0;
    data.n = N;
    refuse(&data, KLF_ERR_DATA, "28 points at 1 different x");
    s = good;
    data.held[B] = 1.0;
    refuse(&data, KLF_ERR_USAGE, "b of a (1 - b^x) cannot be held at 1: it is between 0 and 1");
    data.held[B] = 0.0;
    refuse(&data, KLF_ERR_USAGE, "cannot be held at 0");
    data.held[B] = 0.5;
    data.held[A] = 0.5;
    refuse(&data, KLF_ERR_USAGE, "both parameters of a (1 - b^x) are held");
    data.model = KLF_FIT_ASYMPTOTE;
    data.held[A] = -1.0;
    refuse(&data, KLF_ERR_USAGE, "cannot be held at -1: it is positive");
    data.n = (size_t)KLF_FIT_MAX_POINTS + 1;
    refuse(&data, KLF_ERR_DATA, "more than a fit takes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_data_on_the_curve),
        cmocka_unit_test(test_minimum_by_golden_section),
        cmocka_unit_test(test_covariance_by_second_derivatives),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_kinds_of_errors),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_noise_alone),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
