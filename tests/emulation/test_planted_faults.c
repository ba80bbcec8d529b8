/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes that people make with a device, planted one by one: each must be noticed. What the emulation notices differs with
 * the sanitizers: AddressSanitizer ends the program and names the line; without it guard bytes, NaN and statuses tell. Faults
 * in the path of the whole program are in test_program_faults.py. */
#include "emulation/emulation_test.h"
#include "emulation/toys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { N = 1000, BLOCKS = 3 };

/* Runs what ought to fail in a process of its own: its exit status, or minus the signal, and what it says on stderr. */
static int in_child(int (*run)(void), char *said, size_t size)
{
    int pipe_of[2], status = 0;
    assert_int_equal(pipe(pipe_of), 0);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipe_of[1], STDERR_FILENO);
        close(pipe_of[0]);
        close(pipe_of[1]);
        exit(run());
    }
    close(pipe_of[1]);
    size_t  length = 0;
    ssize_t n;
    char    rest[512];
    while ((n = length + 1 < size ? read(pipe_of[0], said + length, size - 1 - length) : read(pipe_of[0], rest, sizeof rest)) >
           0)
        length += length + 1 < size ? (size_t)n : 0;
    said[length] = '\0';
    close(pipe_of[0]);
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void expect_said(const char *said, const char *what)
{
    if (!strstr(said, what))
        fail_msg("'%s' is not in what was said: %s", what, said);
}

static int write_beyond_a_buffer(void)
{
    double  x[N] = {0.0};
    double *in = on_device(x, sizeof x), *out = on_device(NULL, sizeof x - 2 * sizeof *x);
    toy_scale(N, 2.0, in, out, BLOCKS, NULL);
    const cudaError_t error = cudaDeviceSynchronize();
    cudaFree(in);
    cudaFree(out);
    return (int)error;
}

static void short_buffer(void **state)
{
    (void)state;
    char      said[16384];
    const int status = in_child(write_beyond_a_buffer, said, sizeof said);
    if (SANITIZED) {
        assert_int_not_equal(status, 0);
        expect_said(said, "heap-buffer-overflow");
        expect_said(said, "in scale(");
        expect_said(said, "toys.cu");
    } else {
        assert_int_equal(status, cudaErrorIllegalAddress % 256);
        expect_said(said, "wrote beyond an allocation of 7984 bytes, behind it");
    }
}

/* Only the sum tells, where no sanitizer looks on: what lies behind a buffer is NaN. */
static int read_beyond_a_buffer(void)
{
    double  x[N] = {0.0}, sum = 0.0;
    double *in = on_device(x, sizeof x), *partial = on_device(NULL, BLOCKS * sizeof *x), *out = on_device(NULL, sizeof sum);
    toy_sum(N + 1, in, partial, BLOCKS, out, TOY_RIGHT, NULL);
    to_host(&sum, out, sizeof sum);
    cudaFree(in);
    cudaFree(partial);
    cudaFree(out);
    return isnan(sum) ? 42 : 0;
}

static void read_too_far(void **state)
{
    (void)state;
    char      said[16384];
    const int status = in_child(read_beyond_a_buffer, said, sizeof said);
    if (SANITIZED)
        expect_said(said, "heap-buffer-overflow");
    else
        assert_int_equal(status, 42);
}

static double scaled_in_two_streams(int waits, const char *seed)
{
    double       x = 1.0, y = 0.0;
    cudaStream_t first = new_stream(), second = new_stream();
    cudaEvent_t  done = NULL;
    set("seed", seed);
    must(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
    double *d_x = on_device(&x, sizeof x), *d_y = on_device(NULL, sizeof x), *d_z = on_device(NULL, sizeof x);
    toy_scale(1, 2.0, d_x, d_y, 1, first);
    must(cudaEventRecord(done, first));
    if (waits)
        must(cudaStreamWaitEvent(second, done, 0));
    toy_scale(1, 3.0, d_y, d_z, 1, second);
    must(cudaStreamSynchronize(second));
    to_host(&y, d_z, sizeof y);
    must(cudaFree(d_x));
    must(cudaFree(d_y));
    must(cudaFree(d_z));
    must(cudaEventDestroy(done));
    must(cudaStreamDestroy(first));
    must(cudaStreamDestroy(second));
    return y;
}

static void missing_wait_between_streams(void **state)
{
    (void)state;
    assert_true(scaled_in_two_streams(1, "0") == 6.0);
    assert_true(isnan(scaled_in_two_streams(0, "0")));
}

/* The host reads what a copy has not yet brought. */
static void missing_synchronise(void **state)
{
    (void)state;
    const double       x = 3.0;
    double            *pinned = NULL;
    const cudaStream_t stream = new_stream();
    must(cudaMallocHost((void **)&pinned, sizeof x));
    double *d_x = on_device(&x, sizeof x);
    must(cudaMemcpyAsync(pinned, d_x, sizeof x, cudaMemcpyDeviceToHost, stream));
    assert_true(isnan(*pinned));
    must(cudaStreamSynchronize(stream));
    assert_true(*pinned == x);
    must(cudaFree(d_x));
    must(cudaFreeHost(pinned));
    must(cudaStreamDestroy(stream));
}

/* The natural order lets the first thread run on; shared memory that nobody wrote is NaN, or what an earlier block left under
 * the sanitizers. Numbers that grow make these differ. */
static void missing_barrier(void **state)
{
    (void)state;
    double x[N], right = 0.0, wrong = 0.0;
    for (int i = 0; i < N; i++)
        x[i] = (double)i;
    double *in = on_device(x, sizeof x), *partial = on_device(NULL, BLOCKS * sizeof *x), *out = on_device(NULL, sizeof right);
    toy_sum(N, in, partial, BLOCKS, out, TOY_RIGHT, NULL);
    to_host(&right, out, sizeof right);
    toy_sum(N, in, partial, BLOCKS, out, TOY_NO_BARRIER, NULL);
    to_host(&wrong, out, sizeof wrong);
    assert_true(right == N * (N - 1) / 2.0);
    assert_true(wrong != right);
    must(cudaFree(in));
    must(cudaFree(partial));
    must(cudaFree(out));
}

static void uninitialised_read(void **state)
{
    (void)state;
    double  x[N];
    double *in = on_device(NULL, sizeof x), *out = on_device(NULL, sizeof x);
    toy_scale(N, 2.0, in, out, BLOCKS, NULL);
    to_host(x, out, sizeof x);
    for (int i = 0; i < N; i++)
        assert_true(isnan(x[i]));
    must(cudaFree(in));
    must(cudaFree(out));
}

static int leak_and_end(void)
{
    void *p = NULL;
    must(cudaMalloc(&p, 1024));
    new_stream();
    set("strict", "1");
    return 0;
}

static void leak(void **state)
{
    (void)state;
    char        said[16384];
    const char *what = "";
    void       *p = NULL;
    must(cudaMalloc(&p, 1024));
    assert_int_equal(klf_emulation_control.alive(&what), 1);
    assert_string_equal(what, "1 device allocations");
    must(cudaFree(p));
    assert_int_equal(klf_emulation_control.alive(NULL), 0);
    assert_int_equal(in_child(leak_and_end, said, sizeof said), 70);
    expect_said(said, "not given back at the end: 1 device allocations, 1 streams");
}

/* On the card as well a launch beyond its limits does nothing but leave an error. */
static void limits_of_a_launch(void **state)
{
    (void)state;
    static const struct {
        dim3        grid, block;
        cudaError_t error;
    } shapes[] = {
        {{1, 65535, 1}, {1, 1, 1}, cudaSuccess},
        {{1, 65536, 1}, {1, 1, 1}, cudaErrorInvalidConfiguration},
        {{1, 1, 65536}, {1, 1, 1}, cudaErrorInvalidConfiguration},
        {{0x80000000u, 1, 1}, {1, 1, 1}, cudaErrorInvalidConfiguration},
        {{0, 1, 1}, {1, 1, 1}, cudaErrorInvalidConfiguration},
        {{1, 1, 1}, {1024, 1, 1}, cudaSuccess},
        {{1, 1, 1}, {1025, 1, 1}, cudaErrorInvalidConfiguration},
        {{1, 1, 1}, {32, 33, 1}, cudaErrorInvalidConfiguration},
        {{1, 1, 1}, {1, 1, 65}, cudaErrorInvalidConfiguration},
        {{1, 1, 1}, {0, 1, 1}, cudaErrorInvalidConfiguration},
    };
    unsigned counts[33] = {0};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        unsigned *d_counts = on_device(memset(counts, 0, sizeof counts), sizeof counts);
        toy_count(shapes[i].grid, shapes[i].block, d_counts, NULL);
        assert_int_equal(cudaGetLastError(), shapes[i].error);
        to_host(counts, d_counts, sizeof counts);
        assert_int_equal(counts[0] > 0, shapes[i].error == cudaSuccess);
        must(cudaFree(d_counts));
    }
    double *x = on_device(NULL, TOY_BLOCK * sizeof *x);
    toy_reverse(x, 48 * 1024, TOY_RIGHT, NULL);
    must(cudaGetLastError());
    toy_reverse(x, 48 * 1024 + 1, TOY_RIGHT, NULL);
    assert_int_equal(cudaGetLastError(), cudaErrorInvalidValue);
    must(cudaFree(x));
}

static int reverse_in_a_branch(void)
{
    double *x = on_device(NULL, TOY_BLOCK * sizeof *x);
    toy_reverse(x, TOY_BLOCK * sizeof *x, TOY_BARRIER_IN_BRANCH, NULL);
    const cudaError_t error = cudaDeviceSynchronize();
    const cudaError_t later = cudaMemset(x, 0, sizeof *x); /* nothing works after that */
    cudaFree(x);
    return error == later ? (int)error : 1;
}

static void barrier_in_a_branch(void **state)
{
    (void)state;
    char said[16384];
    assert_int_equal(in_child(reverse_in_a_branch, said, sizeof said), cudaErrorLaunchFailure % 256);
    expect_said(said, "kernel reverse, block (0, 0, 0): thread 0 waits for ever at a barrier");
}

static int give_a_host_pointer(void)
{
    double  x = 1.0;
    double *out = on_device(NULL, sizeof x);
    toy_scale(1, 2.0, &x, out, 1, NULL);
    const cudaError_t error = cudaDeviceSynchronize();
    cudaFree(out);
    return (int)error;
}

static void host_pointer_in_a_kernel(void **state)
{
    (void)state;
    char said[16384];
    assert_int_equal(in_child(give_a_host_pointer, said, sizeof said), cudaErrorIllegalAddress % 256);
    expect_said(said, "kernel scale was given a pointer to memory that is not the device's");
}

static int read_on_the_host(void)
{
    const double x = 1.0;
    double      *in = on_device(&x, sizeof x);
    const int    read = *(volatile double *)in == x;
    must(cudaFree(in));
    return read ? 0 : 1;
}

/* Only AddressSanitizer can tell. */
static void device_pointer_on_the_host(void **state)
{
    (void)state;
    char said[16384];
    if (!SANITIZED)
        skip();
    assert_int_not_equal(in_child(read_on_the_host, said, sizeof said), 0);
    expect_said(said, "use-after-poison");
    expect_said(said, "read_on_the_host");
}

/* An error that comes late: the kernel after it is not run, the next wait tells. */
static void failure_of_a_kernel(void **state)
{
    (void)state;
    double  x = 1.0;
    double *d_x = on_device(&x, sizeof x);
    set("fail", "launch:2=700,cudaMemset:2=2");
    toy_scale(1, 2.0, d_x, d_x, 1, NULL);
    must(cudaDeviceSynchronize());
    must(cudaMemset(d_x, 0, 1));
    assert_int_equal(cudaMemset(d_x, 0, 1), cudaErrorMemoryAllocation);
    must(cudaMemset(d_x, 0, 1));
    toy_scale(1, 2.0, d_x, d_x, 1, NULL);
    assert_int_equal(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
    assert_int_equal(cudaFree(d_x), cudaErrorIllegalAddress); /* given back all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(short_buffer, nothing_left),
        cmocka_unit_test_teardown(read_too_far, nothing_left),
        cmocka_unit_test_teardown(missing_wait_between_streams, nothing_left),
        cmocka_unit_test_teardown(missing_synchronise, nothing_left),
        cmocka_unit_test_teardown(missing_barrier, nothing_left),
        cmocka_unit_test_teardown(uninitialised_read, nothing_left),
        cmocka_unit_test_teardown(leak, nothing_left),
        cmocka_unit_test_teardown(limits_of_a_launch, nothing_left),
        cmocka_unit_test_teardown(barrier_in_a_branch, nothing_left),
        cmocka_unit_test_teardown(host_pointer_in_a_kernel, nothing_left),
        cmocka_unit_test_teardown(device_pointer_on_the_host, nothing_left),
        cmocka_unit_test_teardown(failure_of_a_kernel, nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
