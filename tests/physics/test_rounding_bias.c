/* SPDX-License-Identifier: BSD-3-Clause */
/* The bound of klflow/rounding_bias.h: its second-order term against the exact mean square of a rounded activation, summed over
 * every number of a format; how it adds up over layers; and the predicted scatter of samples where that is known. */
#include "klflow/meanfield.h"
#include "klflow/rounding_bias.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* E of round(tanh z)^2 - tanh(z)^2 by Simpson's rule on the two sides of every half-way point: the integrand is (c - t)(c + t)
 * p(z), and nothing cancels but the two sides. */
static double exact(int digits, int smallest, double mean, double var)
{
    enum { POINTS = 9 };
    double sum = 0.0;
    for (int sign = -1; sign <= 1; sign += 2)
        for (int e = 0; e > (smallest < -18 ? -18 : smallest); e--) /* below 2^-18 nothing counts */
            for (int k = 0; k < 1 << (digits - 1); k++) {
                const double spacing = ldexp(1.0, e - digits), c = ldexp(0.5, e) + k * spacing, next = c + spacing;
                const double edge[] = {c, c + 0.5 * spacing, next};
                for (int half = 0; half < 2; half++) {
                    const double to = half == 0 ? c : next, a = atanh(edge[half]);
                    const double b = edge[half + 1] < 1.0 ? atanh(edge[half + 1]) : a + 20.0;
                    const int    pieces = edge[half + 1] < 1.0 ? 1 : 200;
                    for (int piece = 0; piece < pieces; piece++) {
                        const double from = a + (b - a) * piece / pieces, h = (b - a) / pieces / (POINTS - 1);
                        for (int i = 0; i < POINTS; i++) {
                            const double z = sign * (from + h * i), t = fabs(tanh(z)), d = z - mean;
                            const double w = (i == 0 || i == POINTS - 1 ? 1.0 : i % 2 ? 4.0 : 2.0) * h / 3.0;
                            sum += w * (to - t) * (to + t) * exp(-0.5 * d * d / var) / sqrt(2.0 * 3.14159265358979 * var);
                        }
                    }
                }
            }
    return sum;
}

static void bounds_the_mean_square(void **state)
{
    (void)state;
    static const struct {
        klf_precision precision;
        int           digits, smallest;
    } formats[] = {{KLF_TF32, 11, -126}, {KLF_FP16, 11, -14}, {KLF_BF16, 8, -126}};
    static const double var[] = {0.001, 0.02, 0.1, 0.3, 0.7, 1.5, 3.0, 10.0, 100.0}, mean[] = {0.0, 0.4};
    for (size_t f = 0; f < COUNT(formats); f++) {
        const klf_rounding rounding = klf_rounding_of(formats[f].precision, true);
        double             closest = 0.0;
        for (size_t i = 0; i < COUNT(var); i++)
            for (size_t j = 0; j < COUNT(mean); j++) {
                const double got = exact(formats[f].digits, formats[f].smallest, mean[j], var[i]);
                const double bound = klf_rounded_square_bound(rounding, mean[j], var[i]);
                if (!(fabs(got) <= bound))
                    fail_msg("%s, N(%g, %g): rounding adds %g, bound %g", klf_precision_name(formats[f].precision), mean[j],
                             var[i], got, bound);
                closest = fmax(closest, fabs(got) / bound);
            }
        print_message("%s: at most %.2f of the bound\n", klf_precision_name(formats[f].precision), closest);
        assert_true(closest > 0.1); /* a bound that says something */
    }
}

enum { DEPTH = 20 };

static void fill(klf_map_moments *map, double var_w)
{
    for (size_t l = 0; l < DEPTH; l++)
        map[l] = (klf_map_moments){784, var_w, 0.05};
}

static void follows_the_recursion(void **state)
{
    (void)state;
    klf_map_moments      map[DEPTH];
    klf_layer_prediction p[DEPTH], smaller[DEPTH];
    fill(map, 1.5);
    klf_predict_layers(klf_rounding_of(KLF_FP64, true), 0.0, 0.2, DEPTH, map, p);
    double q = 0.2;
    for (size_t l = 0; l < DEPTH; l++, q = klf_meanfield_next_variance(1.5, 0.05, q)) {
        assert_true(fabs(p[l].q - q) < 1e-3 * q);
        assert_true(p[l].bias_bound < 1e-14 * q && (p[l].bias_bound > 0.0 || l == 0));
    }
    assert_true(fabs(p[0].sample_std - sqrt(2.0 * 0.2 * 0.2 / 784.0)) < 1e-12); /* chi-squared */
    for (int precision = KLF_FP32; precision < KLF_N_PRECISIONS; precision++) {
        klf_predict_layers(klf_rounding_of((klf_precision)precision, true), 0.0, 0.2, DEPTH, map, smaller);
        klf_predict_layers(klf_rounding_of((klf_precision)precision, false), 0.0, 0.2, DEPTH, map, p);
        for (size_t l = 1; l < DEPTH; l++)
            assert_true(isfinite(p[l].bias_bound) && p[l].bias_bound >= smaller[l].bias_bound && smaller[l].bias_bound > 0.0);
    }
}

/* Where a layer is the same for all samples its rounding is too, and is first order: far behind the second-order term's reach.
 */
static void frozen_activations_round_alike(void **state)
{
    (void)state;
    klf_map_moments      map[DEPTH];
    klf_layer_prediction p[DEPTH];
    fill(map, 0.3); /* deep in the ordered phase */
    klf_predict_layers(klf_rounding_of(KLF_BF16, true), 0.0, 0.2, DEPTH, map, p);
    const double u = 0x1p-8;
    assert_true(p[1].bias_bound < 5.0 * u * u * p[1].q);
    assert_true(p[DEPTH - 1].bias_bound > 15.0 * u * u * p[DEPTH - 1].q);
    assert_true(p[DEPTH - 1].sample_std < 1e-3 * p[1].sample_std);
}

/* Of one layer, by hand: z of variance q, phi of mean square m, each phi rounded by up to u of itself. Deep in chaos nothing is
 * left of the exact sample: its |z|^2 and the rounded one are two samples. In the ordered phase errors die out as fast as they
 * come. */
static void rounding_of_samples(void **state)
{
    (void)state;
    klf_map_moments      map[DEPTH];
    klf_layer_prediction p[DEPTH];
    const double         u = 0x1p-8, narrow = 1.0 + 4.0 / sqrt(784.0);
    fill(map, 1.5);
    klf_predict_layers(klf_rounding_of(KLF_BF16, true), 0.0, 0.2, DEPTH, map, p);
    const double error = 1.5 * u * u / 3.0 * klf_meanfield_mean_tanh2(0.0, 0.2);
    assert_true(p[0].rounding_std == 0.0);
    assert_true(fabs(p[1].rounding_std / (narrow * sqrt(4.0 * p[1].q * error / 784.0)) - 1.0) < 1e-3);
    for (size_t l = 2; l < DEPTH; l++) /* at most doubled by every layer, and never forgotten */
        assert_true(p[l].rounding_std > p[1].rounding_std && p[l].rounding_std < 2.0 * p[l - 1].rounding_std);

    fill(map, 50.0);
    klf_predict_layers(klf_rounding_of(KLF_BF16, true), 0.0, 0.2, DEPTH, map, p);
    const double ratio = p[DEPTH - 1].rounding_std / narrow / p[DEPTH - 1].sample_std;
    assert_true(ratio > 1.4 && ratio < 2.1); /* sqrt(2) of independent samples; 2 where all of z is taken to differ */
    klf_predict_layers(klf_rounding_of(KLF_FP64, true), 0.0, 0.2, DEPTH, map, p);
    assert_true(p[DEPTH - 1].rounding_std < 1e-3 * p[DEPTH - 1].sample_std);

    fill(map, 0.3);
    klf_predict_layers(klf_rounding_of(KLF_TF32, true), 0.0, 0.2, DEPTH, map, p);
    assert_true(p[DEPTH - 1].rounding_std < 2.0 * p[1].rounding_std);
}

static void extremes_stay_finite(void **state)
{
    (void)state;
    static const double var_w[] = {0.0, 1e-30, 1e6, 1e30}, var[] = {0.0, 1e-30, 1.0, 1e30};
    klf_map_moments     map[DEPTH];
    for (size_t i = 0; i < COUNT(var_w); i++)
        for (size_t j = 0; j < COUNT(var); j++)
            for (int precision = 0; precision < KLF_N_PRECISIONS; precision++) {
                klf_layer_prediction p[DEPTH];
                fill(map, var_w[i]);
                klf_predict_layers(klf_rounding_of((klf_precision)precision, false), 0.0, var[j], DEPTH, map, p);
                for (size_t l = 0; l < DEPTH; l++)
                    assert_true(isfinite(p[l].q) && isfinite(p[l].bias_bound) && isfinite(p[l].sample_std) &&
                                p[l].bias_bound >= 0.0 && isfinite(p[l].rounding_std) && p[l].rounding_std >= 0.0);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_the_mean_square),         cmocka_unit_test(follows_the_recursion),
        cmocka_unit_test(frozen_activations_round_alike), cmocka_unit_test(rounding_of_samples),
        cmocka_unit_test(extremes_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
