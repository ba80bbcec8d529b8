/* SPDX-License-Identifier: BSD-3-Clause */
/* The arithmetic of comparisons, on hand-made results: differences, combined errors, shares of the tolerance, order, and every
 * way in which a number can be missing. */
#include "run/kl_compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LAYERS = 4, REFERENCE = 2 };

static const klf_tolerance LOOSE = {.relative = 1e-6, .sigmas = 5.0}, STATED = {NAN, .otherwise = 1e-6, .sigmas = 5.0};

/* Roundings of a few operations. */
static void assert_near(const char *what, double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-14 * fabs(expected)))
        fail_msg("%s is %.17g, not %.17g", what, value, expected);
}

/* The reference layer with its exact 0, and layers of KL 10 i +- 0.3 from Q 100 +- 3 and var 5, so Q / (2 var) = 10. */
static klf_kl_point make_point(void)
{
    klf_kl_point p;
    assert_int_equal(klf_kl_point_create(LAYERS, 1, 1, &p), KLF_OK);
    p.reference_layer = REFERENCE;
    p.n_mc = 1000;
    for (size_t i = 0; i < LAYERS; i++) {
        p.width[i] = 20;
        p.value[KLF_KL_MEAN][i] = 0.0;
        p.value[KLF_KL_VAR][i] = 5.0;
        p.value[KLF_KL_KL][i] = 10.0 * (double)i;
        p.value[KLF_KL_KL_STDERR][i] = i > 0 ? 0.3 : 0.0;
        p.value[KLF_KL_Q_DIRECT][i] = p.value[KLF_KL_Q_GRAM][i] = 100.0;
        p.value[KLF_KL_Q_STDERR][i] = i > 0 ? 3.0 : 0.0;
        p.value[KLF_KL_TERM_QUADRATIC][i] = 10.0;
    }
    return p;
}

/* The layer's difference, wherever it is in the order. */
static klf_layer_difference find(const klf_point_difference *d, size_t layer)
{
    for (size_t i = 0; i < d->n_layers; i++)
        if (d->layer[i].layer == layer)
            return d->layer[i];
    fail_msg("layer %zu is not there", layer);
    return d->layer[0];
}

static klf_point_difference compare(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause)
{
    klf_point_difference d;
    assert_int_equal(klf_kl_compare(a, b, cause, LOOSE, &d), KLF_OK);
    assert_int_equal(d.n_layers, LAYERS);
    for (size_t i = 1; i < LAYERS; i++)
        assert_true(d.layer[i - 1].share > d.layer[i].share ||
                    (d.layer[i - 1].share == d.layer[i].share && d.layer[i - 1].layer < d.layer[i].layer));
    const klf_layer_difference worst = klf_kl_worst_layer(a, b, cause, LOOSE);
    assert_int_equal(worst.layer, d.layer[0].layer);
    assert_true(worst.share == d.layer[0].share && worst.within == d.within && d.within == d.layer[0].within);
    return d;
}

static void test_equal_results(void **state)
{
    (void)state;
    for (int cause = KLF_ROUNDING; cause <= KLF_STATISTICS; cause++) {
        klf_kl_point         a = make_point(), b = make_point();
        klf_point_difference d = compare(&a, &b, (klf_cause)cause);
        assert_true(d.within);
        for (size_t i = 0; i < LAYERS; i++) {
            assert_int_equal(d.layer[i].layer, REFERENCE + i);
            assert_true(d.layer[i].difference == 0.0 && d.layer[i].relative == 0.0 && d.layer[i].relative_q == 0.0);
            assert_true(d.layer[i].sigmas == 0.0 && d.layer[i].share == 0.0);
            assert_true(isnan(d.layer[i].f_j) && isnan(d.layer[i].f_jk));
        }
        klf_point_difference_free(&d);
        assert_null(d.layer);
        klf_kl_point_free(&a);
        klf_kl_point_free(&b);
    }
}

/* 0.5 nat at layer 4: 0.5 / 20.5 of KL, 0.5 / 10 of Q / (2 var), 0.5 / sqrt(0.3^2 + 0.4^2) = 1 combined error. */
static void test_numbers(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    b.value[KLF_KL_KL][2] += 0.5;
    b.value[KLF_KL_KL_STDERR][2] = 0.4;
    klf_point_difference d = compare(&a, &b, KLF_ROUNDING);
    assert_int_equal(d.layer[0].layer, 4);
    assert_false(d.within);
    assert_near("difference", d.layer[0].difference, 0.5);
    assert_near("relative", d.layer[0].relative, 0.5 / 20.5);
    assert_near("relative_q", d.layer[0].relative_q, 0.05);
    assert_near("sigmas", d.layer[0].sigmas, 1.0);
    assert_near("share", d.layer[0].share, 0.05 / 1e-6);
    assert_true(d.layer[1].within);
    klf_point_difference_free(&d);

    d = compare(&a, &b, KLF_STATISTICS); /* on top of rounding */
    assert_near("share", d.layer[0].share, 0.5 / (5.0 * 0.5 + 1e-6 * 10.0));
    assert_true(d.within);
    klf_point_difference_free(&d);
    d = compare(&b, &a, KLF_STATISTICS);
    assert_near("difference", d.layer[0].difference, -0.5);
    assert_near("relative", d.layer[0].relative, 0.5 / 20.5);
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

/* Each compared quantity alone is enough, on either side of the tolerance. */
static void test_every_quantity_counts(void **state)
{
    (void)state;
    static const struct {
        klf_kl_field field;
        double       scale, error;
    } quantity[] = {{KLF_KL_KL, 10.0, 0.3}, {KLF_KL_Q_DIRECT, 100.0, 3.0}, {KLF_KL_Q_GRAM, 100.0, 3.0}};
    for (size_t k = 0; k < sizeof quantity / sizeof *quantity; k++)
        for (int cause = KLF_ROUNDING; cause <= KLF_STATISTICS; cause++)
            for (int beyond = 0; beyond < 2; beyond++) {
                const double allowed = 1e-6 * quantity[k].scale +
                                       (cause == KLF_STATISTICS ? 5.0 * sqrt(2.0) * quantity[k].error : 0.0);
                klf_kl_point a = make_point(), b = make_point();
                a.value[quantity[k].field][3] -= (beyond ? 1.01 : 0.99) * allowed;
                klf_point_difference d = compare(&a, &b, (klf_cause)cause);
                assert_int_equal(d.layer[0].layer, REFERENCE + 3);
                assert_int_equal(d.within, !beyond);
                assert_true(fabs(d.layer[0].share - (beyond ? 1.01 : 0.99)) < 1e-5);
                klf_point_difference_free(&d);
                klf_kl_point_free(&a);
                klf_kl_point_free(&b);
            }
}

/* What a result states of rounding: bounds of 2 and 3 of Q, errors of 0.3 and 0.4, so 5 + 5 * 0.5 and 1e-12 of 100; of KL a
 * tenth of that. */
static void state_rounding(klf_kl_point *p, double bound, double error)
{
    for (size_t i = 0; i < LAYERS; i++) {
        p->value[KLF_KL_Q_BIAS_BOUND][i] = bound;
        p->value[KLF_KL_KL_BIAS_BOUND][i] = 0.1 * bound;
        p->value[KLF_KL_Q_ROUNDING_STDERR][i] = error;
    }
}

static klf_layer_difference worst_stated(const klf_kl_point *a, const klf_kl_point *b, klf_cause cause)
{
    const klf_layer_difference worst = klf_kl_worst_layer(a, b, cause, STATED);
    assert_int_equal(worst.within, worst.share <= 1.0);
    return worst;
}

static void test_stated_rounding(void **state)
{
    (void)state;
    static const struct {
        klf_kl_field field;
        double       scale, error;
    } quantity[] = {{KLF_KL_KL, 0.1, 0.3}, {KLF_KL_Q_DIRECT, 1.0, 3.0}, {KLF_KL_Q_GRAM, 1.0, 3.0}};
    for (size_t k = 0; k < sizeof quantity / sizeof *quantity; k++)
        for (int cause = KLF_ROUNDING; cause <= KLF_STATISTICS; cause++)
            for (int beyond = 0; beyond < 2; beyond++) {
                const double rounding = 7.5 + 1e-10;
                const double allowed = quantity[k].scale * rounding +
                                       (cause == KLF_STATISTICS ? 5.0 * sqrt(2.0) * quantity[k].error : 0.0);
                klf_kl_point a = make_point(), b = make_point();
                state_rounding(&a, 2.0, 0.3);
                state_rounding(&b, 3.0, 0.4);
                a.value[quantity[k].field][2] -= (beyond ? 1.001 : 0.999) * allowed;
                const klf_layer_difference worst = worst_stated(&a, &b, (klf_cause)cause);
                assert_int_equal(worst.layer, REFERENCE + 2);
                assert_int_equal(worst.within, !beyond);
                assert_true(fabs(worst.share - (beyond ? 1.001 : 0.999)) < 1e-9);
                assert_near("tolerance", worst.tolerance_q, rounding / 100.0);
                klf_kl_point_free(&a);
                klf_kl_point_free(&b);
            }
}

/* Stated as 0, sums in double may still differ; stated by one of the two alone, the tolerance is that of precisions. */
static void test_rounding_that_is_not_stated(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    state_rounding(&a, 0.0, 0.0);
    state_rounding(&b, 0.0, 0.0);
    b.value[KLF_KL_Q_GRAM][1] *= 1.0 + 0.9e-12;
    assert_true(worst_stated(&a, &b, KLF_ROUNDING).within);
    b.value[KLF_KL_Q_GRAM][1] *= 1.0 + 0.9e-12;
    assert_false(worst_stated(&a, &b, KLF_ROUNDING).within);
    state_rounding(&a, NAN, NAN);
    klf_layer_difference worst = worst_stated(&a, &b, KLF_ROUNDING);
    assert_true(worst.within);
    assert_near("tolerance", worst.tolerance_q, 1e-6);
    b.value[KLF_KL_Q_GRAM][1] *= 1.0 + 1.1e-6;
    assert_false(worst_stated(&a, &b, KLF_ROUNDING).within);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

static void test_an_error_of_zero(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    a.value[KLF_KL_KL][0] = 1e-30; /* the reference layer, where KL is 0 exactly and has no error */
    klf_point_difference d = compare(&a, &b, KLF_STATISTICS);
    assert_true(isinf(find(&d, REFERENCE).sigmas) && d.within); /* rounding is tolerated there too */
    klf_point_difference_free(&d);
    a.value[KLF_KL_KL][0] = 1e-3;
    d = compare(&a, &b, KLF_STATISTICS);
    assert_int_equal(d.layer[0].layer, REFERENCE);
    assert_false(d.within);
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

static void make_degenerate(klf_kl_point *p, size_t i)
{
    p->layer_status[i] = KLF_LAYER_DEGENERATE;
    p->value[KLF_KL_VAR][i] = 0.0;
    p->value[KLF_KL_KL][i] = p->value[KLF_KL_KL_STDERR][i] = p->value[KLF_KL_TERM_QUADRATIC][i] = NAN;
}

static void test_degenerate_layers(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    make_degenerate(&a, 1);
    for (int cause = KLF_ROUNDING; cause <= KLF_STATISTICS; cause++) {
        klf_point_difference d = compare(&a, &b, (klf_cause)cause); /* in one of the two */
        assert_int_equal(d.layer[0].layer, REFERENCE + 1);
        assert_true(isinf(d.layer[0].share) && !d.within);
        klf_point_difference_free(&d);
    }
    make_degenerate(&b, 1);
    klf_point_difference d = compare(&a, &b, KLF_ROUNDING);
    assert_true(d.within);
    assert_true(isnan(find(&d, REFERENCE + 1).difference) && find(&d, REFERENCE + 1).share == 0.0);
    klf_point_difference_free(&d);
    b.value[KLF_KL_Q_GRAM][1] += 1.0; /* Q is there without a density, and is compared */
    d = compare(&a, &b, KLF_ROUNDING);
    assert_int_equal(d.layer[0].layer, REFERENCE + 1);
    assert_false(d.within);
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

/* A NaN where the other has a number fails, in every quantity and on both sides; infinities too. */
static void test_missing_numbers_fail(void **state)
{
    (void)state;
    static const klf_kl_field field[] = {KLF_KL_KL, KLF_KL_Q_DIRECT, KLF_KL_Q_GRAM};
    static const double       bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t k = 0; k < 3; k++)
        for (size_t v = 0; v < 3; v++)
            for (int side = 0; side < 2; side++) {
                klf_kl_point a = make_point(), b = make_point();
                (side ? &a : &b)->value[field[k]][3] = bad[v];
                for (int cause = KLF_ROUNDING; cause <= KLF_STATISTICS; cause++) {
                    klf_point_difference d = compare(&a, &b, (klf_cause)cause);
                    assert_int_equal(d.layer[0].layer, REFERENCE + 3);
                    assert_false(d.within);
                    klf_point_difference_free(&d);
                }
                klf_kl_point_free(&a);
                klf_kl_point_free(&b);
            }
}

/* An error that is missing leaves nothing to compare statistics by, and rounding as it was. */
static void test_missing_errors(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    for (size_t i = 0; i < LAYERS; i++)
        a.value[KLF_KL_KL_STDERR][i] = a.value[KLF_KL_Q_STDERR][i] = NAN;
    klf_point_difference d = compare(&a, &b, KLF_ROUNDING);
    assert_true(d.within && isnan(d.layer[0].sigmas));
    klf_point_difference_free(&d);
    d = compare(&a, &b, KLF_STATISTICS);
    assert_false(d.within);
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

/* One result by estimator direct, the other by both: what both have is compared. */
static void test_an_estimator_that_one_has(void **state)
{
    (void)state;
    klf_kl_point a = make_point(), b = make_point();
    for (size_t i = 0; i < LAYERS; i++)
        a.value[KLF_KL_Q_GRAM][i] = NAN;
    klf_point_difference d = compare(&a, &b, KLF_ROUNDING);
    assert_true(d.within && d.layer[0].share == 0.0);
    klf_point_difference_free(&d);
    b.value[KLF_KL_Q_DIRECT][1] *= 1.001;
    d = compare(&a, &b, KLF_ROUNDING);
    assert_int_equal(d.layer[0].layer, REFERENCE + 1);
    assert_false(d.within);
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

static double *numbers(size_t n, double value)
{
    double *v = malloc(n * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++)
        v[i] = value;
    return v;
}

static void test_moments(void **state)
{
    (void)state;
    klf_kl_point  a = make_point(), b = make_point();
    klf_kl_point *both[] = {&a, &b};
    for (size_t k = 0; k < 2; k++) {
        both[k]->f_j = calloc(LAYERS, sizeof(double *));
        both[k]->f_jk = calloc(LAYERS, sizeof(double *));
        both[k]->f_j[1] = numbers(20, 0.5);
        both[k]->f_jk[1] = numbers(400, 0.25);
    }
    b.f_j[2] = numbers(20, 0.5); /* in one alone */
    a.f_j[1][19] = 0.75;
    b.f_jk[1][399] = 0.0;
    klf_point_difference       d = compare(&a, &b, KLF_ROUNDING);
    const klf_layer_difference layer = find(&d, REFERENCE + 1);
    assert_true(layer.f_j == 0.25 && layer.f_jk == 0.25 && d.within);
    assert_true(isnan(find(&d, REFERENCE + 2).f_j) && isnan(find(&d, REFERENCE).f_jk));
    klf_point_difference_free(&d);
    b.f_j[1][0] = NAN;
    d = compare(&a, &b, KLF_ROUNDING);
    assert_true(isnan(find(&d, REFERENCE + 1).f_j));
    klf_point_difference_free(&d);
    klf_kl_point_free(&a);
    klf_kl_point_free(&b);
}

static void test_tolerances(void **state)
{
    (void)state;
    assert_true(klf_rounding_tolerance(KLF_FP64) == 1e-12);
    assert_true(klf_rounding_tolerance(KLF_FP32) == 1e-6 && klf_rounding_tolerance(KLF_TF32X3) == 1e-6);
    assert_true(klf_rounding_tolerance(KLF_TF32) == ldexp(1.0, -11) && klf_rounding_tolerance(KLF_FP16) == ldexp(1.0, -11));
    assert_true(klf_rounding_tolerance(KLF_BF16) == ldexp(1.0, -8));
}

/* One of n normals is beyond as seldom as one alone is beyond `sigmas`. */
static void test_sigmas_among(void **state)
{
    (void)state;
    static const double sigmas[] = {1.0, 3.0, 5.0, 8.0};
    static const size_t n[] = {2, 29, 1000, 30000000};
    for (size_t i = 0; i < 4; i++) {
        assert_true(klf_sigmas_among(sigmas[i], 1) == sigmas[i] && klf_sigmas_among(sigmas[i], 0) == sigmas[i]);
        for (size_t k = 0; k < 4; k++) {
            const double among = klf_sigmas_among(sigmas[i], n[k]);
            const double chance = erfc(sigmas[i] / sqrt(2.0)), each = erfc(among / sqrt(2.0));
            if (!(fabs((double)n[k] * each / chance - 1.0) < 1e-9)) /* erfc falls by a factor of e^8 a sigma at most */
                fail_msg("%g among %zu is %.17g: chance %g for each, %g in all", sigmas[i], n[k], among, each, chance);
        }
    }
    assert_true(klf_sigmas_among(100.0, 1000) == 100.0); /* no normal gets there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_results),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_every_quantity_counts),
        cmocka_unit_test(test_stated_rounding),
        cmocka_unit_test(test_rounding_that_is_not_stated),
        cmocka_unit_test(test_an_error_of_zero),
        cmocka_unit_test(test_degenerate_layers),
        cmocka_unit_test(test_missing_numbers_fail),
        cmocka_unit_test(test_missing_errors),
        cmocka_unit_test(test_an_estimator_that_one_has),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_tolerances),
        cmocka_unit_test(test_sigmas_among),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
