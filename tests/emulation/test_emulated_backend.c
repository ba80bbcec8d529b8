/* SPDX-License-Identifier: BSD-3-Clause */
/* The CUDA backend on the emulated device, beyond what the conformance suite asks of every backend: the same bits in any order
 * of threads and streams, every failure of a call told and cleaned up after, a device that lacks something. */
#include "conformance/flow_fixture.h"
#include "emulation/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 4, CUDA_OUT_OF_MEMORY = 2, CUDA_ILLEGAL_ADDRESS = 700 };
/* The second network is too wide to be replayed as a graph, and takes two lanes. */
static const size_t shapes[][DEPTH] = {{12, 31, 33, 7}, {12, 270, 33, 7}};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static const klf_emulation_control_table *device;
static const klf_backend                 *backend;

static int set_up(void **state)
{
    (void)state;
    if (klf_backend_find("cuda-emulated", &backend) != KLF_OK) {
        print_error("%s\n", klf_last_error());
        return -1;
    }
    void *module = dlopen(EMULATED_MODULE, RTLD_NOW);
    device = module ? dlsym(module, KLF_EMULATION_CONTROL_SYMBOL) : NULL;
    return device ? 0 : -1;
}

static void set(const char *name, const char *value)
{
    assert_true(device->set(name, value));
}

static void nothing_is_left(void)
{
    const char *what = "";
    if (device->alive(&what) != 0)
        fail_msg("not given back: %s", what);
}

/* After every test, also one that failed half-way. */
static int as_before(void **state)
{
    static const char *const names[] = {"devices", "driver", "memory", "seed", "fail", "refuse_epilogue", "l2", "capability"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        device->set(names[i], NULL);
    return 0;
}

static flow_target open_target(klf_precision precision)
{
    flow_target target = {.backend = backend, .precision = precision};
    if (backend->open(&target.context) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return target;
}

static klf_flow_params params_of(const flow_target *target, const flow_fixture *fixture)
{
    klf_flow_params params = flow_params(target, fixture);
    params.n_mc = 200;
    params.chunk = 32;
    params.keep_f_j = params.keep_f_jk = true;
    return params;
}

static klf_flow *run_with(klf_precision precision, size_t threads, const char *seed, const flow_fixture *fixture)
{
    set("seed", seed);
    flow_target     target = open_target(precision);
    klf_flow_params params = params_of(&target, fixture);
    params.threads = threads;
    klf_flow *flow = run_flow(&params);
    backend->close(target.context);
    nothing_is_left();
    return flow;
}

static void same_moments(const klf_flow *a, const klf_flow *b, const size_t *widths)
{
    for (size_t l = 0; l < DEPTH; l++) {
        assert_memory_equal(a->layer[l].f_j, b->layer[l].f_j, widths[l] * sizeof(double));
        if (a->layer[l].f_jk)
            assert_memory_equal(a->layer[l].f_jk, b->layer[l].f_jk, widths[l] * widths[l] * sizeof(double));
    }
}

static void any_order_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const seeds[] = {"1", "2", "3", "4"};
    for (size_t i = 0; i < N_SHAPES * KLF_N_PRECISIONS; i++) {
        const klf_precision precision = (klf_precision)(i % KLF_N_PRECISIONS);
        const size_t       *widths = shapes[i / KLF_N_PRECISIONS];
        flow_fixture        fixture;
        fixture_create(DEPTH, widths, 1.8, 0.05, &fixture);
        for (size_t threads = 1; threads <= 2; threads++) {
            klf_flow *natural = run_with(precision, threads, "0", &fixture);
            for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
                klf_flow *other = run_with(precision, threads, seeds[s], &fixture);
                check_same_flow(other, natural, 0.0);
                same_moments(other, natural, widths);
                klf_flow_destroy(other);
            }
            klf_flow_destroy(natural);
        }
        fixture_destroy(&fixture);
    }
}

/* A run in which call number `at` of a function fails. Returns false once there is no such call any more. */
static bool fails_well(const char *name, long at, int error, klf_precision precision, const flow_fixture *fixture,
                       const klf_flow *right)
{
    char             injected[80];
    flow_target      target = {.backend = backend, .precision = precision};
    klf_flow        *flow = NULL;
    const klf_status memory = error == CUDA_OUT_OF_MEMORY ? KLF_ERR_MEMORY : KLF_ERR_DEVICE;
    snprintf(injected, sizeof injected, "%s:%ld=%d", name, at, error);
    set("fail", injected);
    klf_status st = backend->open(&target.context);
    if (st == KLF_OK) {
        klf_flow_params params = params_of(&target, fixture);
        params.threads = 2;
        st = klf_flow_run(&params, &flow);
        backend->close(target.context);
    } else if (st == KLF_ERR_MEMORY) { /* before there is a run, whose chunks could be smaller */
        assert_null(strstr(klf_last_error(), "--chunk"));
        assert_non_null(strstr(klf_last_error(), "CUDA_VISIBLE_DEVICES"));
    }
    const bool  happened = device->calls(name) >= at;
    const char *what = "";
    if (device->alive(&what) != 0)
        fail_msg("after %s, status %d, not given back: %s", injected, (int)st, what);
    if (st == KLF_OK) { /* nothing failed, or there was a way round it */
        check_same_flow(flow, right, 1e-5);
    } else {
        if (st != memory && st != KLF_ERR_DEVICE)
            fail_msg("%s: status %d, %s", injected, (int)st, klf_last_error());
        assert_null(flow);
        assert_true(happened);
        assert_true(strlen(klf_last_error()) > 40);
        assert_non_null(strstr(klf_last_error(), "backend cuda"));
    }
    klf_flow_destroy(flow);
    return happened;
}

static void every_call_may_fail(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int         error;
        long        least[N_SHAPES]; /* how many calls there must be, so that the name is not misspelt */
    } calls[] = {
        {"cudaMalloc", CUDA_OUT_OF_MEMORY, {3, 3}},
        {"cudaMallocHost", CUDA_OUT_OF_MEMORY, {0, 0}},
        {"cudaMemcpy", CUDA_ILLEGAL_ADDRESS, {0, 0}},
        {"cudaMemcpyAsync", CUDA_ILLEGAL_ADDRESS, {1, 1}},
        {"cudaMemsetAsync", 1, {1, 1}},
        {"cudaStreamCreateWithFlags", CUDA_OUT_OF_MEMORY, {1, 1}},
        {"cudaEventCreateWithFlags", 1, {1, 1}},
        {"cudaEventRecord", 1, {1, 1}},
        {"cudaStreamWaitEvent", 1, {0, 1}},
        {"cudaEventSynchronize", CUDA_ILLEGAL_ADDRESS, {1, 1}},
        {"cudaStreamSynchronize", 719, {1, 1}},
        {"cudaLaunchKernel", 9, {5, 5}},
        {"cudaGetDeviceCount", 35, {1, 1}},
        {"cudaMemGetInfo", 1, {0, 0}},
        {"cudaStreamBeginCapture", 1, {1, 0}},
        {"cudaStreamEndCapture", 1, {1, 0}},
        {"cudaGraphInstantiateWithFlags", 1, {1, 0}},
        {"cudaGraphLaunch", 1, {1, 0}},
        {"cublasCreate_v2", 100, {1, 1}},
        {"cublasSetStream_v2", 1, {1, 1}},
        {"cublasLtCreate", CUDA_OUT_OF_MEMORY, {1, 1}},
        {"cublasLtMatmul", 1, {1, 1}},
        {"cublasGemmBatchedEx", 1, {1, 1}},
        {"launch", CUDA_ILLEGAL_ADDRESS, {5, 5}},
        {"gemm", CUDA_ILLEGAL_ADDRESS, {5, 5}},
    };
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        flow_fixture fixture;
        fixture_create(DEPTH, shapes[shape], 1.8, 0.05, &fixture);
        klf_flow *right = run_with(KLF_FP32, 2, "0", &fixture);
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            long at = 1;
            while (fails_well(calls[i].name, at, calls[i].error, KLF_FP32, &fixture, right))
                at += at < 40 ? 1 : at / 5; /* beyond the set-up they are all alike */
            if (at <= calls[i].least[shape])
                fail_msg("%s was called %ld times only", calls[i].name, at - 1);
        }
        klf_flow_destroy(right);
        fixture_destroy(&fixture);
        as_before(NULL);
    }
}

static void machines_that_cannot(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *said;
    } lacks[] = {{"driver", "0", "driver"}, {"devices", "0", "no usable GPU"}};
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        klf_context *context = NULL;
        set(lacks[i].name, lacks[i].value);
        assert_int_equal(backend->open(&context), KLF_ERR_DEVICE);
        if (!strstr(klf_last_error(), lacks[i].said))
            fail_msg("'%s' is not in: %s", lacks[i].said, klf_last_error());
        nothing_is_left();
        as_before(NULL);
    }
}

/* Where cublasLt has no algorithm that adds the bias, the pass behind the product adds it: the same numbers. */
static void without_the_epilogue(void **state)
{
    (void)state;
    flow_fixture fixture;
    fixture_create(DEPTH, shapes[0], 1.8, 0.05, &fixture);
    for (int precision = 0; precision < KLF_N_PRECISIONS; precision++) {
        set("refuse_epilogue", "0");
        klf_flow *with = run_with((klf_precision)precision, 1, "0", &fixture);
        set("refuse_epilogue", "1");
        klf_flow *without = run_with((klf_precision)precision, 1, "0", &fixture);
        /* both add the bias to the product's sum, once in the same precision: no bit differs */
        check_same_flow(without, with, 0.0);
        klf_flow_destroy(with);
        klf_flow_destroy(without);
    }
    fixture_destroy(&fixture);
}

/* The memory plan holds: what a run takes at most is no more than what it said, and not far below. */
static void memory_as_planned(void **state)
{
    (void)state;
    for (int precision = 0; precision < KLF_N_PRECISIONS; precision++)
        for (size_t threads = 1; threads <= 2; threads++) {
            flow_fixture fixture;
            fixture_create(DEPTH, shapes[threads - 1], 1.8, 0.05, &fixture);
            flow_target     target = open_target((klf_precision)precision);
            klf_flow_params params = params_of(&target, &fixture);
            params.threads = threads;
            const klf_model_spec spec = {.net = fixture.net,
                                         .stats = fixture.stats,
                                         .sample_seed = params.sample_seed,
                                         .precision = params.precision,
                                         .gram = true,
                                         .gram_last = true};
            device->peak_bytes();
            const uint64_t before = device->peak_bytes();
            klf_flow      *flow = run_flow(&params);
            const double   taken = (double)(device->peak_bytes() - before);
            const double   planned = (double)backend->model_bytes(target.context, &spec) +
                                   (double)flow->lanes * (double)backend->lane_bytes(target.context, &spec, flow->chunk);
            if (!(taken <= planned && taken >= 0.5 * planned))
                fail_msg("%s, %zu lanes: planned %.0f bytes, taken %.0f", klf_precision_name(params.precision), flow->lanes,
                         planned, taken);
            klf_flow_destroy(flow);
            backend->close(target.context);
            fixture_destroy(&fixture);
        }
    nothing_is_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(any_order_gives_the_same_bits, as_before),
        cmocka_unit_test_teardown(every_call_may_fail, as_before),
        cmocka_unit_test_teardown(machines_that_cannot, as_before),
        cmocka_unit_test_teardown(without_the_epilogue, as_before),
        cmocka_unit_test_teardown(memory_as_planned, as_before),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
