/* SPDX-License-Identifier: BSD-3-Clause */
/* The plane and its flows against values of an independent code with 40 digits and more, where KLFLOW_REFERENCE_DIR has its
 * file, within the tolerances that the file suggests. test_ising2d.c and its neighbours do without the file. */
#include "klflow/ising2d.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "physics/ising1d_test.h"

static int read_file(void **state)
{
    json_error_t error;
    *state = json_load_file(KLFLOW_REFERENCE_DIR "/ising2d.json", 0, &error);
    if (*state == NULL)
        print_message("no %s/ising2d.json: nothing to compare with\n", KLFLOW_REFERENCE_DIR);
    return 0;
}

static int free_file(void **state)
{
    json_decref(*state);
    return 0;
}

static double as_number(const json_t *value, const char *what)
{
    if (!json_is_number(value))
        fail_msg("the reference file lacks %s", what);
    return json_number_value(value);
}

static double number(const json_t *object, const char *key)
{
    return as_number(json_object_get(object, key), key);
}

static double element(const json_t *object, const char *key, size_t i)
{
    return as_number(json_array_get(json_object_get(object, key), i), key);
}

/* Of a table of rows, by the name of its column. */
static double cell(const json_t *table, const json_t *row, const char *column)
{
    size_t  i;
    json_t *name;
    json_array_foreach(json_object_get(table, "columns"), i,
                       name) if (strcmp(json_string_value(name), column) == 0) return as_number(json_array_get(row, i), column);
    fail_msg("the reference file lacks column %s", column);
    return NAN;
}

static void relative(double value, double expected, double tolerance, const char *what)
{
    assert_close(value, expected, tolerance * fabs(expected), what);
}

static double constant(const json_t *file, const char *name)
{
    return number(json_object_get(json_object_get(file, "constants"), name), "value");
}

static void test_constants(void **state)
{
    if (*state == NULL)
        skip();
    klf_ising2d_fixed_point star = klf_ising2d_fixed_point_get(klf_ising2d_alpha_star());
    klf_ising2d_fixed_point mk = klf_ising2d_fixed_point_get(1.5), wilson = klf_ising2d_fixed_point_wilson();
    const struct {
        const char *name;
        double      value;
    } values[] = {
        {"K_c_exact", klf_ising2d_k_c()},
        {"alpha_star", klf_ising2d_alpha_star()},
        {"K_c_Maris_Kadanoff", mk.k_c},
        {"Wilson_lambda_relevant", wilson.eigenvalue},
        {"Wilson_lambda_irrelevant", wilson.irrelevant},
        {"K_c_Wilson_linearised", wilson.k_c_linearised},
        {"K_c_Wilson_nonlinear", wilson.k_c},
        {"slope_at_Kc_alpha_star", star.eigenvalue},
        {"nu_alpha_star", star.nu},
        {"nu_Maris_Kadanoff", mk.nu},
        {"nu_Wilson", wilson.nu},
        {"eta_at_Kc", klf_ising2d_eta(klf_ising2d_k_c())},
    };
    for (size_t i = 0; i < COUNT(values); i++)
        relative(values[i].value, constant(*state, values[i].name), 1e-15, values[i].name);
    klf_ising2d_plane critical;
    klf_ising2d_plane_get(klf_ising2d_k_c(), &critical);
    relative(critical.lnz, constant(*state, "lnZ_per_site_at_Kc"), 1e-15, "ln Z at K_c");
}

static void test_eta(void **state)
{
    if (*state == NULL)
        skip();
    const json_t *table = json_object_get(*state, "eta");
    size_t        i;
    json_t       *row;
    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        double            k = cell(table, row, "K");
        klf_ising2d_plane plane;
        klf_ising2d_plane_get(k, &plane);
        relative(klf_ising2d_eta(k), cell(table, row, "eta"), 1e-15, "eta");
        /* The file's argument is a decimal, ours the nearest double. The slope of 1 - eta is infinite at K_c, and large beside
         * 1 - eta at large K. */
        relative(plane.one_minus_eta, cell(table, row, "one_minus_eta"), 4e-15 * (1.0 + k), "1 - eta");
        relative(plane.lnz, cell(table, row, "lnZ_per_site"), 1e-15, "ln Z");
    }
    assert_true(i > 15);
}

static void test_exact(void **state)
{
    if (*state == NULL)
        skip();
    const json_t *table = json_object_get(*state, "exact_thermodynamic_limit");
    size_t        i;
    json_t       *row;
    json_array_foreach(json_object_get(table, "rows"), i, row)
    {
        klf_ising2d_plane plane;
        klf_ising2d_plane_get(cell(table, row, "K"), &plane);
        const struct {
            const char *column;
            double      value;
        } values[] = {
            {"s_1_exact", plane.s_1},    {"s_inf_exact", plane.s_inf}, {"entropy_per_site", plane.entropy},
            {"lnZ_per_site", plane.lnz}, {"eta", plane.eta},           {"c_diag", plane.c_diag},
            {"c_2", plane.c_2},          {"c_4", plane.c_4},           {"P4", plane.p_4},
            {"P2", plane.p_2},
        };
        for (size_t j = 0; j < COUNT(values); j++)
            assert_close(values[j].value, cell(table, row, values[j].column), 1e-13, values[j].column);
    }
    assert_true(i > 10);
}

static void test_flow(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(*state, "alpha_star_flow"), i, row)
    {
        double k_n[31], k0[31], s[31], consistent[31], z[31], k = number(row, "K");
        klf_ising2d_flow(klf_ising2d_alpha_star(), k, 30,
                         &(klf_ising2d_arrays){.k = k_n, .k0 = k0, .s = s, .s_consistent = consistent, .z_violation = z});
        const json_t *more = json_array_get(json_object_get(*state, "alpha_star_flow_diagnostics"), i);
        assert_close(number(more, "K"), k, 0.0, "K of the diagnostics");
        for (size_t n = 0; n < json_array_size(json_object_get(row, "n")); n++, compared++) {
            /* an error of 1e-16 grows by 1.51 each step near K_c, and in K_n ~ K^(2^n) far below doubles */
            relative(k_n[n], element(row, "K_n", n), 1e-15 * ldexp(1.0, (int)n), "K_n");
            relative(k0[n], element(row, "K0_n_for_K0_equal_0", n), 1e-14, "K0_n");
            assert_close(s[n], element(row, "s_n", n), 1e-13, "s_n");
            assert_close(consistent[n], element(more, "s_n_entropy_consistent", n), 1e-13, "consistent s_n");
            assert_close(z[n], element(more, "lnZ_violation_per_site", n), 1e-13, "violation of Z");
        }
        assert_close(s[20], number(row, "s_20"), 1e-13, "s_20");
        assert_close(s[30], number(row, "s_30"), 1e-13, "s_30");
    }
    assert_true(compared > 150);
    json_array_foreach(json_object_get(*state, "other_alpha_flow"), i, row)
    {
        double k_n[13], s[13];
        klf_ising2d_flow(1.0, number(row, "K"), 12, &(klf_ising2d_arrays){.k = k_n, .s = s});
        for (size_t n = 0; n < json_array_size(json_object_get(row, "n")); n++)
            assert_close(s[n], element(row, "s_n", n), 1e-13, "s_n of the naive scheme");
    }
    assert_true(i > 2);
}

static void test_wilson(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i;
    json_t *row;
    json_array_foreach(json_object_get(*state, "wilson_flow"), i, row)
    {
        double k[9], l[9];
        klf_ising2d_wilson(element(row, "K_n", 0), element(row, "L_n", 0), 8, k, l);
        for (size_t n = 0; n <= 8; n++) {
            relative(k[n], element(row, "K_n", n), 1e-15 * ldexp(1.0, (int)n), "K_n of Wilson's flow");
            relative(l[n], element(row, "L_n", n), 1e-15 * ldexp(1.0, (int)n), "L_n");
        }
    }
    assert_true(i > 3);
}

static void test_slope(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i;
    json_t *row;
    json_array_foreach(json_object_get(*state, "slope_of_s_inf_near_Kc"), i, row)
    {
        double            distance = number(row, "distance");
        klf_ising2d_plane below, above;
        klf_ising2d_plane_get(klf_ising2d_k_c() - distance, &below);
        klf_ising2d_plane_get(klf_ising2d_k_c() + distance, &above);
        /* K_c +- the distance is rounded by 3e-17, which the slope sees through ln |K - K_c|: 1.62 times the ratio */
        double tolerance = 2e-15 * fabs(number(row, "below")) + 2.0 * 6e-17 / distance;
        assert_close(below.ds_inf_dk, number(row, "below"), tolerance, "ds_inf/dK below K_c");
        assert_close(above.ds_inf_dk, number(row, "above"), tolerance, "ds_inf/dK above K_c");
    }
    assert_true(i > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants), cmocka_unit_test(test_eta),    cmocka_unit_test(test_exact),
        cmocka_unit_test(test_flow),      cmocka_unit_test(test_wilson), cmocka_unit_test(test_slope),
    };
    return cmocka_run_group_tests(tests, read_file, free_file);
}
