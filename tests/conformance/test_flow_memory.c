/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pass does when the backend has no memory for it: a chunk that the user did not choose is halved, once, with a notice,
 * and the result is that of a run with that chunk; everything else is an error. */
#include "conformance/flow_fixture.h"
#include "fake_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static const size_t widths[] = {33, 40, 10};
enum { DEPTH = sizeof widths / sizeof widths[0], N_MC = 600, CHUNK = 128 };

typedef struct notices {
    int     n;
    char    last[200];
    int64_t samples_done;
} notices;

static void count_notice(void *arg, const char *sentence)
{
    notices *n = arg;
    n->n++;
    snprintf(n->last, sizeof n->last, "%s", sentence);
}

static void count_samples(void *arg, int64_t samples_done)
{
    notices *n = arg;
    n->samples_done = samples_done;
}

static klf_flow_params params_on_fake(const flow_fixture *f, size_t threads, notices *n)
{
    const flow_target target = {.backend = fake_reset(), .precision = KLF_FP64};
    klf_flow_params   params = flow_params(&target, f);
    assert_non_null(params.backend);
    params.n_mc = N_MC;
    params.threads = threads;
    params.notice = count_notice;
    params.progress = count_samples;
    params.notice_arg = params.progress_arg = n;
    return params;
}

/* Each of the ways to run out of memory once. */
static void break_once(int way)
{
    switch (way) {
    case 0: fake.most_rows = CHUNK - 1; break;
    case 1: fake.fail_models = 1; break;
    default:
        fake.forwards = 3;
        fake.fail_forwards = 1;
        break;
    }
}

static void a_chunk_is_halved_once(void **state)
{
    (void)state;
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    for (size_t threads = 1; threads <= 2; threads++)
        for (int way = 0; way < 3; way++) {
            notices         n = {0};
            klf_flow_params params = params_on_fake(&f, threads, &n);
            assert_int_equal(klf_flow_plan(&params).chunk, CHUNK);
            break_once(way);
            klf_flow *halved = run_flow(&params);
            assert_int_equal(n.n, 1);
            assert_string_equal(n.last, "no memory for chunks of 128 samples: the pass begins anew with chunks of 64");
            assert_int_equal(halved->chunk, CHUNK / 2);
            assert_int_equal(n.samples_done, N_MC);

            params = params_on_fake(&f, threads, &n);
            params.chunk = CHUNK / 2;
            klf_flow *asked_for = run_flow(&params);
            check_same_flow(halved, asked_for, 0.0);
            klf_flow_destroy(halved);
            klf_flow_destroy(asked_for);
        }
    fixture_destroy(&f);
}

static void expect_no_memory(const klf_flow_params *params)
{
    klf_flow unset, *flow = &unset;
    assert_int_equal(klf_flow_run(params, &flow), KLF_ERR_MEMORY);
    assert_null(flow);
}

static void a_second_failure_is_an_error(void **state)
{
    (void)state;
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    notices         n = {0};
    klf_flow_params params = params_on_fake(&f, 2, &n);
    fake.most_rows = CHUNK / 2 - 1;
    expect_no_memory(&params);
    assert_int_equal(n.n, 1);
    params = params_on_fake(&f, 2, &n);
    fake.fail_models = 2;
    expect_no_memory(&params);
    assert_int_equal(n.n, 2);
    fixture_destroy(&f);
}

static void a_chunk_asked_for_is_kept(void **state)
{
    (void)state;
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    notices         n = {0};
    klf_flow_params params = params_on_fake(&f, 1, &n);
    params.chunk = CHUNK;
    fake.most_rows = CHUNK - 1;
    expect_no_memory(&params);
    assert_int_equal(n.n, 0);
    fixture_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_is_halved_once),
        cmocka_unit_test(a_second_failure_is_an_error),
        cmocka_unit_test(a_chunk_asked_for_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
