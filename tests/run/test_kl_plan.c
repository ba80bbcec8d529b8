/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan of a run: memory of the host and of a device apart, what does not fit refused, networks side by side where one does
 * not fill a device, and numbers of samples beyond 2^31 and 2^32. */
#include "fake_device.h"
#include "klflow/kl_config.h"
#include "run/kl_plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DEPTH = 4, N_POINTS = 32 };
static const uint64_t widths[DEPTH] = {40, 33, 20, 10};

typedef struct request {
    int64_t  n_mc;
    uint64_t threads;
} request;

/* A plan on the fake device as it is set; on ref without one. */
static klf_kl_plan plan(const klf_backend *backend, request ask)
{
    klf_kl_config config;
    klf_kl_setup  setup;
    klf_kl_plan   made;
    uint64_t      seed[N_POINTS];
    char          ref[] = "ref";
    for (size_t i = 0; i < N_POINTS; i++)
        seed[i] = i;
    klf_kl_config_init(&config);
    config.widths = (klf_list_uint){DEPTH, (uint64_t *)widths};
    config.seed = (klf_list_uint){N_POINTS, seed};
    config.n_mc = ask.n_mc;
    config.threads = ask.threads;
    config.backend = ref;
    assert_int_equal(klf_kl_config_complete(&config), KLF_OK);
    assert_int_equal(klf_kl_setup_open(&config, &setup, NULL), KLF_OK);
    if (backend)
        setup.backend = backend;
    assert_int_equal(klf_kl_plan_setup(&setup, &made), KLF_OK);
    made.backend = "fake"; /* the setup's name goes with it */
    klf_kl_setup_close(&setup);
    config.widths = config.seed = (klf_list_uint){0};
    config.backend = NULL;
    klf_kl_config_free(&config);
    return made;
}

static void memory_of_the_host_alone(void **state)
{
    (void)state;
    klf_kl_plan p = plan(NULL, (request){.n_mc = 1000, .threads = 2});
    assert_true(isnan(p.device_bytes) && isnan(p.device_available));
    assert_int_equal(klf_kl_plan_check(&p), KLF_OK);
}

static void memory_of_host_and_device(void **state)
{
    (void)state;
    const klf_backend *backend = fake_reset();
    fake.memory = 1e9;
    klf_kl_plan host = plan(NULL, (request){.n_mc = 100000, .threads = 2});
    klf_kl_plan p = plan(backend, (request){.n_mc = 100000, .threads = 2});
    assert_true(p.device_bytes > 0.0 && p.device_available == 1e9);
    /* The same bytes, in another place. */
    assert_true(fabs(host.memory_bytes - p.memory_bytes - p.device_bytes) <= 1.0);
    assert_int_equal(klf_kl_plan_check(&p), KLF_OK);
}

static void a_device_too_small_is_refused(void **state)
{
    (void)state;
    const klf_backend *backend = fake_reset();
    fake.memory = 1000.0;
    klf_kl_plan p = plan(backend, (request){.n_mc = 100000, .threads = 4});
    assert_int_equal(p.points_in_flight, 1);
    assert_int_equal(klf_kl_plan_check(&p), KLF_ERR_MEMORY);
    assert_non_null(strstr(klf_last_error(), "GB on the device of backend fake and 0.0 GB are free there; lower chunk"));
}

static void networks_fill_a_device(void **state)
{
    (void)state;
    const request      ask = {.n_mc = 100000, .threads = 8};
    const klf_backend *backend = fake_reset();
    /* One chunk of 128 samples has 2 x 128 x (40 x 33 + 33 x 20 + 20 x 10) / 3 operations a layer. */
    const double of_chunk = 2.0 * 128.0 * (1320.0 + 660.0 + 200.0) / 3.0;
    fake.fill_flops = 0.5 * of_chunk;
    assert_int_equal(plan(backend, ask).points_in_flight, 1);
    fake.fill_flops = 2.5 * of_chunk;
    klf_kl_plan three = plan(backend, ask);
    assert_int_equal(three.points_in_flight, 3);
    assert_int_equal(three.lanes, 2); /* ref has a lane for each of its share of the threads */
    fake.fill_flops = 1e6 * of_chunk; /* no more than there are threads to drive them */
    assert_int_equal(plan(backend, ask).points_in_flight, 8);
    fake.memory = 2.1 * three.device_bytes / 3.0; /* nor than fit */
    assert_int_equal(plan(backend, ask).points_in_flight, 2);

    backend = fake_reset();
    fake_backend.fill_flops = NULL;
    assert_int_equal(plan(backend, ask).points_in_flight, 1);
}

/* The plan's numbers are those of a smaller run times the ratio of the samples, and memory is not. */
static void numbers_of_samples_beyond_32_bits(void **state)
{
    (void)state;
    const klf_kl_plan    million = plan(NULL, (request){.n_mc = 1000000, .threads = 2});
    static const int64_t n_mc[] = {1000000000, 4294967296 + 5, 1000000000000};
    for (size_t i = 0; i < sizeof n_mc / sizeof n_mc[0]; i++) {
        const klf_kl_plan p = plan(NULL, (request){.n_mc = n_mc[i], .threads = 2});
        const double      ratio = (double)n_mc[i] / 1e6;
        assert_true(fabs(p.flops - ratio * million.flops) <= 1e-12 * p.flops);
        assert_true(p.memory_bytes == million.memory_bytes);
        assert_int_equal(p.chunk, 128);
        assert_int_equal(p.lanes, 2);
        assert_int_equal(p.points_in_flight, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_the_host_alone),          cmocka_unit_test(memory_of_host_and_device),
        cmocka_unit_test(a_device_too_small_is_refused),     cmocka_unit_test(networks_fill_a_device),
        cmocka_unit_test(numbers_of_samples_beyond_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
