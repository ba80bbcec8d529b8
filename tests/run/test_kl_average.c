/* SPDX-License-Identifier: BSD-3-Clause */
/* Means, scatter and errors of hand-made results: over images, over networks with samples of their own, over networks with
 * common samples. The numbers are chosen so that every rule gives another one. */
#include "run/kl_average.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PARTS = 3, LAYERS = 2 };

/* Mean 3; squared deviations 4 + 1 + 9, so a standard deviation of sqrt(7) with n - 1 (sqrt(14 / 3) with n). */
static const double VALUE[PARTS] = {1.0, 2.0, 6.0};
/* Mean 11 / 3; root of the summed squares 7, so 7 / 3 as the error of a mean of independent parts. */
static const double ERROR[PARTS] = {2.0, 3.0, 6.0};

/* A few roundings of numbers below 10. */
static void assert_near(const char *what, double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-14))
        fail_msg("%s is %.17g, not %.17g", what, value, expected);
}

static bool is_stderr(int field)
{
    return field == KLF_KL_KL_STDERR || field == KLF_KL_Q_STDERR || field == KLF_KL_Q_ROUNDING_STDERR;
}

/* Every field of every layer of part k is VALUE[k], an error ERROR[k], a scatter over images VALUE[k]. */
static void make_parts(uint64_t seed_step, size_t n_images, klf_kl_point part[PARTS])
{
    for (size_t k = 0; k < PARTS; k++) {
        assert_int_equal(klf_kl_point_create(LAYERS, 1, n_images, &part[k]), KLF_OK);
        part[k].sample_seed = 7 + k * seed_step;
        part[k].entropy_reference = VALUE[k];
        for (size_t i = 0; i < LAYERS; i++) {
            part[k].width[i] = 5 - i;
            part[k].width_changed[i] = i > 0;
            for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
                part[k].value[f][i] = is_stderr(f) ? ERROR[k] : VALUE[k];
                if (part[k].input_std[f])
                    part[k].input_std[f][i] = VALUE[k];
            }
        }
    }
}

/* Layer 1 of a part has no variance: all that needs a density is NaN. */
static void make_degenerate(klf_kl_point *part)
{
    static const klf_kl_field needs_density[] = {KLF_KL_KL, KLF_KL_KL_STDERR, KLF_KL_KL_PER_NEURON};
    part->layer_status[1] = KLF_LAYER_DEGENERATE;
    for (size_t k = 0; k < sizeof needs_density / sizeof *needs_density; k++)
        part->value[needs_density[k]][1] = NAN;
}

static void free_parts(klf_kl_point part[PARTS], klf_kl_point *out)
{
    for (size_t k = 0; k < PARTS; k++)
        klf_kl_point_free(&part[k]);
    klf_kl_point_free(out);
}

/* scatter: ensemble_std or input_std of the mean. */
static void check_means(const klf_kl_point *out, double *const *scatter, double error)
{
    assert_near("entropy_reference", out->entropy_reference, 3.0);
    for (size_t i = 0; i < LAYERS; i++) {
        assert_int_equal(out->width[i], 5 - i);
        assert_int_equal(out->width_changed[i], i > 0);
        assert_int_equal(out->layer_status[i], KLF_LAYER_OK);
        for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
            assert_near(klf_kl_field_table[f].name, out->value[f][i], is_stderr(f) ? error : 3.0);
            assert_int_equal(scatter[f] != NULL, klf_kl_field_table[f].scatter);
            if (scatter[f])
                assert_near("a standard deviation", scatter[f][i], sqrt(7.0));
        }
    }
}

/* Images share the network and the samples: nothing about the parts makes their errors independent. */
static void test_images(void **state)
{
    (void)state;
    for (uint64_t seed_step = 0; seed_step < 2; seed_step++) {
        klf_kl_point part[PARTS], out;
        make_parts(seed_step, 1, part);
        assert_int_equal(klf_kl_average(part, PARTS, KLF_OVER_INPUTS, &out), KLF_OK);
        check_means(&out, out.input_std, 11.0 / 3.0);
        assert_int_equal(out.n_images, PARTS);
        assert_int_equal(out.ensemble, 1);
        assert_null(out.ensemble_std[KLF_KL_KL]);
        free_parts(part, &out);
    }
}

static void check_networks(uint64_t seed_step, double error)
{
    klf_kl_point part[PARTS], out;
    make_parts(seed_step, 1, part);
    assert_int_equal(klf_kl_average(part, PARTS, KLF_OVER_NETWORKS, &out), KLF_OK);
    check_means(&out, out.ensemble_std, error);
    assert_int_equal(out.ensemble, PARTS);
    assert_int_equal(out.n_images, 1);
    assert_int_equal(out.sample_seed, 7);
    assert_null(out.input_std[KLF_KL_KL]);
    free_parts(part, &out);
}

static void test_networks_with_samples_of_their_own(void **state)
{
    (void)state;
    check_networks(1, 7.0 / 3.0);
}

static void test_networks_with_common_samples(void **state)
{
    (void)state;
    check_networks(0, 11.0 / 3.0);
}

/* The scatter over images is that within a network, averaged over the networks. */
static void test_networks_and_images(void **state)
{
    (void)state;
    klf_kl_point part[PARTS], out;
    make_parts(1, 4, part);
    assert_int_equal(klf_kl_average(part, PARTS, KLF_OVER_NETWORKS, &out), KLF_OK);
    check_means(&out, out.ensemble_std, 7.0 / 3.0);
    assert_int_equal(out.n_images, 4);
    for (size_t i = 0; i < LAYERS; i++)
        assert_near("the scatter over images", out.input_std[KLF_KL_KL][i], 3.0);
    free_parts(part, &out);
}

/* Wherever the degenerate part stands, its layer is degenerate in the mean, with the other layer and what needs no density
 * kept. */
static void test_degenerate_part(void **state)
{
    (void)state;
    for (int over = KLF_OVER_INPUTS; over <= KLF_OVER_NETWORKS; over++)
        for (size_t k = 0; k < PARTS; k++) {
            klf_kl_point part[PARTS], out;
            make_parts(1, 1, part);
            make_degenerate(&part[k]);
            assert_int_equal(klf_kl_average(part, PARTS, (klf_average_over)over, &out), KLF_OK);
            double *const *scatter = over == KLF_OVER_INPUTS ? out.input_std : out.ensemble_std;
            assert_int_equal(out.layer_status[0], KLF_LAYER_OK);
            assert_int_equal(out.layer_status[1], KLF_LAYER_DEGENERATE);
            assert_true(klf_kl_point_is_degenerate(&out));
            assert_true(isnan(out.value[KLF_KL_KL][1]) && isnan(out.value[KLF_KL_KL_STDERR][1]));
            assert_true(isnan(scatter[KLF_KL_KL][1]));
            assert_near("kl of the other layer", out.value[KLF_KL_KL][0], 3.0);
            assert_near("its scatter", scatter[KLF_KL_KL][0], sqrt(7.0));
            assert_near("Q of the degenerate layer", out.value[KLF_KL_Q_DIRECT][1], 3.0);
            free_parts(part, &out);
        }
}

static void test_one_part_is_taken_over(void **state)
{
    (void)state;
    klf_kl_point part[PARTS], out;
    make_parts(1, 1, part);
    const double *kl = part[0].value[KLF_KL_KL];
    assert_int_equal(klf_kl_average(part, 1, KLF_OVER_NETWORKS, &out), KLF_OK);
    assert_ptr_equal(out.value[KLF_KL_KL], kl);
    assert_null(part[0].value[KLF_KL_KL]);
    assert_null(out.ensemble_std[KLF_KL_KL]);
    free_parts(part, &out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_networks_with_samples_of_their_own),
        cmocka_unit_test(test_networks_with_common_samples),
        cmocka_unit_test(test_networks_and_images),
        cmocka_unit_test(test_degenerate_part),
        cmocka_unit_test(test_one_part_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
