/* SPDX-License-Identifier: BSD-3-Clause */
/* A pass that is stopped between chunks and goes on from its sums has the bits of one that never stopped, on every backend:
 * in one process, which hands its sums over and goes on by itself, and from copies of them in new models with other threads. */
#include "conformance/flow_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const size_t widths[] = {33, 40, 64, 10};
enum { DEPTH = sizeof widths / sizeof widths[0], CHUNK = 64, N_MC = 1000, MOST_THREADS = 3 };

/* What the hooks of a pass do. */
typedef struct keeper {
    int            asked, due_after; /* true from this question on */
    klf_status     answer;
    int            handed_over;
    klf_flow_sums *sums; /* the last ones */
} keeper;

static bool due(void *arg)
{
    keeper *k = arg;
    bool    answer;
#pragma omp critical(keeper)
    answer = k->asked++ >= k->due_after;
    return answer;
}

static klf_status keep(void *arg, klf_flow_sums *sums)
{
    keeper *k = arg;
    assert_int_equal(sums->chunk, CHUNK);
    assert_true(sums->n_samples % CHUNK == 0 && sums->n_samples < N_MC);
    if (k->sums)
        assert_true(sums->n_samples >= k->sums->n_samples);
    klf_flow_sums_destroy(k->sums);
    k->sums = sums;
    k->handed_over++;
    k->asked = 0;
    return k->answer;
}

static klf_flow_params resumable(const flow_target *target, const flow_fixture *f, size_t threads, keeper *k)
{
    klf_flow_params params = flow_params(target, f);
    params.n_mc = N_MC;
    params.chunk = CHUNK;
    params.threads = threads;
    params.keep_f_j = params.keep_f_jk = true;
    params.keep_due = k ? due : NULL;
    params.keep = k ? keep : NULL;
    params.keep_arg = k;
    return params;
}

static void assert_same_bits(const klf_flow *got, const klf_flow *expected)
{
    check_same_flow(got, expected, 0.0);
    for (size_t l = 0; l < DEPTH; l++) {
        assert_memory_equal(got->layer[l].f_j, expected->layer[l].f_j, widths[l] * sizeof(double));
        assert_memory_equal(got->layer[l].f_jk, expected->layer[l].f_jk, widths[l] * widths[l] * sizeof(double));
    }
}

/* Stops after so many questions, with one number of threads, and goes on with another. */
static void check_stop(const flow_target *target, const flow_fixture *f, const klf_flow *whole, int due_after, size_t threads)
{
    keeper          k = {.due_after = due_after, .answer = KLF_ERR_INTERRUPTED};
    klf_flow       *flow = NULL;
    klf_flow_params params = resumable(target, f, threads, &k);
    assert_int_equal(klf_flow_run(&params, &flow), KLF_ERR_INTERRUPTED);
    assert_null(flow);
    assert_int_equal(k.handed_over, 1);
    assert_int_equal(k.sums->n_samples, due_after * CHUNK); /* each no lets one more chunk begin */

    params = resumable(target, f, MOST_THREADS + 1 - threads, NULL);
    params.resume = k.sums;
    flow = run_flow(&params);
    assert_same_bits(flow, whole);
    klf_flow_destroy(flow);
    klf_flow_sums_destroy(k.sums);
}

static void check_resumed(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = resumable(target, &f, 1, NULL);
    klf_flow       *whole = run_flow(&params);
    for (size_t threads = 1; threads <= MOST_THREADS; threads++)
        for (int due_after = 0; due_after < 12; due_after += 4)
            check_stop(target, &f, whole, due_after, threads);
    klf_flow_destroy(whole);
    fixture_destroy(&f);
}

static void resumed_has_the_bits_of_one_run(void **state)
{
    (void)state;
    for_each_target(check_resumed);
}

/* Sums are handed over again and again while the pass goes on; stopped and resumed time after time it comes to the end too. */
static void check_many_stops(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = resumable(target, &f, 1, NULL);
    klf_flow       *whole = run_flow(&params), *flow = NULL;

    keeper going_on = {.due_after = 3, .answer = KLF_OK};
    params = resumable(target, &f, 1, &going_on);
    flow = run_flow(&params);
    assert_int_equal(going_on.handed_over, 5); /* 16 chunks, three at a time */
    assert_same_bits(flow, whole);
    klf_flow_destroy(flow);
    klf_flow_sums_destroy(going_on.sums);

    keeper     stopping = {.due_after = 5, .answer = KLF_ERR_INTERRUPTED};
    klf_status st = KLF_ERR_INTERRUPTED;
    int        runs = 0;
    for (flow = NULL; st == KLF_ERR_INTERRUPTED; runs++) {
        keeper next = stopping;
        next.asked = 0;
        next.sums = NULL;
        params = resumable(target, &f, 1, &next);
        params.resume = stopping.sums;
        st = klf_flow_run(&params, &flow);
        klf_flow_sums_destroy(stopping.sums);
        stopping.sums = next.sums;
    }
    assert_int_equal(st, KLF_OK);
    assert_int_equal(runs, 4);
    assert_same_bits(flow, whole);
    klf_flow_destroy(flow);
    klf_flow_destroy(whole);
    fixture_destroy(&f);
}

static void stopped_again_and_again(void **state)
{
    (void)state;
    for_each_target(check_many_stops);
}

/* The chunk that a number of threads would choose is kept when others go on. */
static void check_chunk_of_first_run(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    params.threads = 3;
    const klf_flow_cost first = klf_flow_plan(&params);
    params.threads = 1;
    params.chunk_threads = 3;
    assert_int_equal(klf_flow_plan(&params).chunk, first.chunk);
    fixture_destroy(&f);
}

static void chunk_of_the_first_run(void **state)
{
    (void)state;
    for_each_target(check_chunk_of_first_run);
}

/* Sums of another pass are no start. */
static void check_foreign_sums(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    keeper          k = {.due_after = 2, .answer = KLF_ERR_INTERRUPTED};
    klf_flow       *flow = NULL;
    klf_flow_params params = resumable(target, &f, 1, &k);
    assert_int_equal(klf_flow_run(&params, &flow), KLF_ERR_INTERRUPTED);
    for (int fault = 0; fault < 5; fault++) {
        klf_flow_sums sums = *k.sums;
        params = resumable(target, &f, 1, NULL);
        params.resume = &sums;
        switch (fault) {
        case 0: params.keep_f_jk = false; break; /* no second moments of the last layer */
        case 1: params.chunk = CHUNK / 2; break;
        case 2: sums.n_samples += 1; break;
        case 3: params.reference_layer = 1; break;
        default: params.n_mc = CHUNK; break;
        }
        assert_int_equal(klf_flow_run(&params, &flow), KLF_ERR_DATA);
        assert_null(flow);
    }
    klf_flow_sums_destroy(k.sums);
    fixture_destroy(&f);
}

static void foreign_sums_are_refused(void **state)
{
    (void)state;
    for_each_target(check_foreign_sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed_has_the_bits_of_one_run),
        cmocka_unit_test(stopped_again_and_again),
        cmocka_unit_test(chunk_of_the_first_run),
        cmocka_unit_test(foreign_sums_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
