/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean field against values of an independent code with 80-bit arithmetic, where KLFLOW_REFERENCE_DIR has its file, within
 * the tolerances that the file suggests. The other tests of the mean field do without it. */
#include "klflow/meanfield.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/meanfield_test.h"

static const double RELATIVE = 1e-13; /* of q*, chi_1, lambda_q and curves */

static int read_file(void **state)
{
    json_error_t error;
    *state = json_load_file(KLFLOW_REFERENCE_DIR "/meanfield.json", 0, &error);
    if (*state == NULL)
        print_message("no %s/meanfield.json: nothing to compare with\n", KLFLOW_REFERENCE_DIR);
    return 0;
}

static int free_file(void **state)
{
    json_decref(*state);
    return 0;
}

static double number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v))
        fail_msg("the reference file lacks %s", key);
    return json_number_value(v);
}

/* -1 / ln x has xi times the relative error of x. */
static void assert_depth(double value, const json_t *expected, double relative, const char *what)
{
    if (json_is_null(expected))
        assert_true(isinf(value));
    else
        assert_relative(value, json_number_value(expected), relative * (json_number_value(expected) + 1.0), what);
}

static void test_points(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(*state, "points"), "rows"), i, row)
    {
        assert_int_equal(json_array_size(row), 9);
        double column[9];
        for (size_t c = 0; c < COUNT(column); c++)
            column[c] = json_number_value(json_array_get(row, c)); /* 0 for null */
        klf_meanfield_point p;
        klf_meanfield_point_get(column[0], column[1], &p);
        assert_true(p.q_star.converged && p.rho_star.converged);
        double near = fabs(column[3] - 1.0) < 0.01 ? 1e-10 : 1e-12;
        assert_relative(p.q_star.value, column[2], RELATIVE, "q*");
        assert_relative(p.chi_1, column[3], RELATIVE, "chi_1");
        assert_close(p.rho_star.value, column[4], near, "rho*");
        assert_relative(p.slope, column[5], near, "slope at rho*");
        assert_depth(p.xi_c, json_array_get(row, 6), near, "xi_c");
        assert_relative(p.lambda_q, column[7], RELATIVE, "lambda_q");
        assert_depth(p.xi_q, json_array_get(row, 8), RELATIVE, "xi_q");
        compared++;
    }
    assert_true(compared > 150);
}

static void test_critical_line(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i;
    json_t *row;
    json_array_foreach(json_object_get(*state, "critical_line"), i, row)
    {
        klf_meanfield_critical p = klf_meanfield_critical_at_var_b(number(row, "sb2"));
        assert_relative(p.var_w, number(row, "sw2_critical"), RELATIVE, "critical var_w");
        assert_relative(p.q_star.value, number(row, "q_star"), RELATIVE, "q* of the line");
        assert_relative(klf_meanfield_variance_slope(p.var_w, p.q_star.value), number(row, "lambda_q"), RELATIVE, "lambda_q");
    }
    assert_true(i >= 7);
}

static void test_recursions(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, l, compared = 0;
    json_t *row, *value;
    json_array_foreach(json_object_get(*state, "recursion"), i, row)
    {
        double var_w = number(row, "sw2"), var_b = number(row, "sb2");
        if (json_object_get(row, "rho_l") != NULL) {
            double q = number(row, "at_q_star"), rho = number(row, "rho0");
            json_array_foreach(json_object_get(row, "rho_l"), l, value)
            {
                assert_close(rho, json_number_value(value), 1e-12, "rho_l");
                rho = klf_meanfield_next_correlation(var_w, var_b, q, rho);
                compared++;
            }
            continue;
        }
        double q = number(row, "q0");
        json_array_foreach(json_object_get(row, "q_l"), l, value)
        {
            assert_relative(q, json_number_value(value), RELATIVE, "q_l");
            q = klf_meanfield_next_variance(var_w, var_b, q);
            compared++;
        }
    }
    assert_true(compared > 130);
}

static void test_kl(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, l, compared = 0;
    json_t *row, *value;
    json_array_foreach(json_object_get(*state, "kl"), i, row)
    {
        bool   has_mean = json_object_get(row, "mu") != NULL;
        double mean = has_mean ? number(row, "mu") : 0.0, var = number(row, has_mean ? "v" : "q0");
        double var_w = number(row, "sw2"), var_b = number(row, "sb2"), kl[64], whole[64], moment[64], target[64];
        size_t widths[64], n = json_array_size(json_object_get(row, "D_over_N"));
        assert_in_range(n, 2, COUNT(kl));
        for (l = 0; l < n; l++)
            widths[l] = 1;
        klf_meanfield_kl(var_w, var_b, mean, var, KLF_TARGET_THEORY, n, widths, whole);
        klf_meanfield_curve_get(var_w, var_b, mean, var, KLF_TARGET_THEORY, n,
                                &(klf_meanfield_curve){.second_moment = moment, .target_var = target, .kl_per_neuron = kl});
        json_array_foreach(json_object_get(row, "D_over_N"), l, value)
        {
            if (l == 0) /* the file compares with a target of mean 0 even there; ours is the reference itself */
                continue;
            assert_close(kl[l], json_number_value(value), 1e-12, "D_l / N");
            assert_close(whole[l], json_number_value(value), 1e-12, "D_l / N of width 1");
            compared++;
        }
        json_array_foreach(json_object_get(row, "second_moment"), l, value)
            assert_relative(moment[l], json_number_value(value), RELATIVE, "second moment");
        json_array_foreach(json_object_get(row, "target_variance"), l, value)
            assert_relative(target[l], json_number_value(value), RELATIVE, "target variance");
        if (!has_mean) {
            klf_meanfield_point p;
            klf_meanfield_point_get(var_w, var_b, &p);
            assert_close(klf_meanfield_kl_limit(&p, var, KLF_TARGET_THEORY), number(row, "asymptote"), 1e-12, "asymptote");
        }
    }
    assert_true(compared > 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_points), cmocka_unit_test(test_critical_line),
                                       cmocka_unit_test(test_recursions), cmocka_unit_test(test_kl)};
    return cmocka_run_group_tests(tests, read_file, free_file);
}
