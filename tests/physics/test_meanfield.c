/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean-field theory against quadrature by another rule, closed forms, and values of an independent high-precision code: a small
 * table here, and its whole file where KLFLOW_REFERENCE_DIR has it. */
#include "klflow/meanfield.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void assert_close(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %.3g", what, value, expected, tolerance);
}

/* E tanh^2(mean + sd z) by Simpson's rule in long double, 16001 points on [-14, 14]. */
static double simpson(double mean, double var)
{
    const int         n = 16000;
    const long double a = -14.0L, h = 28.0L / n;
    long double       sum = 0.0L;
    for (int i = 0; i <= n; i++) {
        long double z = a + h * i, t = tanhl((long double)mean + sqrtl((long double)var) * z);
        sum += (i == 0 || i == n ? 1 : i % 2 ? 4 : 2) * t * t * expl(-z * z / 2);
    }
    return (double)(sum * h / 3 / sqrtl(2 * acosl(-1.0L)));
}

static void test_quadrature(void **state)
{
    (void)state;
    const double means[] = {0.0, 0.3, -2.0}, vars[] = {1e-6, 0.1, 1.0, 4.0, 25.0, 100.0, 1000.0, 1100.0};
    for (size_t m = 0; m < COUNT(means); m++)
        for (size_t v = 0; v < COUNT(vars); v++) {
            double expected = simpson(means[m], vars[v]);
            /* both rules converge far below rounding here; a few hundred terms leave some 1e-15 relative */
            assert_close(klf_meanfield_mean_tanh2(means[m], vars[v]), expected, 5e-15 * expected, "E tanh^2");
        }
    assert_close(klf_meanfield_mean_tanh2(0.0, 0.0), 0.0, 0.0, "E tanh^2 at var 0");
    double t = tanh(0.7);
    assert_close(klf_meanfield_mean_tanh2(0.7, 0.0), t * t, 1e-15, "E tanh^2 at var 0, mean 0.7");
}

/* At large variances, where sech^2 is narrow beside the Gaussian: against the leading terms of 1 - E sech^2. */
static void test_wide_gaussians(void **state)
{
    (void)state;
    const double means[] = {0.0, 0.3, -20.0}, sds[] = {100.0, 1e3, 1e10, 1e30, 1e150};
    const double pi = acos(-1.0);
    for (size_t m = 0; m < COUNT(means); m++)
        for (size_t s = 0; s < COUNT(sds); s++) {
            double x = means[m] / sds[s], density = exp(-0.5 * x * x) / (sds[s] * sqrt(2.0 * pi));
            double second = pi * pi / 24.0 * (x * x - 1.0) / sds[s] / sds[s]; /* of p(u) = p(0) (1 + ... u^2), and odd terms */
            double expected = 1.0 - 2.0 * density * (1.0 + second);
            /* the next term is some 1 / sd^4 of the leading one; x <= 0.2 keeps its factor below 10 */
            double next = 10.0 * 2.0 * density / pow(sds[s], 4.0);
            assert_close(klf_meanfield_mean_tanh2(means[m], sds[s] * sds[s]), expected, next + 4e-15,
                         "E tanh^2 of a wide Gaussian");
        }
    assert_close(klf_meanfield_mean_tanh2(0.0, INFINITY), 1.0, 0.0, "E tanh^2 at infinite variance");
}

/* Plateaus 1/2 ln(q_star / q_0) of the paper's networks at q_0 = 0.0755 var_w + 0.05, from an independent code, to 3 digits. */
static void test_plateaus(void **state)
{
    (void)state;
    const double var_w[] = {1.5, 2.0, 2.5, 3.0, 3.5}, expected[] = {0.470, 0.639, 0.747, 0.821, 0.874};
    size_t       widths[200];
    double       kl[200];
    for (size_t l = 0; l < COUNT(widths); l++)
        widths[l] = 784;
    for (size_t i = 0; i < COUNT(var_w); i++) {
        double q0 = 0.0755 * var_w[i] + 0.05;
        klf_meanfield_kl(var_w[i], 0.05, 0.0, q0, KLF_TARGET_THEORY, COUNT(widths), widths, kl);
        assert_close(kl[199] / 784, expected[i], 6e-4, "plateau"); /* 3 digits, and 0.0755 has 3 itself */
    }
}

static void test_conventions(void **state)
{
    (void)state;
    const size_t widths[] = {100, 100, 100, 40, 10};
    double       theory[5], data[5], q = 0.2;
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.2, KLF_TARGET_THEORY, 5, widths, theory);
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.2, KLF_TARGET_DATA, 5, widths, data);
    for (size_t l = 0; l < 5; l++) { /* without a mean both are the same; where the width is N_0 it is N/2 ln(q_l / v) */
        assert_close(data[l], theory[l], 1e-12, "conventions without a mean");
        if (widths[l] == widths[0])
            assert_close(theory[l], 50.0 * log(q / 0.2), 1e-12, "N/2 ln(q_l / v)");
        q = klf_meanfield_next_variance(2.5, 0.05, q);
    }
    klf_meanfield_kl(2.5, 0.05, 0.1, 0.2, KLF_TARGET_DATA, 5, widths, data);
    assert_close(data[0], 0.0, 0.0, "reference layer");
    /* q_m starts at mean^2 + var = 0.21, M_1 sees the mean */
    double target = klf_meanfield_next_variance(2.5, 0.05, 0.21);
    double moment = 2.5 * simpson(0.1, 0.2) + 0.05;
    assert_close(data[1], 50.0 * (log(target / 0.2) + moment / target - 1.0), 1e-11, "first layer with a mean");
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.0, KLF_TARGET_THEORY, 5, widths, data);
    for (size_t l = 0; l < 5; l++)
        assert_true(isnan(data[l]));
}

static double number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v))
        fail_msg("the reference file lacks %s", key);
    return json_number_value(v);
}

static void test_reference_file(void **state)
{
    (void)state;
    char         path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/meanfield.json", KLFLOW_REFERENCE_DIR);
    json_t *file = json_load_file(path, 0, &error);
    if (!file) {
        print_message("no %s: only the built-in values were compared\n", path);
        skip();
    }
    size_t  i, l, compared = 0;
    json_t *row, *value;
    json_array_foreach(json_object_get(file, "recursion"), i, row)
    {
        if (!json_object_get(row, "q_l")) /* a recursion of the correlation, another test's */
            continue;
        double q = number(row, "q0"), var_w = number(row, "sw2"), var_b = number(row, "sb2");
        json_array_foreach(json_object_get(row, "q_l"), l, value)
        {
            /* tolerance suggested in the file */
            assert_close(q, json_number_value(value), 1e-13 * q, "q_l of the reference file");
            q = klf_meanfield_next_variance(var_w, var_b, q);
            compared++;
        }
    }
    json_array_foreach(json_object_get(file, "kl"), i, row)
    {
        bool   has_mean = json_object_get(row, "mu") != NULL;
        double mean = has_mean ? number(row, "mu") : 0.0, var = number(row, has_mean ? "v" : "q0");
        double kl[64];
        size_t widths[64], n = json_array_size(json_object_get(row, "D_over_N"));
        assert_in_range(n, 2, COUNT(kl));
        for (l = 0; l < n; l++)
            widths[l] = 1;
        klf_meanfield_kl(number(row, "sw2"), number(row, "sb2"), mean, var, KLF_TARGET_THEORY, n, widths, kl);
        json_array_foreach(json_object_get(row, "D_over_N"), l, value)
        {
            if (l == 0) /* the file compares with a target of mean 0 even there; ours is the reference itself */
                continue;
            assert_close(kl[l], json_number_value(value), 1e-12, "D_l / N of the reference file");
            compared++;
        }
    }
    assert_true(compared > 300);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quadrature),  cmocka_unit_test(test_wide_gaussians), cmocka_unit_test(test_plateaus),
        cmocka_unit_test(test_conventions), cmocka_unit_test(test_reference_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
