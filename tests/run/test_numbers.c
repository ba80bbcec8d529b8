/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict numbers and edit distance. */
#include "run/numbers.h"
#include "run/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void whole_numbers_are_exact(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint64_t    value;
    } good[] = {{"0", 0},
                {"000", 0},
                {"100000", 100000},
                {"1e5", 100000},
                {"1E+5", 100000},
                {"1.5e3", 1500},
                {"1500e-2", 15},
                {"2.0", 2},
                {"+7", 7},
                {"0e99999999999", 0},
                {"18446744073709551615", UINT64_MAX},
                {"1844674407370955161.5e1", UINT64_MAX},
                {"9007199254740993", 9007199254740993u}}; /* 2^53 + 1: no detour through double */
    for (size_t i = 0; i < COUNT(good); i++) {
        uint64_t value = 12345;
        if (!klf_parse_whole(good[i].text, &value) || value != good[i].value)
            fail_msg("%s read as %llu", good[i].text, (unsigned long long)value);
    }
    const char *const bad[] = {"",
                               "1.5",
                               "-1",
                               "-0",
                               "1e-1",
                               "1e20",
                               "18446744073709551616",
                               "2e19",
                               "1e999999999999999999999",
                               "0x10",
                               "1_000",
                               "1,0",
                               " 1",
                               "1 ",
                               "1e",
                               "1e+",
                               ".",
                               "e5",
                               "nan",
                               "inf",
                               "1.2.3",
                               "1a",
                               "++1",
                               "\n1"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t value = 12345;
        if (klf_parse_whole(bad[i], &value) || value != 12345)
            fail_msg("'%s' was accepted as %llu", bad[i], (unsigned long long)value);
    }
}

static void reals_are_decimal_and_finite(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double      value;
    } good[] = {{"1.5", 1.5}, {"-2", -2}, {".5", 0.5}, {"5.", 5}, {"1e-3", 1e-3}, {"1e308", 1e308}, {"0", 0}, {"1e-400", 0}};
    for (size_t i = 0; i < COUNT(good); i++) {
        double value = NAN;
        if (!klf_parse_real(good[i].text, &value) || value != good[i].value)
            fail_msg("%s read as %g", good[i].text, value);
    }
    const char *const bad[] = {"",    "nan", "-nan", "inf", "infinity", "1e309", "-1e400", "0x1p3", "1.5x",
                               "1,5", " 1",  "1 ",   "--1", "1e1.5",    "1d3",   "one",    "1_0"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        double value = 7;
        if (klf_parse_real(bad[i], &value) || value != 7)
            fail_msg("'%s' was accepted as %g", bad[i], value);
    }
}

static void formatted_reals_read_back(void **state)
{
    (void)state;
    const double values[] = {0.0, 0.1, 1.5, 1.0 / 3, 0.1 + 0.2, 1e300, 5e-324, 123456789.0, 2.2250738585072014e-308};
    for (size_t i = 0; i < COUNT(values); i++) {
        char   text[KLF_REAL_TEXT];
        double back = NAN;
        klf_format_real(values[i], text);
        if (!klf_parse_real(text, &back) || back != values[i])
            fail_msg("%a was written as %s", values[i], text);
    }
    char text[KLF_REAL_TEXT];
    klf_format_real(0.1, text);
    assert_string_equal(text, "0.1");
}

static const char *suggest(const char *word, const char *const *candidates, size_t n)
{
    klf_suggestion suggestion = {.word = word};
    for (size_t i = 0; i < n; i++)
        klf_suggestion_offer(&suggestion, candidates[i]);
    return suggestion.best != NULL ? suggestion.best : "";
}

static void suggestions_are_close(void **state)
{
    (void)state;
    const char *const known[] = {"n_mc", "var_w", "var_b", "depth", "seed", "sample_seed", "estimator"};
    const char *const pairs[][2] = {{"n_mv", "n_mc"},
                                    {"n-mc", "n_mc"},
                                    {"nmc", "n_mc"},
                                    {"var_W", "var_w"},
                                    {"dpeth", "depth"},
                                    {"Seed", "seed"},
                                    {"est", "estimator"},
                                    {"sampleseed", "sample_seed"},
                                    {"estimater", "estimator"},
                                    {"temperature", ""},
                                    {"x", ""},
                                    {"", ""}};
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_string_equal(suggest(pairs[i][0], known, COUNT(known)), pairs[i][1]);
    char endless[500];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_string_equal(suggest(endless, known, COUNT(known)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(reals_are_decimal_and_finite),
        cmocka_unit_test(formatted_reals_read_back),
        cmocka_unit_test(suggestions_are_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
