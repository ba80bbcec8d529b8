/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits to a result file whose curves are made up: known plateaus with noise that, like that of networks, goes on from layer to
 * layer. Leaving out one network at a time gives the errors that are made; errors as if layers were independent are too small.
 */
#include "run/fit_run.h"

#include "klflow/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LAYERS = 20, NETWORKS = 12, KEPT = LAYERS - 2 };

static const double A = 0.7, B = 0.55, NOISE = 0.02, MEMORY = 0.6;

typedef struct made_up {
    klf_kl_file file;
    double      var_w, var_b;
    uint64_t    depth, seed[NETWORKS];
    const char *input;
} made_up;

static void create(made_up *m)
{
    klf_kl_sweep *s = &m->file.sweep;
    *m = (made_up){.var_w = 2.0, .var_b = 0.05, .depth = LAYERS, .input = "q0=0.2"};
    *s = (klf_kl_sweep){.n_var_w = 1,
                        .n_var_b = 1,
                        .n_depth = 1,
                        .n_seed = NETWORKS,
                        .n_input = 1,
                        .var_w = &m->var_w,
                        .var_b = &m->var_b,
                        .depth = &m->depth,
                        .seed = m->seed,
                        .input = &m->input,
                        .n_points = NETWORKS};
    s->point = calloc(NETWORKS, sizeof *s->point);
    assert_non_null(s->point);
    for (size_t k = 0; k < NETWORKS; k++) {
        klf_kl_point *p = &s->point[k];
        m->seed[k] = k + 1;
        assert_int_equal(klf_kl_point_create(LAYERS, 1, 1, p), KLF_OK);
        p->depth = LAYERS;
        p->var_w = m->var_w;
        p->var_b = m->var_b;
        p->seed = k + 1;
        p->ensemble = p->n_images = 1;
        p->input = strdup(m->input);
        for (size_t i = 0; i < LAYERS; i++) {
            p->width[i] = i < KEPT ? 50 : 10;
            p->width_changed[i] = i >= KEPT;
        }
    }
}

static void fill(made_up *m, uint64_t seed)
{
    for (size_t k = 0; k < NETWORKS; k++) {
        klf_kl_point *p = &m->file.sweep.point[k];
        float         normal[LAYERS];
        double        off = 0.0;
        klf_normals(seed, k, 0, LAYERS, normal);
        for (size_t i = 0; i < LAYERS; i++) {
            off = i == 0 ? 0.0 : MEMORY * off + NOISE * sqrt(1.0 - MEMORY * MEMORY) * (double)normal[i];
            p->value[KLF_KL_KL_PER_NEURON][i] = i < KEPT ? A * (1.0 - pow(B, (double)i)) + off : -1.0;
            p->value[KLF_KL_KL][i] = 50.0 * p->value[KLF_KL_KL_PER_NEURON][i];
            p->value[KLF_KL_KL_STDERR][i] = i == 0 ? 0.0 : 50.0 * 0.001;
        }
    }
}

static void destroy(made_up *m)
{
    for (size_t k = 0; k < NETWORKS; k++)
        klf_kl_point_free(&m->file.sweep.point[k]);
    free(m->file.sweep.point);
}

static const klf_fit_config by_default = {
    .model = KLF_FIT_MODEL_AUTO, .errors = KLF_FIT_ERRORS_AUTO, .x_min = NAN, .x_max = NAN};

/* 300 runs of 12 networks. Errors from 12 networks have 11 degrees of freedom, so pulls a variance of 11/9, and another tenth
 * for weights that follow the noise; five standard errors of their mean square are 0.5. */
static void test_errors_by_leaving_out(void **state)
{
    (void)state;
    enum { RUNS = 300 };
    const double   true_value[KLF_FIT_PARAMETERS] = {A, B};
    double         square[KLF_FIT_PARAMETERS] = {0.0}, single = 0.0;
    made_up        m;
    klf_fit_result result;
    klf_fit_config config = by_default;
    create(&m);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        fill(&m, seed);
        config.average = true;
        assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_OK);
        assert_int_equal(result.n, 1);
        const klf_fit_entry *e = &result.entry[0];
        assert_string_equal(e->errors, "jackknife");
        assert_int_equal(e->n_networks, NETWORKS);
        assert_int_equal(e->fit.n_points, KEPT - 1);
        for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++)
            square[j] += pow((e->fit.value[j] - true_value[j]) / e->fit.error[j], 2);
        klf_fit_result_free(&result);

        config.average = false;
        assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_OK);
        assert_int_equal(result.n, NETWORKS);
        assert_string_equal(result.entry[0].errors, "scaled");
        single += pow((result.entry[0].fit.value[0] - A) / result.entry[0].fit.error[0], 2);
        klf_fit_result_free(&result);
    }
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++)
        if (!(fabs(square[j] / RUNS - 11.0 / 9.0) < 0.6))
            fail_msg("pulls of parameter %zu have the mean square %.3g", j, square[j] / RUNS);
    /* a mean over layers of which each remembers 0.6 of the one before has (1 + 0.6) / (1 - 0.6) = 4 times the variance */
    if (!(single / RUNS > 2.0))
        fail_msg("errors as if layers were independent: pulls of mean square %.3g", single / RUNS);
    destroy(&m);
}

static void test_a_layer_without_a_value(void **state)
{
    (void)state;
    made_up        m;
    klf_fit_result result;
    klf_fit_config config = by_default;
    create(&m);
    fill(&m, 1);
    m.file.sweep.point[3].value[KLF_KL_KL_PER_NEURON][7] = NAN;
    assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_OK);
    assert_int_equal(result.n_failed, 1);
    assert_null(result.entry[2].refusal);
    assert_non_null(strstr(result.entry[3].refusal, "layer 7 has no kl_per_neuron"));
    assert_true(isnan(result.entry[3].curve[0]));
    klf_fit_result_free(&result);
    config.average = true; /* a mean over it is none */
    assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_OK);
    assert_non_null(strstr(result.entry[0].refusal, "layer 7"));
    klf_fit_result_free(&result);
    config.last_given = true; /* without the layer it is one */
    config.last = 6;
    assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_OK);
    assert_null(result.entry[0].refusal);
    klf_fit_result_free(&result);
    destroy(&m);
}

/* Networks of other widths have no common mean. */
static void test_other_widths(void **state)
{
    (void)state;
    made_up        m;
    klf_fit_result result;
    klf_fit_config config = by_default;
    create(&m);
    fill(&m, 1);
    config.average = true;
    m.file.sweep.point[5].width_changed[KEPT] = false;
    assert_int_equal(klf_fit_run_kl(&config, &m.file, &result), KLF_ERR_DATA);
    assert_non_null(strstr(klf_last_error(), "18 and 19"));
    assert_int_equal(result.n, 0);
    destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors_by_leaving_out),
                                       cmocka_unit_test(test_a_layer_without_a_value), cmocka_unit_test(test_other_widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
