/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks that crash, never end or end in order: what their parent makes of it, and that no child stays behind. */
#include "cli/guarded_check.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static klf_status whole(const char *path, char **summary)
{
    *summary = strdup(path);
    return KLF_OK;
}

static klf_status damaged(const char *path, char **summary)
{
    *summary = NULL;
    return klf_fail(KLF_ERR_NOINPUT, "%s is missing", path);
}

static klf_status crashing(const char *path, char **summary)
{
    (void)path;
    *summary = NULL;
    signal(SIGSEGV, SIG_DFL); /* no report of AddressSanitizer */
    raise(SIGSEGV);
    return KLF_OK;
}

static klf_status aborting(const char *path, char **summary)
{
    (void)path;
    *summary = NULL;
    abort();
}

static klf_status endless(const char *path, char **summary)
{
    (void)path;
    *summary = NULL;
    while (poll(NULL, 0, -1) <= 0) {
    }
    return KLF_OK;
}

static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_in_order(void **state)
{
    (void)state;
    char *summary = NULL;
    assert_int_equal(klf_guarded_check(whole, "a.h5", 60.0, &summary), KLF_OK);
    assert_string_equal(summary, "a.h5");
    free(summary);
    assert_int_equal(klf_guarded_check(damaged, "b.h5", 60.0, &summary), KLF_ERR_NOINPUT);
    assert_null(summary);
    assert_string_equal(klf_last_error(), "b.h5 is missing");
    assert_no_child();
}

static void test_crash(void **state)
{
    (void)state;
    char *summary = NULL;
    assert_int_equal(klf_guarded_check(crashing, "a.h5", 60.0, &summary), KLF_ERR_DATA);
    assert_string_equal(klf_last_error(), "'a.h5' is damaged: HDF5 crashes on it");
    assert_int_equal(klf_guarded_check(aborting, "a.h5", 60.0, &summary), KLF_ERR_DATA);
    assert_string_equal(klf_last_error(), "'a.h5' is damaged: HDF5 crashes on it");
    assert_null(summary);
    assert_no_child();
}

static void test_no_end(void **state)
{
    (void)state;
    char *summary = NULL;
    assert_int_equal(klf_guarded_check(endless, "a.h5", 0.3, &summary), KLF_ERR_DATA);
    assert_non_null(strstr(klf_last_error(), "'a.h5' is damaged: HDF5 does not come to an end on it"));
    assert_null(summary);
    assert_no_child();
}

/* The check holds the pipe's end open as long as it lives. */
static void test_the_child_ends_with_its_parent(void **state)
{
    (void)state;
    int   ends[2];
    char *summary = NULL;
    assert_int_equal(pipe(ends), 0);
    const pid_t middle = fork();
    if (middle == 0) {
        close(ends[0]);
        klf_guarded_check(endless, "a.h5", 60.0, &summary);
        _exit(0);
    }
    close(ends[1]);
    poll(NULL, 0, 300); /* so that the check runs by then */
    kill(middle, SIGTERM);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    struct pollfd held = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&held, 1, 10000), 1);
    close(ends[0]);
}

static void test_patience_grows_with_the_file(void **state)
{
    (void)state;
    char  path[] = "/tmp/klflow-test-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), 2000000000), 0); /* a hole: takes no room */
    const double large = klf_check_patience_s(path), none = klf_check_patience_s("/nowhere");
    fclose(file);
    unlink(path);
    assert_true(none == 10.0 && large == 110.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_the_child_ends_with_its_parent),
        cmocka_unit_test(test_patience_grows_with_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
