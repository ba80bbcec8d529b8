/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loader accepts, and the sentence for each thing it refuses. On modules that only say that they can do nothing. */
#define _GNU_SOURCE /* setenv */
#include "backend/module_load.h"
#include "backend/module_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE(folder) (FAKES "/" #folder "/klflow-cuda.so")

static void forget_places(void)
{
    static const char *const names[] = {"KLFLOW_BACKEND_DIR", "CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX", "VIRTUAL_ENV"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static void refuses(const char *path, const char *const *words)
{
    const klf_backend *backend = (const klf_backend *)1;
    assert_int_equal(klf_module_open("cuda", path, &backend), KLF_ERR_DEVICE);
    assert_null(backend);
    assert_ptr_equal(strstr(klf_last_error(), "backend cuda: "), klf_last_error());
    for (; *words != NULL; words++)
        if (strstr(klf_last_error(), *words) == NULL)
            fail_msg("no '%s' in: %s", *words, klf_last_error());
}

#define REFUSES(path, ...) refuses(path, (const char *const[]){path, __VA_ARGS__, NULL})

static void refusals(void **state)
{
    (void)state;
    forget_places();
    REFUSES(FAKE(abi), "ABI number 999", "from one build");
    REFUSES(FAKE(version), "klflow 0.0.7", "from one build");
    REFUSES(FAKE(symbol), "klf_backend_module", "KLFLOW_BACKEND_DIR");
    REFUSES(FAKE(renamed), "backend rocm");
    REFUSES(FAKE(nowhere), "cannot open shared object file", "--backend cpu");
    REFUSES("/proc/version", "cannot be loaded", "--backend cpu");
}

static void a_library_that_is_nowhere(void **state)
{
    (void)state;
    forget_places();
    REFUSES(FAKE(needy), "libklffake.so.7", "LD_LIBRARY_PATH", "module load cuda", "pip");
    setenv("CUDA_HOME", FAKES "/toolkit", 1); /* and now what that library needs */
    REFUSES(FAKE(needy), "libklfdeeper.so.3", "LD_LIBRARY_PATH");
}

static void libraries_from_a_toolkit_and_from_python(void **state)
{
    (void)state;
    const klf_backend *backend;
    klf_context       *context;
    forget_places();
    setenv("CUDA_PATH", FAKES "/toolkit", 1);
    setenv("VIRTUAL_ENV", FAKES "/venv", 1);
    if (klf_module_open("cuda", FAKE(needy), &backend) != KLF_OK)
        fail_msg("%s", klf_last_error());
    assert_int_equal(backend->open(&context), KLF_ERR_DEVICE); /* KLF_ERR_INTERNAL if the libraries answered wrong */
}

static void its_failures_are_ours(void **state)
{
    (void)state;
    const klf_backend *backend;
    klf_context       *context;
    assert_int_equal(klf_module_open("cuda", FAKE(good), &backend), KLF_OK);
    klf_fail(KLF_ERR_DATA, "older");
    assert_int_equal(backend->open(&context), KLF_ERR_DEVICE);
    assert_string_equal(klf_last_error(), "backend cuda: the fake has no driver, 100 % of the time");
}

static void where_it_is_looked_for(void **state)
{
    (void)state;
    char path[KLF_MODULE_PATH_SIZE];
    forget_places();
    assert_int_equal(klf_module_find("no-such", path), KLF_ERR_DEVICE);
    assert_non_null(strstr(klf_last_error(), "/lib/klflow"));
    setenv("KLFLOW_BACKEND_DIR", FAKES "/toolkit", 1);
    assert_int_equal(klf_module_find("no-such", path), KLF_ERR_DEVICE);
    assert_non_null(strstr(klf_last_error(), FAKES "/toolkit, "));
    setenv("KLFLOW_BACKEND_DIR", FAKES "/abi", 1);
    assert_int_equal(klf_module_find("cuda", path), KLF_OK);
    assert_string_equal(path, FAKE(abi));
}

/* One opening, whoever asks first; where it has been, nobody looks again. */
static void asked_by_many(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    const klf_backend *backend[THREADS] = {0};
    int                failures = 0;
    setenv("KLFLOW_BACKEND_DIR", FAKES "/good", 1);
#pragma omp parallel num_threads(THREADS) reduction(+ : failures)
    failures += klf_module_get("cuda", &backend[omp_get_thread_num()]) != KLF_OK;
    assert_int_equal(failures, 0);
    for (int i = 0; i < omp_get_max_threads() && i < THREADS; i++)
        assert_ptr_equal(backend[i], backend[0]);
    assert_non_null(backend[0]);
    size_t before = backend[0]->devices(NULL, 0);
    setenv("KLFLOW_BACKEND_DIR", FAKES "/abi", 1);
    assert_int_equal(klf_module_get("cuda", &backend[1]), KLF_OK);
    assert_ptr_equal(backend[1], backend[0]);
    assert_int_equal(backend[0]->devices(NULL, 0), before);
}

static void failures_are_kept(void **state)
{
    (void)state;
    char               first[1024];
    const klf_backend *backend;
    forget_places();
    assert_int_equal(klf_module_get("no-such", &backend), KLF_ERR_DEVICE);
    snprintf(first, sizeof first, "%s", klf_last_error());
    klf_fail(KLF_ERR_DATA, "newer");
    assert_int_equal(klf_module_get("no-such", &backend), KLF_ERR_DEVICE);
    assert_string_equal(klf_last_error(), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_library_that_is_nowhere),
        cmocka_unit_test(libraries_from_a_toolkit_and_from_python),
        cmocka_unit_test(its_failures_are_ours),
        cmocka_unit_test(where_it_is_looked_for),
        cmocka_unit_test(asked_by_many),
        cmocka_unit_test(failures_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
