/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ising chain against values of an independent code with 120 digits, where KLFLOW_REFERENCE_DIR has its file, within the
 * tolerances that the file suggests. test_ising1d_decimal.py does without the file. */
#include "klflow/ising1d.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/ising1d_test.h"

static const double SMALLEST = 1e-300; /* below it a coupling is as good as 0 */

static int read_file(void **state)
{
    json_error_t error;
    *state = json_load_file(KLFLOW_REFERENCE_DIR "/ising1d.json", 0, &error);
    if (*state == NULL)
        print_message("no %s/ising1d.json: nothing to compare with\n", KLFLOW_REFERENCE_DIR);
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

static double element(const json_t *object, const char *key, size_t i)
{
    const json_t *v = json_array_get(json_object_get(object, key), i);
    if (!json_is_number(v))
        fail_msg("the reference file lacks %s[%zu]", key, i);
    return json_number_value(v);
}

static size_t step(const json_t *object, size_t i)
{
    double n = element(object, "n", i);
    assert_true(n >= 0.0 && n <= 60.0);
    return (size_t)n;
}

static void relative(double value, double expected, double tolerance, const char *what)
{
    assert_close(value, expected, tolerance * fabs(expected) + (tolerance < 1e-12 ? 1e-15 : 0.0), what);
}

static void coupling(double value, double expected, const char *what)
{
    if (fabs(expected) > SMALLEST)
        assert_close(value, expected, 1e-12 * fabs(expected), what);
    else
        assert_close(value, 0.0, 10.0 * SMALLEST, what);
}

static void test_flow(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(*state, "flow"), i, row)
    {
        double k = number(row, "K"), k_n[61], k0[61], s[61], u[61];
        klf_ising1d_flow(k, 0.0, 60, &(klf_ising1d_arrays){.k = k_n, .k0 = k0, .s = s, .s_unnormalized = u});
        for (size_t j = 0; j < json_array_size(json_object_get(row, "n")); j++, compared++) {
            size_t n = step(row, j);
            coupling(k_n[n], element(row, "K_n", j), "K_n");
            relative(k0[n], element(row, "K0_n_for_K0_equal_0", j), 1e-13, "K0_n");
            relative(s[n], element(row, "s_n", j), 1e-13, "s_n");
            relative(klf_ising1d_s(k, n), element(row, "s_n", j), 1e-13, "s_n alone");
            relative(u[n], element(row, "s_n_unnormalised", j), 1e-11, "unnormalised s_n");
        }
        relative(klf_ising1d_s_inf(k), number(row, "s_inf"), 1e-13, "s_inf");
        relative(klf_ising1d_one_minus_s_inf(k), number(row, "one_minus_s_inf"), 1e-11, "1 - s_inf");
        relative(klf_ising1d_s_inf_fit(k), number(row, "fit_2.35"), 1e-13, "fit (2.35)");
    }
    assert_true(compared > 200);
}

static void test_field(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(*state, "field"), i, row)
    {
        double            k = number(row, "K1"), field = number(row, "K2"), k_n[61], k0[61], k2[61], s[61];
        klf_ising1d_chain chain;
        klf_ising1d_flow(k, field, 60, &(klf_ising1d_arrays){.k = k_n, .k0 = k0, .k2 = k2, .s = s});
        for (size_t j = 0; j < json_array_size(json_object_get(row, "n")); j++, compared++) {
            size_t n = step(row, j);
            coupling(k_n[n], element(row, "K1_n", j), "K_n");
            coupling(k2[n], element(row, "K2_n", j), "K2_n");
            relative(k0[n], element(row, "K0_n_for_K0_equal_0", j), 1e-13, "K0_n");
            relative(s[n], element(row, "s_n", j), 1e-13, "s_n in a field");
        }
        klf_ising1d_chain_get(k, field, &chain);
        relative(chain.lnz, number(row, "lnZ_per_site"), 1e-13, "ln Z");
        relative(chain.magnetization, number(row, "magnetisation"), 1e-13, "magnetization");
        relative(chain.nn_correlation, number(row, "nn_correlation"), 1e-13, "neighbour correlation");
        relative(chain.entropy, number(row, "entropy_per_site"), 1e-11, "entropy");
        relative(chain.entropy_deficit / log(2.0), number(row, "s_inf"), 1e-13, "s_inf in a field");
    }
    assert_true(compared > 50);
}

static void test_ring(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(*state, "ring"), "rows"), i, row)
    {
        double column[7], s[64];
        assert_int_equal(json_array_size(row), COUNT(column));
        for (size_t c = 0; c < COUNT(column); c++)
            column[c] = json_number_value(json_array_get(row, c));
        uint64_t n_spins = (uint64_t)column[0];
        size_t   n = (size_t)column[3];
        assert_int_equal(klf_ising1d_ring(column[1], column[2], n_spins, n, s), KLF_OK);
        assert_close(s[n], column[4], 1e-14, "ring");
        assert_int_equal(klf_ising1d_enumerate(column[1], column[2], n_spins, n, s), KLF_OK);
        assert_close(s[n], column[4], 1e-14, "enumeration");
        klf_ising1d_flow(column[1], column[2], n, &(klf_ising1d_arrays){.s = s});
        relative(s[n], column[5], 1e-13, "infinite chain");
        compared++;
    }
    assert_true(compared > 50);
}

static void test_breakdown(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i;
    json_t *row;
    json_array_foreach(json_object_get(*state, "breakdown_2.31"), i, row)
    {
        double k = number(row, "K"), n_star = klf_ising1d_n_star(k);
        relative(n_star, number(row, "n_star"), 1e-13, "n*");
        relative(klf_ising1d_coupling(k, (size_t)n_star), number(row, "K_at_floor_n_star"), 1e-12, "K at n*");
    }
    assert_true(i > 5);
    json_array_foreach(json_object_get(json_object_get(*state, "fit_2.35_deviation"), "vs_exact_s_inf"), i, row)
        relative(klf_ising1d_s_inf_fit_error(number(row, "K")), number(row, "fit_minus_value"), 1e-12, "error of the fit");
    assert_int_equal(i, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flow), cmocka_unit_test(test_field), cmocka_unit_test(test_ring),
                                       cmocka_unit_test(test_breakdown)};
    return cmocka_run_group_tests(tests, read_file, free_file);
}
