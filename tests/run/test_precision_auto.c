/* SPDX-License-Identifier: BSD-3-Clause */
/* What precision `auto` stands for: the fastest whose bound is a third of the predicted error at most, on a CPU and on a
 * device. */
#include "klflow/rounding_bias.h"
#include "run/kl_bias.h"
#include "run/kl_options.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Only that it is there matters: a backend with a device has it. */
static klf_status no_rate(klf_context *ctx, klf_precision precision, size_t rows, size_t width, double seconds, double *rate)
{
    (void)ctx;
    (void)precision;
    (void)rows;
    (void)width;
    (void)seconds;
    *rate = 0.0;
    return KLF_OK;
}

static klf_precision choose(const char *var_w, int64_t n_mc, bool device)
{
    klf_kl_config config;
    klf_kl_setup  setup;
    klf_precision chosen = KLF_N_PRECISIONS;
    klf_kl_config_init(&config);
    config.precision = KLF_PRECISION_AUTO;
    config.n_mc = n_mc;
    assert_int_equal(
        klf_option_assign(klf_option_find(klf_kl_options, KLF_KL_N_OPTIONS, KLF_IN_KL, "var-w"), &config, var_w, "var-w"),
        KLF_OK);
    assert_int_equal(klf_kl_config_complete(&config), KLF_OK);
    assert_int_equal(klf_kl_setup_open(&config, &setup, NULL), KLF_OK);
    assert_true(setup.precision == KLF_FP32 || setup.precision == KLF_FP64); /* cpu: the fast ones are only emulated there */
    klf_backend gpu = *setup.backend;
    gpu.gemm_rate = no_rate;
    setup.backend = device ? &gpu : setup.backend;
    assert_int_equal(klf_kl_choose_precision(&setup, &chosen), KLF_OK);
    klf_kl_setup_close(&setup);
    klf_kl_config_free(&config);
    return chosen;
}

/* More samples never make it faster; few take the fastest, more than any machine computes fp64. */
static void samples_decide(void **state)
{
    (void)state;
    static const int accuracy[KLF_N_PRECISIONS] = {
        [KLF_FP64] = 5, [KLF_FP32] = 4, [KLF_TF32X3] = 3, [KLF_TF32] = 2, [KLF_FP16] = 2, [KLF_BF16] = 1};
    bool seen_fast = false, seen_fp32 = false;
    int  before = 0;
    for (int64_t n_mc = 10; n_mc <= INT64_C(1000000000000); n_mc *= 10) {
        const klf_precision cpu = choose("1.5", n_mc, false), device = choose("1.5", n_mc, true);
        assert_true(accuracy[device] >= before && accuracy[device] <= accuracy[cpu]);
        before = accuracy[device];
        seen_fast = seen_fast || device == KLF_FP16;
        seen_fp32 = seen_fp32 || cpu == KLF_FP32;
        if (n_mc == 10)
            assert_int_equal(device, KLF_FP16);
    }
    assert_true(seen_fast && seen_fp32);
    assert_int_equal(choose("1.5", INT64_C(1000000000000), true), KLF_FP64);
    assert_int_equal(choose("1.5", INT64_C(1000000000000), false), KLF_FP64);
}

/* A sweep takes what its hardest point needs: at var_w 1 the samples scatter least. */
static void the_hardest_point_decides(void **state)
{
    (void)state;
    const int64_t n_mc = 3000000;
    assert_int_equal(choose("2.5", n_mc, true), KLF_FP16);
    assert_int_not_equal(choose("1.0", n_mc, true), KLF_FP16);
    assert_int_equal(choose("2.5,2.0,1.0", n_mc, true), choose("1.0", n_mc, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples_decide), cmocka_unit_test(the_hardest_point_decides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
