/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run says on the way where stderr is no terminal. Minutes pass by moving the start into the past. */
#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char said[512];

/* stderr goes to a file from here on, which read_stderr empties. */
static int redirect_stderr(void **state)
{
    (void)state;
    return freopen("test_progress.txt", "w+", stderr) == NULL;
}

static int remove_file(void **state)
{
    (void)state;
    return remove("test_progress.txt");
}

static const char *read_stderr(void)
{
    fflush(stderr);
    rewind(stderr);
    said[fread(said, 1, sizeof said - 1, stderr)] = '\0';
    return freopen("test_progress.txt", "w+", stderr) != NULL ? said : NULL;
}

static klf_progress begin(bool quiet)
{
    klf_progress progress;
    klf_progress_begin(&progress, quiet);
    assert_false(progress.terminal);
    return progress;
}

static void pass(klf_progress *progress, double seconds)
{
    progress->start -= seconds;
    progress->last -= seconds;
}

static void one_line_a_minute(void **state)
{
    (void)state;
    klf_progress progress = begin(false);
    klf_progress_update(&progress, 10, 1000);
    pass(&progress, 58);
    klf_progress_update(&progress, 90, 1000);
    assert_string_equal(read_stderr(), "");
    pass(&progress, 2);
    klf_progress_update(&progress, 100, 1000);
    const char *line = read_stderr();
    double      percent, done, total, rate;
    int         passed_s, left_min, left_s, end = 0;
    assert_int_equal(sscanf(line, "klflow: %lf %%, %lf of %lf samples in 1 min %d s, %lf/s, about %d min %d s left\n%n",
                            &percent, &done, &total, &passed_s, &rate, &left_min, &left_s, &end),
                     7);
    assert_int_equal(end, strlen(line));
    assert_true(percent == 10 && done == 100 && total == 1000 && passed_s <= 5);
    assert_true(rate > 1.5 && rate < 1.7 && left_min >= 8 && left_min <= 10); /* 900 more at 100 a minute */

    klf_progress_update(&progress, 110, 1000); /* the next minute has just begun */
    assert_string_equal(read_stderr(), "");
    pass(&progress, 60);
    klf_progress_update(&progress, 120, 1000);
    assert_non_null(strstr(read_stderr(), "12.0 %"));
    klf_progress_clear(&progress);
    assert_string_equal(read_stderr(), "");
}

static void quiet_says_nothing(void **state)
{
    (void)state;
    klf_progress progress = begin(true);
    pass(&progress, 3600);
    klf_progress_update(&progress, 100, 1000);
    assert_string_equal(read_stderr(), "");
}

static void durations(void **state)
{
    static const struct {
        double      seconds;
        const char *text;
    } cases[] = {{0, "0 s"},          {59.2, "1 min 0 s"},  {61, "1 min 1 s"},       {3599.5, "1 h 0 min"},
                 {7322, "2 h 2 min"}, {216000, "2.5 days"}, {1e300, "1.16e+10 days"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(klf_duration_of(cases[i].seconds).text, cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_line_a_minute), cmocka_unit_test(quiet_says_nothing),
                                       cmocka_unit_test(durations)};
    return cmocka_run_group_tests(tests, redirect_stderr, remove_file);
}
