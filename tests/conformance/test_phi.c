/* SPDX-License-Identifier: BSD-3-Clause */
/* The activations that a lane holds, sample by sample: those of the reference layer from the documented normals, those behind
 * it from the ones below by the textbook's product, in the format of the precision. On every backend. */
#include "conformance/flow_fixture.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { DEPTH = 3, ROWS = 37, FIRST = 1000003 };
static const size_t widths[DEPTH] = {33, 290, 10}; /* the second one wide enough for several lanes */

static void check_format(const flow_target *target, size_t n, const double *phi)
{
    if (target->spacing == 0.0)
        return;
    for (size_t i = 0; i < n; i++)
        if ((double)klf_round_float(target->format, (float)phi[i]) != phi[i])
            fail_msg("phi[%zu] = %.17g is no number of the format", i, phi[i]);
}

/* Rounding to the format is off by half a spacing; fp16 is subnormal below 2^-14. */
static double phi_bar(const flow_target *target, double expected)
{
    const double subnormal = target->format == KLF_FORMAT_FP16 ? 0x1p-25 : 0.0;
    return target->tolerance * (1.0 + fabs(expected)) + 0.5 * target->spacing * fabs(expected) + subnormal;
}

static void check_drawn(const flow_target *target, const flow_fixture *f, const double *phi)
{
    float normals[64];
    for (size_t s = 0; s < ROWS; s++) {
        klf_normals(77, klf_subsequence(KLF_STREAM_SAMPLES, FIRST + s), 0, widths[0], normals);
        for (size_t i = 0; i < widths[0]; i++) {
            const double expected = tanh(f->mean[0] + sqrt(f->var[0]) * (double)normals[i]);
            check_near("phi", 0, phi[s * widths[0] + i], expected, phi_bar(target, expected));
        }
    }
}

static void check_forward(const flow_target *target, const flow_fixture *f, size_t layer, const double *below,
                          const double *phi)
{
    const size_t fan_in = widths[layer - 1];
    for (size_t s = 0; s < ROWS; s++)
        for (size_t i = 0; i < widths[layer]; i++) {
            double z = f->bias[layer][i], size = fabs(z);
            for (size_t j = 0; j < fan_in; j++) {
                const double term = f->weight[layer][i * fan_in + j] * below[s * fan_in + j];
                z += term;
                size += fabs(term);
            }
            const double expected = tanh(z);
            check_near("phi", layer, phi[s * widths[layer] + i], expected,
                       phi_bar(target, expected) + target->tolerance * size);
        }
}

static void check_lane(const flow_target *target)
{
    const klf_backend *b = target->backend;
    flow_fixture       f;
    klf_model         *model = NULL;
    klf_lane          *lane = NULL;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    klf_model_spec spec = {.net = f.net, .stats = f.stats, .sample_seed = 77, .precision = target->precision};
    assert_int_equal(b->model_create(target->context, &spec, &model), KLF_OK);
    assert_int_equal(b->lane_create(model, ROWS + 3, &lane), KLF_OK);
    double *phi[DEPTH], *f_j = test_malloc(290 * sizeof *f_j);
    for (size_t l = 0; l < DEPTH; l++) {
        phi[l] = test_malloc(ROWS * widths[l] * sizeof *phi[l]);
        for (size_t i = 0; i < ROWS * widths[l]; i++)
            phi[l][i] = NAN;
        assert_int_equal(l == 0 ? b->draw(lane, FIRST, ROWS) : b->forward(lane, l), KLF_OK);
        assert_int_equal(b->phi(lane, phi[l]), KLF_OK);
        assert_int_equal(b->collect(lane, l), KLF_OK);
        check_format(target, ROWS * widths[l], phi[l]);
        if (l == 0)
            check_drawn(target, &f, phi[l]);
        else
            check_forward(target, &f, l, phi[l - 1], phi[l]);
    }
    assert_int_equal(b->finish(lane), KLF_OK);
    for (size_t l = 0; l < DEPTH; l++) { /* looking has changed nothing, and f_j is the mean of what was seen */
        klf_layer_totals totals;
        assert_int_equal(b->totals(model, l, &totals, f_j), KLF_OK);
        assert_int_equal(totals.n_samples, ROWS);
        for (size_t i = 0; i < widths[l]; i++) {
            double mean = 0.0;
            for (size_t s = 0; s < ROWS; s++)
                mean += phi[l][s * widths[l] + i] / ROWS;
            check_near("f_j", l, f_j[i], mean, 1e-6); /* of sums in fp32 over few rows, and of tf32x3's two parts */
        }
        test_free(phi[l]);
    }
    test_free(f_j);
    b->lane_destroy(lane);
    b->model_destroy(model);
    fixture_destroy(&f);
}

static void activations_of_a_lane(void **state)
{
    (void)state;
    for_each_target(check_lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_of_a_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
