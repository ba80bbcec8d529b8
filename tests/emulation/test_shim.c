/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulated device does what a device does: kernels with barriers, shuffles, shared memory and atomics in any order of
 * threads, streams whose work waits, events, graphs, limits. What it is to catch is in test_planted_faults.c. */
#include "emulation/emulation_test.h"
#include "emulation/toys.h"

#include <math.h>
#include <stdlib.h>

enum { N = 10000, BLOCKS = 7 };

static double *numbers(size_t n)
{
    double *x = test_malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = sin((double)i) * pow(10.0, (double)(i % 5));
    return x;
}

/* The sum that the two kernels of toy_sum form, in their order. */
static double partial_sum(size_t n, const double *x, unsigned block, unsigned blocks)
{
    double lane[TOY_BLOCK] = {0.0}, sum = 0.0;
    for (unsigned t = 0; t < TOY_BLOCK; t++)
        for (size_t i = (size_t)block * TOY_BLOCK + t; i < n; i += (size_t)blocks * TOY_BLOCK)
            lane[t] += x[i];
    for (unsigned step = 16; step > 0; step /= 2)
        for (unsigned t = 0; t < TOY_BLOCK; t++)
            if (t % 32 < step)
                lane[t] += lane[t + step];
    for (unsigned w = 0; w < TOY_BLOCK / 32; w++)
        sum += lane[32 * w];
    return sum;
}

static void any_order_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const seeds[] = {"0", "1", "2", "77"};
    double                  *x = numbers(N), partial[BLOCKS], backwards[TOY_BLOCK];
    for (unsigned b = 0; b < BLOCKS; b++)
        partial[b] = partial_sum(N, x, b, BLOCKS);
    const double expected = partial_sum(BLOCKS, partial, 0, 1);
    for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
        double sum = NAN;
        set("seed", seeds[s]);
        double *d_x = on_device(x, N * sizeof *x), *d_partial = on_device(NULL, sizeof partial);
        double *d_sum = on_device(NULL, sizeof sum);
        toy_sum(N, d_x, d_partial, BLOCKS, d_sum, TOY_RIGHT, NULL);
        must(cudaGetLastError());
        to_host(&sum, d_sum, sizeof sum);
        assert_true(sum == expected);
        toy_reverse(d_x, TOY_BLOCK * sizeof *x, TOY_RIGHT, NULL);
        to_host(backwards, d_x, sizeof backwards);
        for (size_t i = 0; i < TOY_BLOCK; i++)
            assert_true(backwards[i] == x[TOY_BLOCK - 1 - i]);
        must(cudaFree(d_x));
        must(cudaFree(d_partial));
        must(cudaFree(d_sum));
    }
    test_free(x);
}

static void every_thread_runs_once(void **state)
{
    (void)state;
    static const dim3 grids[] = {{1, 1, 1}, {5, 3, 2}, {64, 1, 1}}, blocks[] = {{32, 1, 1}, {8, 4, 2}, {64, 1, 16}};
    for (int seed = 0; seed < 2; seed++)
        for (size_t i = 0; i < 3; i++) {
            unsigned counts[33] = {0};
            set("seed", seed ? "5" : "0");
            unsigned      *d_counts = on_device(counts, sizeof counts);
            const unsigned n = grids[i].x * grids[i].y * grids[i].z * blocks[i].x * blocks[i].y * blocks[i].z;
            toy_count(grids[i], blocks[i], d_counts, NULL);
            must(cudaGetLastError());
            to_host(counts, d_counts, sizeof counts);
            assert_int_equal(counts[0], n);
            for (unsigned lane = 0; lane < 32; lane++)
                assert_int_equal(counts[1 + lane], n / 32);
            must(cudaFree(d_counts));
        }
}

static void words_of_curand(void **state)
{
    (void)state;
    static const unsigned expected[2][8] = {
        {0x9ceaf053, 0x77f5493b, 0x12bf50ad, 0x5742b3d7, 0xfcdb2127, 0x53ba6cfd, 0x838f5a6e, 0x744e06fb},
        {0x02933769, 0x2051e913, 0x3b68b038, 0xb62c409c, 0x20ff9139, 0xfdd21d94, 0x1b0af4ec, 0x39c6bd08}};
    unsigned  words[2][8];
    unsigned *d_words = on_device(NULL, sizeof words);
    toy_words(42, 2, 8, d_words, NULL);
    to_host(words, d_words, sizeof words);
    assert_memory_equal(words, expected, sizeof words);
    must(cudaFree(d_words));
}

/* Two streams and an event between them; the host sees results only where it has waited. */
static void streams_wait_for_events(void **state)
{
    (void)state;
    for (int seed = 0; seed < 4; seed++) {
        const char         digit[] = {(char)('0' + seed), '\0'};
        double             x[4] = {1, 2, 3, 4}, *pinned = NULL;
        const cudaStream_t first = new_stream(), second = new_stream();
        cudaEvent_t        done = NULL;
        set("seed", digit);
        must(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
        must(cudaMallocHost((void **)&pinned, sizeof x));
        double *d_x = on_device(x, sizeof x), *d_y = on_device(NULL, sizeof x), *d_z = on_device(NULL, sizeof x);
        toy_scale(4, 2.0, d_x, d_y, 1, first);
        must(cudaEventRecord(done, first));
        must(cudaStreamWaitEvent(second, done, 0));
        toy_scale(4, 3.0, d_y, d_z, 1, second);
        must(cudaMemcpyAsync(pinned, d_z, sizeof x, cudaMemcpyDeviceToHost, second));
        if (seed == 0) /* nobody has waited */
            assert_true(isnan(pinned[0]));
        must(cudaStreamSynchronize(second));
        for (int i = 0; i < 4; i++)
            assert_true(pinned[i] == 6.0 * x[i]);
        must(cudaFree(d_x));
        must(cudaFree(d_y));
        must(cudaFree(d_z));
        must(cudaFreeHost(pinned));
        must(cudaEventDestroy(done));
        must(cudaStreamDestroy(first));
        must(cudaStreamDestroy(second));
    }
}

/* Copies from pageable memory take the numbers of now, those from pinned memory the numbers of later. */
static void copies_read_when_the_real_ones_do(void **state)
{
    (void)state;
    const cudaStream_t stream = new_stream();
    double             pageable = 1.0, *pinned = NULL, out[2] = {NAN, NAN};
    double            *d = on_device(NULL, sizeof out);
    must(cudaMallocHost((void **)&pinned, sizeof *pinned));
    *pinned = 1.0;
    must(cudaMemcpyAsync(d, &pageable, sizeof *d, cudaMemcpyHostToDevice, stream));
    must(cudaMemcpyAsync(d + 1, pinned, sizeof *d, cudaMemcpyHostToDevice, stream));
    pageable = *pinned = 2.0;
    must(cudaMemcpyAsync(out, d, sizeof out, cudaMemcpyDeviceToHost, stream)); /* to pageable memory: waits */
    assert_true(out[0] == 1.0 && out[1] == 2.0);
    assert_int_equal(cudaMemcpy(out, d, sizeof out, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    assert_int_equal(cudaMemcpy(&pageable, out, sizeof pageable, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    assert_int_equal(cudaMemcpy(out, d, 3 * sizeof *d, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidValue);
    must(cudaGetLastError());
    must(cudaFree(d));
    must(cudaFreeHost(pinned));
    must(cudaStreamDestroy(stream));
}

/* The legacy stream waits for ordinary streams, not for non-blocking ones. */
static void legacy_stream(void **state)
{
    (void)state;
    for (int blocking = 0; blocking < 2; blocking++) {
        const double x = 1.0;
        double       y = 0.0;
        cudaStream_t stream = NULL;
        must(cudaStreamCreateWithFlags(&stream, blocking ? cudaStreamDefault : cudaStreamNonBlocking));
        double *d_x = on_device(&x, sizeof x), *d_y = on_device(NULL, sizeof y);
        toy_scale(1, 2.0, d_x, d_y, 1, stream);
        to_host(&y, d_y, sizeof y);
        assert_true(blocking ? y == 2.0 : isnan(y));
        must(cudaFree(d_x));
        must(cudaFree(d_y));
        must(cudaStreamDestroy(stream));
    }
}

static void graphs(void **state)
{
    (void)state;
    const cudaStream_t stream = new_stream();
    double             x = 1.0;
    double            *d = on_device(&x, sizeof x);
    cudaGraph_t        graph = NULL;
    cudaGraphExec_t    exec = NULL;
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    toy_scale(1, 2.0, d, d, 1, stream);
    toy_scale(1, 5.0, d, d, 1, stream);
    must(cudaStreamEndCapture(stream, &graph));
    must(cudaGraphInstantiateWithFlags(&exec, graph, 0));
    must(cudaGraphDestroy(graph));
    to_host(&x, d, sizeof x);
    assert_true(x == 1.0); /* captured, not run */
    must(cudaGraphLaunch(exec, stream));
    must(cudaGraphLaunch(exec, stream));
    must(cudaStreamSynchronize(stream));
    to_host(&x, d, sizeof x);
    assert_true(x == 100.0);
    must(cudaGraphExecDestroy(exec));
    /* waiting within a capture spoils it, and so does an allocation in this mode */
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    assert_int_equal(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    assert_int_equal(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    assert_null(graph);
    must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    void *p = NULL;
    assert_int_equal(cudaMalloc(&p, 8), cudaErrorStreamCaptureUnsupported);
    assert_int_equal(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    cudaGetLastError();
    must(cudaFree(d));
    must(cudaStreamDestroy(stream));
}

static void machines_without_a_card(void **state)
{
    (void)state;
    int   n = 99, version = -1;
    void *p = NULL;
    set("devices", "0");
    assert_int_equal(cudaGetDeviceCount(&n), cudaErrorNoDevice);
    assert_int_equal(n, 99);
    set("driver", "0");
    assert_int_equal(cudaGetDeviceCount(&n), cudaErrorInsufficientDriver);
    must(cudaDriverGetVersion(&version));
    assert_int_equal(version, 0);
    assert_int_equal(cudaMalloc(&p, 8), cudaErrorInsufficientDriver);
}

static void memory_has_an_end(void **state)
{
    (void)state;
    void  *p = NULL, *q = NULL;
    size_t free_bytes = 0, total = 0;
    set("memory", "50000");
    klf_emulation_control.peak_bytes();
    must(cudaMalloc(&p, 40000));
    assert_int_equal(cudaMalloc(&q, 10001), cudaErrorMemoryAllocation);
    assert_null(q);
    must(cudaMalloc(&q, 10000));
    must(cudaMemGetInfo(&free_bytes, &total));
    assert_true(free_bytes == 0 && total == 50000);
    must(cudaFree(p));
    must(cudaFree(q));
    assert_int_equal(klf_emulation_control.peak_bytes(), 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(any_order_gives_the_same_bits, nothing_left),
        cmocka_unit_test_teardown(every_thread_runs_once, nothing_left),
        cmocka_unit_test_teardown(words_of_curand, nothing_left),
        cmocka_unit_test_teardown(streams_wait_for_events, nothing_left),
        cmocka_unit_test_teardown(copies_read_when_the_real_ones_do, nothing_left),
        cmocka_unit_test_teardown(legacy_stream, nothing_left),
        cmocka_unit_test_teardown(graphs, nothing_left),
        cmocka_unit_test_teardown(machines_without_a_card, nothing_left),
        cmocka_unit_test_teardown(memory_has_an_end, nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
