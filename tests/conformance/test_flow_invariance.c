/* SPDX-License-Identifier: BSD-3-Clause */
/* What a result may not depend on: chunk size (but for rounding), threads (not a bit), estimator, repetition. And what
 * surrounds the numbers: the plan, progress, interruption. On every backend. */
#include "conformance/flow_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static const size_t widths[] = {33, 40, 64, 10};
enum { DEPTH = sizeof widths / sizeof widths[0] };

static const size_t chunks[] = {7, 64, 1000, 0};
enum { N_CHUNKS = sizeof chunks / sizeof chunks[0], MOST_THREADS = 3 };

static void check_chunks_and_threads(const flow_target *target)
{
    flow_fixture f;
    klf_flow    *first = NULL;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    for (size_t i = 0; i < N_CHUNKS; i++) {
        klf_flow *one_thread = NULL;
        for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
            if (target->slow && (threads == 2 || chunks[i] == 1000))
                continue;
            klf_flow_params params = flow_params(target, &f);
            params.threads = threads;
            params.chunk = chunks[i];
            klf_flow *flow = run_flow(&params);
            if (!first)
                first = flow;
            check_same_flow(flow, first, target_bar(target, params.n_mc));
            if (!one_thread)
                one_thread = flow;
            else if (flow->chunk == one_thread->chunk) /* the backend's own choice may depend on the threads */
                check_same_flow(flow, one_thread, 0.0);
            if (flow != first && flow != one_thread)
                klf_flow_destroy(flow);
        }
        if (one_thread != first)
            klf_flow_destroy(one_thread); /* NULL where the chunk was left out */
    }
    klf_flow_destroy(first);
    fixture_destroy(&f);
}

/* Layers so wide that a device, too, takes several lanes: their chunks run side by side and are still added in order. */
static void check_wide_layers(const flow_target *target)
{
    static const size_t wide[] = {300, 272, 10};
    flow_fixture        f;
    klf_flow           *alone = NULL;
    fixture_create(3, wide, 1.8, 0.05, &f);
    for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
        klf_flow_params params = flow_params(target, &f);
        params.n_mc = 150;
        params.chunk = 16;
        params.threads = threads;
        klf_flow *flow = run_flow(&params);
        if (alone) {
            check_same_flow(flow, alone, 0.0);
            klf_flow_destroy(flow);
        } else {
            alone = flow;
        }
    }
    klf_flow_destroy(alone);
    fixture_destroy(&f);
}

static void wide_layers_in_lanes(void **state)
{
    (void)state;
    for_each_target(check_wide_layers);
}

static void independent_of_chunks_and_threads(void **state)
{
    (void)state;
    for_each_target(check_chunks_and_threads);
}

/* More lanes than chunks, and many short chunks whose sums must still be added in order. */
static void check_contention(const flow_target *target)
{
    flow_fixture f;
    if (target->slow && target->precision > KLF_FP32)
        return; /* a lane's sums are ordered in the same way in all of them */
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = target->slow ? 100 : 500;
    params.chunk = 1;
    klf_flow *alone = run_flow(&params);
    params.threads = 8;
    for (int repetition = 0; repetition < 3; repetition++) {
        klf_flow *together = run_flow(&params);
        check_same_flow(together, alone, 0.0);
        klf_flow_destroy(together);
    }
    klf_flow_destroy(alone);
    fixture_destroy(&f);
}

static void same_bits_under_contention(void **state)
{
    (void)state;
    for_each_target(check_contention);
}

static void check_estimators(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    klf_flow       *both = run_flow(&params);
    klf_flow       *again = run_flow(&params);
    check_same_flow(again, both, 0.0);
    klf_flow_destroy(again);

    params.estimator = KLF_DIRECT;
    klf_flow *direct = run_flow(&params);
    params.estimator = KLF_GRAM;
    klf_flow *gram = run_flow(&params);
    for (size_t l = 0; l < DEPTH; l++) {
        assert_true(isnan(direct->layer[l].q_gram));
        check_near("Q direct", l, direct->layer[l].q_direct, both->layer[l].q_direct,
                   target_bar(target, params.n_mc) * both->layer[l].q_direct);
        check_near("Q gram", l, gram->layer[l].q_gram, both->layer[l].q_gram,
                   target_bar(target, params.n_mc) * both->layer[l].q_direct);
        check_near("Q stderr", l, direct->layer[l].q_stderr, gram->layer[l].q_stderr,
                   target_bar(target, params.n_mc) * both->layer[l].q_direct);
        assert_null(both->layer[l].f_j);
        assert_null(both->layer[l].f_jk);
    }
    klf_flow_destroy(gram);
    klf_flow_destroy(direct);
    klf_flow_destroy(both);
    fixture_destroy(&f);
}

static void independent_of_the_estimator(void **state)
{
    (void)state;
    for_each_target(check_estimators);
}

/* Every backend in double gives the same numbers, straight against each other. The first one found is the oracle, ref. */
static klf_flow *oracle;

static void check_against_oracle(const flow_target *target)
{
    flow_fixture f;
    if (target->precision != KLF_FP64)
        return;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = 1000;
    klf_flow *flow = run_flow(&params);
    if (oracle) {
        check_same_flow(flow, oracle, 1e-12); /* sums of up to 64 terms and 1000 samples in other orders: some 1e-14 */
        klf_flow_destroy(flow);
    } else {
        assert_string_equal(target->backend->name, "ref");
        oracle = flow;
    }
    fixture_destroy(&f);
}

static void backends_agree_in_double(void **state)
{
    (void)state;
    for_each_target(check_against_oracle);
    klf_flow_destroy(oracle);
    oracle = NULL;
}

/* At full width and over several long chunks, where sums in float have the most to round. */
static void check_estimators_at_full_width(const flow_target *target)
{
    static const size_t full[] = {784, 784};
    flow_fixture        f;
    if (target->precision == KLF_FP64 || strcmp(target->backend->name, "ref") == 0)
        return;
    fixture_create(2, full, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = target->slow ? 600 : 5000;
    params.chunk = target->slow ? 256 : 2048;
    klf_flow *flow = run_flow(&params);
    check_near("Q gram", 1, flow->layer[1].q_gram, flow->layer[1].q_direct, 2e-6 * flow->layer[1].q_direct);
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void estimators_agree_at_full_width(void **state)
{
    (void)state;
    for_each_target(check_estimators_at_full_width);
}

/* Other samples of the same network: a result within the errors of both, and not the same one. */
static void check_sample_seed(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    klf_flow       *one = run_flow(&params);
    params.sample_seed ^= UINT64_C(1) << 63;
    klf_flow *other = run_flow(&params);
    for (size_t l = 1; l < DEPTH; l++) {
        const klf_flow_layer *a = &one->layer[l], *b = &other->layer[l];
        assert_true(a->q_direct != b->q_direct);
        check_near("Q direct", l, a->q_direct, b->q_direct, 4.0 * sqrt(a->q_stderr * a->q_stderr + b->q_stderr * b->q_stderr));
    }
    klf_flow_destroy(one);
    klf_flow_destroy(other);
    fixture_destroy(&f);
}

static void depends_on_the_sample_seed(void **state)
{
    (void)state;
    for_each_target(check_sample_seed);
}

typedef struct progress {
    int     calls;
    int64_t last;
    bool    backwards;
} progress;

static void record(void *arg, int64_t samples_done)
{
    progress *p = arg;
    p->calls++;
    p->backwards = p->backwards || samples_done < p->last;
    p->last = samples_done;
}

static void check_plan_and_progress(const flow_target *target)
{
    flow_fixture f;
    if (target->slow && target->precision != KLF_FP32)
        return; /* chunks are counted, not computed with */
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    static const int64_t n_mc[] = {1, 2, 127, 128, 129, 1000, 1000000000};
    for (size_t i = 0; i < sizeof n_mc / sizeof n_mc[0]; i++)
        for (size_t threads = 1; threads <= MOST_THREADS; threads++)
            for (size_t c = 0; c < N_CHUNKS; c++) {
                progress        seen = {0};
                klf_flow_params params = flow_params(target, &f);
                params.n_mc = n_mc[i];
                params.threads = threads;
                params.chunk = chunks[c];
                params.progress = record;
                params.progress_arg = &seen;
                const klf_flow_cost cost = klf_flow_plan(&params);
                const size_t        chunk = cost.chunk, lanes = cost.lanes;
                assert_true(cost.bytes > 0);
                assert_in_range(chunk, 1, (uintmax_t)n_mc[i]);
                assert_in_range(lanes, 1, ((uintmax_t)n_mc[i] + chunk - 1) / chunk);
                if (chunks[c] != 0 && (int64_t)chunks[c] <= n_mc[i])
                    assert_int_equal(chunk, chunks[c]);
                if (n_mc[i] > (target->slow ? 129 : 1000))
                    continue;
                klf_flow *flow = run_flow(&params);
                assert_int_equal(flow->chunk, chunk);
                assert_int_equal(flow->lanes, lanes);
                assert_true(seen.calls > 0 && !seen.backwards && seen.last == n_mc[i]);
                klf_flow_destroy(flow);
            }
    fixture_destroy(&f);
}

static void plan_and_progress(void **state)
{
    (void)state;
    for_each_target(check_plan_and_progress);
}

static volatile sig_atomic_t stop_now;

static void stop_soon(void *arg, int64_t samples_done)
{
    (void)arg;
    (void)samples_done;
    stop_now = 1;
}

static void check_cancel(const flow_target *target)
{
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    for (int at_once = 0; at_once < 2; at_once++)
        for (size_t threads = 1; threads <= MOST_THREADS; threads++) {
            klf_flow        unset, *flow = &unset;
            klf_flow_params params = flow_params(target, &f);
            params.n_mc = INT64_C(1000000000); /* would take minutes */
            params.chunk = 64;
            params.threads = threads;
            params.cancel = &stop_now;
            params.progress = stop_soon;
            stop_now = at_once;
            assert_int_equal(klf_flow_run(&params, &flow), KLF_ERR_INTERRUPTED);
            assert_null(flow);
        }
    fixture_destroy(&f);
}

static void stops_when_cancelled(void **state)
{
    (void)state;
    for_each_target(check_cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_of_chunks_and_threads),
        cmocka_unit_test(wide_layers_in_lanes),
        cmocka_unit_test(same_bits_under_contention),
        cmocka_unit_test(independent_of_the_estimator),
        cmocka_unit_test(backends_agree_in_double),
        cmocka_unit_test(estimators_agree_at_full_width),
        cmocka_unit_test(depends_on_the_sample_seed),
        cmocka_unit_test(plan_and_progress),
        cmocka_unit_test(stops_when_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
