/* SPDX-License-Identifier: BSD-3-Clause */
/* Status codes are the exit codes of sysexits; the last error is this thread's own. */
#include "klflow/status.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_code_has_a_text(void **state)
{
    static const klf_status codes[] = {
#define CODE(code, value, text) code,
        KLF_STATUS_LIST(CODE)
#undef CODE
    };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_not_equal(klf_status_text(codes[i]), "unknown status");
        for (size_t k = 0; k < i; k++)
            assert_true(codes[i] != codes[k] && strcmp(klf_status_text(codes[i]), klf_status_text(codes[k])) != 0);
    }
    assert_string_equal(klf_status_text((klf_status)2), "unknown status");
    assert_true(KLF_ERR_DIFFERENT == 1 && KLF_ERR_USAGE == 64 && KLF_ERR_DATA == 65 && KLF_ERR_NOINPUT == 66 &&
                KLF_ERR_DEVICE == 69 && KLF_ERR_CREATE == 73 && KLF_ERR_IO == 74 && KLF_ERR_RESUMABLE == 75 &&
                KLF_ERR_CONFIG == 78);
}

static void the_last_error_is_the_threads_own(void **state)
{
    int other_saw_ours = 0;
    (void)state;
    assert_int_equal(klf_fail(KLF_ERR_DATA, "file %d", 7), KLF_ERR_DATA);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1) {
        other_saw_ours = strcmp(klf_last_error(), "file 7") == 0;
        (void)klf_fail(KLF_ERR_IO, "%s", "another");
    }
    assert_int_equal(other_saw_ours, 0);
    assert_string_equal(klf_last_error(), "file 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_has_a_text),
                                       cmocka_unit_test(the_last_error_is_the_threads_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
