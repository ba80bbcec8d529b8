/* SPDX-License-Identifier: BSD-3-Clause */
/* Tori, cylinders and their extrapolation against the values of an independent code, where KLFLOW_REFERENCE_DIR has its file,
 * within the tolerances that the file suggests. Run as test_ising2d_lattice_reference [CIRCUMFERENCE]: larger cylinders are
 * left out. */
#include "klflow/ising2d_lattice.h"

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

enum { MAX_CYLINDERS = 15 };

static size_t largest = 8;

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

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("the reference file lacks %s", key);
    return json_number_value(value);
}

static void test_tori(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, compared = 0;
    json_t *row;
    json_array_foreach(json_object_get(json_object_get(*state, "tori"), "rows"), i, row)
    {
        size_t        width, height;
        double        k = json_number_value(json_array_get(row, 1)), s[KLF_ISING2D_MAX_LATTICE_STEPS + 1];
        const json_t *steps = json_array_get(row, 2), *values = json_array_get(row, 3);
        assert_int_equal(sscanf(json_string_value(json_array_get(row, 0)), "%zux%zu", &width, &height), 2);
        assert_int_equal(klf_ising2d_torus(k, width, height, json_array_size(steps), 2, s), KLF_OK);
        for (size_t j = 0; j < json_array_size(steps); j++, compared++)
            assert_close(s[json_integer_value(json_array_get(steps, j))], json_number_value(json_array_get(values, j)), 1e-11,
                         "torus");
    }
    assert_true(compared > 100);
}

/* The file's own s_3 and s_4 come from blocks of a length that it does not say; it says how far they were from converged. */
static void compare_step(const json_t *row, const klf_ising2d_cylinder *c, size_t n)
{
    char key[40];
    snprintf(key, sizeof key, "s_%zu", n);
    if (json_object_get(row, key) == NULL)
        return;
    double expected = number(row, key);
    snprintf(key, sizeof key, "s_%zu_last_change_in_m", n);
    assert_close(c->step[n].s, expected, number(row, key) + c->step[n].s_stderr + 1e-11, key);
}

static void test_cylinders(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i, m, compared = 0;
    json_t *row, *value;
    json_array_foreach(json_object_get(*state, "cylinder"), i, row)
    {
        klf_ising2d_cylinder c;
        size_t               circumference = (size_t)number(row, "L"), n_steps = klf_ising2d_cylinder_steps(circumference);
        if (circumference > largest)
            continue;
        n_steps = n_steps > 4 ? 4 : n_steps;
        assert_int_equal(klf_ising2d_cylinder_get(number(row, "K"), circumference, n_steps, false, 2, NULL, &c), KLF_OK);
        assert_close(c.step[1].s, number(row, "s_1"), 1e-11, "s_1");
        assert_close(c.lnz_per_site, number(row, "lnZ_per_site"), 1e-11, "ln Z");
        assert_close(c.eta, number(row, "eta"), 1e-11, "eta");
        assert_close(c.entropy_per_site, number(row, "entropy_per_site"), 1e-11, "entropy");
        assert_close(c.s_inf, number(row, "s_inf"), 1e-11, "s_inf");
        json_array_foreach(json_object_get(row, "s_2_upper_by_m"), m, value) if (m < c.step[2].n_rows)
        {
            assert_close(c.step[2].upper[m], json_number_value(value), 1e-11, "upper bound of s_2");
            compared++;
        }
        for (size_t n = 3; n <= n_steps; n++)
            compare_step(row, &c, n);
    }
    assert_true(compared > 50 || largest < 8);
}

/* Both have errors: they must overlap. */
static void test_plane(void **state)
{
    if (*state == NULL)
        skip();
    size_t  i;
    json_t *row;
    json_array_foreach(json_object_get(*state, "s_2_s_3_s_4"), i, row)
    {
        klf_ising2d_plane    plane;
        klf_ising2d_cylinder c[MAX_CYLINDERS];
        double               k = number(row, "K");
        size_t               n_cylinders = 0;
        klf_ising2d_plane_get(k, &plane);
        for (size_t length = 4; length <= largest; length += 2, n_cylinders++) {
            size_t possible = klf_ising2d_cylinder_steps(length);
            assert_int_equal(klf_ising2d_cylinder_get(k, length, possible < 4 ? possible : 4, false, 2,
                                                      n_cylinders > 0 ? &c[n_cylinders - 1] : NULL, &c[n_cylinders]),
                             KLF_OK);
        }
        for (size_t n = 2; n <= 4; n++) {
            klf_ising2d_extrapolation plane_s;
            char                      key[40];
            klf_ising2d_extrapolate(&plane, n_cylinders, c, n, &plane_s);
            snprintf(key, sizeof key, "s_%zu_error_estimate", n);
            double error = number(row, key);
            snprintf(key, sizeof key, "s_%zu", n);
            assert_close(plane_s.s, number(row, key), plane_s.s_stderr + error, key);
            if (largest >= 16)
                print_message("K %-8.6g s_%zu %.12f +- %.1e\n", k, n, plane_s.s, plane_s.s_stderr);
        }
    }
    assert_true(i > 5);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        largest = strtoul(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tori, read_file, free_file),
        cmocka_unit_test_setup_teardown(test_cylinders, read_file, free_file),
        cmocka_unit_test_setup_teardown(test_plane, read_file, free_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
