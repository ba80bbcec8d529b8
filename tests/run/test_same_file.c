/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths that lead to one file, and paths that do not, in a folder of the test's own. */
#include "run/same_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/klflow-same-file-XXXXXX";

static void create(const char *name)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fclose(file);
}

static int enter(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    create("a");
    create("b");
    return mkdir("sub", 0700) || symlink("a", "link") || symlink("sub", "sublink") || link("a", "hard") ||
           symlink("gone", "dangling");
}

static int leave(void **state)
{
    static const char *const files[] = {"a", "b", "link", "sublink", "hard", "dangling"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    return rmdir("sub") || chdir("/") || rmdir(folder);
}

static void one_file(void **state)
{
    static const char *const same[][2] = {
        {"a", "a"},     {"a", "./a"},           {"a", "sub/../a"},         {"a", "link"},
        {"a", "hard"},  {"link", "hard"},       {"new", "./new"},          {"new", "sub/../new"},
        {"new", "new"}, {"sub/n", "sublink/n"}, {"no/such/x", "no/such/x"}};
    static const char *const others[][2] = {{"a", "b"},         {"a", "new"},      {"new", "new2"},
                                            {"new", "sub/new"}, {"no/x", "nor/x"}, {"a", "dangling"}};
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        if (!klf_same_file(same[i][0], same[i][1]) || !klf_same_file(same[i][1], same[i][0]))
            fail_msg("%s and %s are one file", same[i][0], same[i][1]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (klf_same_file(others[i][0], others[i][1]) || klf_same_file(others[i][1], others[i][0]))
            fail_msg("%s and %s are two files", others[i][0], others[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_file)};
    return cmocka_run_group_tests(tests, enter, leave);
}
