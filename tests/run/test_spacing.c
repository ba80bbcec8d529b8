/* SPDX-License-Identifier: BSD-3-Clause */
/* START:STOP:COUNT in lists: which values it stands for, what is refused, and that a list is written short again. */
#include "run/kl_options.h"
#include "run/spacing.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The decimals on the right are the compiler's: what one would have written. */
static void values_are_those_written_by_hand(void **state)
{
    (void)state;
    static const double tenths[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
    static const double about_0[] = {-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
    static const double down[] = {1e-3, 7.75e-4, 5.5e-4, 3.25e-4, 1e-4};
    const struct {
        const char   *text;
        const double *value;
        size_t        n;
    } spacings[] = {{"0.1:1:10", tenths, 10}, {"-0.3:0.6:1e1", about_0, 10}, {"1e-3:1e-4:5", down, 5}};
    for (size_t k = 0; k < COUNT(spacings); k++) {
        klf_spacing s;
        assert_true(klf_spacing_parse(spacings[k].text, &s));
        assert_int_equal(s.count, spacings[k].n);
        for (size_t i = 0; i < s.count; i++)
            if (!(klf_spacing_value(&s, i) == spacings[k].value[i]))
                fail_msg("value %zu of %s is %.17g, not %.17g", i, spacings[k].text, klf_spacing_value(&s, i),
                         spacings[k].value[i]);
    }
}

static void ends_are_exact_and_nothing_overflows(void **state)
{
    (void)state;
    klf_spacing s = {-DBL_MAX, DBL_MAX, 5};
    assert_true(klf_spacing_value(&s, 0) == -DBL_MAX && klf_spacing_value(&s, 2) == 0.0 && klf_spacing_value(&s, 4) == DBL_MAX);
    assert_true(isfinite(klf_spacing_value(&s, 1)) && isfinite(klf_spacing_value(&s, 3)));
    s = (klf_spacing){1.0 / 3.0, 2.0 / 3.0, 1000000};
    assert_true(klf_spacing_value(&s, 0) == 1.0 / 3.0 && klf_spacing_value(&s, 999999) == 2.0 / 3.0);
    for (size_t i = 1; i < s.count; i++)
        if (!(klf_spacing_value(&s, i) > klf_spacing_value(&s, i - 1)))
            fail_msg("value %zu does not rise", i);
}

static void what_is_no_spacing_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      ":",           "1",       "1:2",     "1:2:",        "1:2:1",       "1:2:0",
                                      ":2:3",  "1::3",        "1:1:3",   "1:2:3:4", "1:2:2.5",     "1:2:-3",      "a:2:3",
                                      "1:b:3", "1:2:1000001", "1:nan:3", "1:2: 3",  "0x1:0x2:0x3", "1:2:1e99999", "1e999:2:3"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        klf_spacing s;
        if (klf_spacing_parse(bad[i], &s))
            fail_msg("%s was taken", bad[i]);
    }
    char long_one[300];
    memset(long_one, '1', sizeof long_one);
    memcpy(long_one + 200, ":2:3", 5);
    klf_spacing s;
    assert_false(klf_spacing_parse(long_one, &s));
}

static void an_option_takes_them_as_elements_of_its_list(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_kl_config_init(&config);
    const klf_option *var_w = klf_option_find(klf_kl_options, KLF_KL_N_OPTIONS, KLF_IN_KL, "var-w");
    assert_int_equal(klf_option_assign(var_w, &config, "0,0.1:0.4:4,7", "--var-w"), KLF_OK);
    static const double expected[] = {0, 0.1, 0.2, 0.3, 0.4, 7};
    assert_int_equal(config.var_w.n, COUNT(expected));
    assert_memory_equal(config.var_w.v, expected, sizeof expected);
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"0.1:0.4", "--var-w must be a number >= 0 or START:STOP:COUNT, as in 0.1:1:10 for 0.1, 0.2, ... 1, not '0.1:0.4'"},
        {"-1:1:3", "--var-w must be a number >= 0, not '-1:1:3'"},
        {"0:1:10001", "--var-w lists more than 10000 values with '0:1:10001'"},
        {"0:1:5001,2:3:5000", "--var-w lists more than 10000 values with '2:3:5000'"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(klf_option_assign(var_w, &config, bad[i].text, "--var-w"), KLF_ERR_USAGE);
        assert_string_equal(klf_last_error(), bad[i].says);
    }
    klf_kl_config_free(&config);
}

static void a_list_is_found_to_be_one(void **state)
{
    (void)state;
    enum { N = 201 };
    double      list[N];
    klf_spacing s = {0.02, 4.02, N}, found;
    for (size_t i = 0; i < N; i++)
        list[i] = klf_spacing_value(&s, i);
    assert_true(klf_spacing_find(N, list, &found) && found.start == 0.02 && found.stop == 4.02 && found.count == N);
    assert_false(klf_spacing_find(3, list, &found));
    list[100] = nextafter(list[100], 9.0);
    assert_false(klf_spacing_find(N, list, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_written_by_hand), cmocka_unit_test(ends_are_exact_and_nothing_overflows),
        cmocka_unit_test(what_is_no_spacing_is_refused),    cmocka_unit_test(an_option_takes_them_as_elements_of_its_list),
        cmocka_unit_test(a_list_is_found_to_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
