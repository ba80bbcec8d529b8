/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole runs on small networks: the points of a sweep are those of single runs whatever the order and the threads, ensembles
 * are made of their members, a stored network gives the curve of the drawn one, and a stopped run leaves nothing. */
#define _DEFAULT_SOURCE /* mkstemps */
#include "klflow/kl_config.h"
#include "klflow/kl_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEPTH = 4, MAX_POINTS = 8 };

/* What is kept of a point. */
typedef struct curve {
    double var_w, kl[DEPTH], kl_stderr[DEPTH], q_gram[DEPTH], ensemble_std[DEPTH];
    size_t lanes;
} curve;

typedef struct curves {
    size_t n;
    curve  curve[MAX_POINTS];
} curves;

static void keep_point(void *arg, size_t index, size_t n_points, const klf_kl_point *p)
{
    curves *all = arg;
    assert_true(index == all->n && index < n_points && n_points <= MAX_POINTS); /* in the order of the grid */
    assert_int_equal(p->n_layers, DEPTH);
    curve *c = &all->curve[all->n++];
    c->var_w = p->var_w;
    c->lanes = p->lanes;
    memcpy(c->kl, p->value[KLF_KL_KL], sizeof c->kl);
    memcpy(c->kl_stderr, p->value[KLF_KL_KL_STDERR], sizeof c->kl_stderr);
    memcpy(c->q_gram, p->value[KLF_KL_Q_GRAM], sizeof c->q_gram);
    if (p->ensemble_std[KLF_KL_KL])
        memcpy(c->ensemble_std, p->ensemble_std[KLF_KL_KL], sizeof c->ensemble_std);
}

/* The settings of a test; lists of numbers belong to the test. */
typedef struct settings {
    size_t        n_var_w, n_seed;
    double        var_w[4];
    uint64_t      seed[4], ensemble, threads;
    int64_t       n_mc;
    klf_precision precision;
    const char   *network, *save_network, *output;
} settings;

static const settings defaults = {
    .n_var_w = 1, .n_seed = 1, .var_w = {1.5}, .seed = {1}, .ensemble = 1, .threads = 1, .n_mc = 300};

static klf_status run(const settings *s, klf_kl_hooks *hooks)
{
    uint64_t      widths[DEPTH] = {40, 33, 20, 10};
    klf_kl_config config;
    klf_kl_config_init(&config);
    if (!s->network) {
        config.var_w = (klf_list_real){s->n_var_w, (double *)s->var_w};
        config.widths = (klf_list_uint){DEPTH, widths};
    }
    config.seed = (klf_list_uint){s->n_seed, (uint64_t *)s->seed};
    config.q0 = 0.3;
    config.ensemble = s->ensemble;
    config.threads = s->threads;
    config.n_mc = s->n_mc;
    config.network = (char *)s->network;
    config.save_network = (char *)s->save_network;
    config.output = (char *)s->output;
    config.precision = (int)s->precision;
    klf_status st = klf_kl_config_complete(&config);
    if (st == KLF_OK)
        st = klf_kl_run(&config, "", hooks, NULL);
    config.seed = (klf_list_uint){0}; /* what is the test's own is not freed */
    if (!s->network) {
        config.var_w = (klf_list_real){0};
        config.widths = (klf_list_uint){0};
    }
    config.network = config.save_network = config.output = NULL;
    klf_kl_config_free(&config);
    return st;
}

static curves run_curves(settings s)
{
    curves       all = {0};
    klf_kl_hooks hooks = {.arg = &all, .point = keep_point};
    if (run(&s, &hooks) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return all;
}

static void assert_same_curve(const curve *a, const curve *b)
{
    assert_memory_equal(a->kl, b->kl, sizeof a->kl);
    assert_memory_equal(a->kl_stderr, b->kl_stderr, sizeof a->kl_stderr);
    assert_memory_equal(a->q_gram, b->q_gram, sizeof a->q_gram);
    for (size_t l = 1; l < DEPTH; l++)
        assert_true(isfinite(a->kl[l]) && a->kl_stderr[l] > 0.0);
}

static void check_sweep(settings base)
{
    settings s = base;
    s.n_var_w = s.n_seed = 2;
    s.var_w[1] = 2.5;
    s.seed[1] = 7;
    curves sweep = run_curves(s);
    assert_int_equal(sweep.n, 4);
    for (size_t i = 0; i < 4; i++) {
        settings one = base;
        one.var_w[0] = s.var_w[i / 2];
        one.seed[0] = s.seed[i % 2];
        curves single = run_curves(one);
        assert_same_curve(&sweep.curve[i], &single.curve[0]);
    }

    s.var_w[0] = 2.5;
    s.var_w[1] = 1.5;
    curves reversed = run_curves(s);
    assert_same_curve(&reversed.curve[0], &sweep.curve[2]);
    assert_same_curve(&reversed.curve[3], &sweep.curve[1]);
}

/* Bit for bit, in either precision; with more threads than points, each point has several workers and chunks. */
static void test_sweep_equals_single_runs(void **state)
{
    (void)state;
    settings s = defaults;
    check_sweep(s);
    s.precision = KLF_FP32;
    check_sweep(s);
    s.threads = 6;
    s.n_mc = 2000;
    check_sweep(s);
    s.precision = KLF_FP64;
    check_sweep(s);
}

/* 100 samples do not fill two lanes, so with two threads two networks run side by side. */
static void test_points_in_flight(void **state)
{
    (void)state;
    settings s = defaults;
    s.n_var_w = s.n_seed = 2;
    s.var_w[1] = 2.5;
    s.seed[1] = 7;
    s.n_mc = 100;
    curves one = run_curves(s);
    s.threads = 4;
    curves four = run_curves(s);
    assert_int_equal(four.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(four.curve[i].lanes, 1);
        assert_same_curve(&one.curve[i], &four.curve[i]);
    }
}

static void test_ensemble_is_its_members(void **state)
{
    (void)state;
    settings s = defaults;
    s.n_seed = 3;
    s.seed[0] = 5;
    s.seed[1] = 6;
    s.seed[2] = 7;
    curves members = run_curves(s);
    s.n_seed = 1;
    s.ensemble = 3;
    curves ensemble = run_curves(s);
    assert_int_equal(ensemble.n, 1);
    for (size_t l = 1; l < DEPTH; l++) {
        double mean = 0.0, square = 0.0, error2 = 0.0;
        for (size_t k = 0; k < 3; k++)
            mean += members.curve[k].kl[l] / 3.0;
        for (size_t k = 0; k < 3; k++) {
            square += (members.curve[k].kl[l] - mean) * (members.curve[k].kl[l] - mean);
            error2 += members.curve[k].kl_stderr[l] * members.curve[k].kl_stderr[l];
        }
        const curve *e = &ensemble.curve[0];
        double       tolerance = 1e-14 * fabs(mean) + 1e-15; /* sums of three numbers */
        assert_true(fabs(e->kl[l] - mean) <= tolerance);
        assert_true(fabs(e->ensemble_std[l] - sqrt(square / 2.0)) <= 1e-12 * sqrt(square));
        assert_true(fabs(e->kl_stderr[l] - sqrt(error2) / 3.0) <= 1e-14);
        assert_true(e->ensemble_std[l] > 0.0);
    }
}

static void test_stored_network(void **state)
{
    (void)state;
    char path[] = "kl_run_network_XXXXXX.h5";
    int  fd = mkstemps(path, 3);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    settings s = defaults;
    s.save_network = path;
    curves drawn = run_curves(s);
    s.save_network = NULL;
    s.network = path;
    curves stored = run_curves(s);
    unlink(path);
    assert_same_curve(&drawn.curve[0], &stored.curve[0]);
    assert_true(stored.curve[0].var_w == 1.5);
}

static volatile sig_atomic_t cancel_now;

static void cancel_soon(void *arg, double done, double total)
{
    (void)arg;
    (void)total;
    if (done > 0.0)
        cancel_now = 1;
}

static void test_cancelled_run_leaves_nothing(void **state)
{
    (void)state;
    settings     s = defaults;
    klf_kl_hooks hooks = {.progress = cancel_soon, .cancel = &cancel_now};
    s.n_mc = 1000000000; /* hours: only the cancellation ends it */
    s.threads = 2;
    s.output = "kl_run_cancelled.h5";
    assert_int_equal(run(&s, &hooks), KLF_ERR_INTERRUPTED);
    assert_int_equal(access(s.output, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sweep_equals_single_runs),     cmocka_unit_test(test_points_in_flight),
        cmocka_unit_test(test_ensemble_is_its_members),      cmocka_unit_test(test_stored_network),
        cmocka_unit_test(test_cancelled_run_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
