/* SPDX-License-Identifier: BSD-3-Clause */
/* A run that is asked to pause after so many samples, and resumed, hands out the points of one that never was, bit for bit:
 * wherever it was stopped, however often, with more or fewer threads, and whatever its points are made of. Signals, and what a
 * killed process leaves, are test_resume.py's. */
#include "klflow/kl_config.h"
#include "klflow/kl_run.h"
#include "run/kl_options.h"
#include "store/scratch.h"

#include <math.h>
#include <stdint.h>

enum { DEPTH = 3, MAX_POINTS = 8, CHUNK = 50, N_MC = 420, N_STOPS = 7 };

/* What is kept of a point. */
typedef struct curve {
    double kl[DEPTH], kl_stderr[DEPTH], q_gram[DEPTH], ensemble_std[DEPTH], reference_kl[DEPTH], f_j[DEPTH];
} curve;

typedef struct run_kind {
    const char *name, *compare, *seed, *ensemble;
    bool        moments;
    uint64_t    chunk;
} run_kind;

static const run_kind kinds[] = {
    {.name = "one network", .seed = "1", .ensemble = "1", .moments = true, .chunk = CHUNK},
    {.name = "a sweep", .seed = "1,2,7", .ensemble = "1", .chunk = CHUNK},
    {.name = "ensembles", .seed = "1,5", .ensemble = "3", .chunk = CHUNK},
    {.name = "references", .seed = "1,2", .ensemble = "2", .compare = "cpu", .chunk = CHUNK},
    {.name = "chunks of the backend's choice", .seed = "1,2", .ensemble = "1"}, /* which goes by the threads of the first run */
    {.name = "side by side", .seed = "1,2,3,4", .ensemble = "1", .chunk = N_MC / 2}, /* two chunks make two lanes at most */
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

typedef struct session {
    size_t                n_points;
    curve                 point[MAX_POINTS];
    double                stop_at; /* samples */
    volatile sig_atomic_t pause;
} session;

static void keep_point(void *arg, size_t index, size_t n_points, const klf_kl_point *p)
{
    session *s = arg;
    assert_true(index == s->n_points && index < n_points && n_points <= MAX_POINTS);
    curve *c = &s->point[s->n_points++];
    memset(c, 0, sizeof *c);
    memcpy(c->kl, p->value[KLF_KL_KL], sizeof c->kl);
    memcpy(c->kl_stderr, p->value[KLF_KL_KL_STDERR], sizeof c->kl_stderr);
    memcpy(c->q_gram, p->value[KLF_KL_Q_GRAM], sizeof c->q_gram);
    if (p->ensemble_std[KLF_KL_KL])
        memcpy(c->ensemble_std, p->ensemble_std[KLF_KL_KL], sizeof c->ensemble_std);
    if (p->reference)
        memcpy(c->reference_kl, p->reference->value[KLF_KL_KL], sizeof c->reference_kl);
    for (size_t l = 0; p->f_j && l < DEPTH; l++)
        c->f_j[l] = p->f_j[l][0];
    assert_true(isfinite(c->kl[DEPTH - 1]) && c->kl_stderr[DEPTH - 1] > 0.0);
}

static void pause_soon(void *arg, double done, double total)
{
    session *s = arg;
    assert_true(done <= total);
    s->pause = s->pause || done >= s->stop_at;
}

static void set(klf_option_set *options, const char *key, const char *value)
{
    char text[200];
    snprintf(text, sizeof text, "%s=%s", key, value);
    assert_works(klf_options_override(options, text));
}

/* Stops once so many samples are through; in s what it handed out. */
static klf_status run(const run_kind *kind, const char *threads, double stop_at, session *s)
{
    klf_kl_config config;
    klf_kl_config_init(&config);
    klf_option_set options = klf_kl_option_set(&config, KLF_IN_KL);
    char           chunk[24], n_mc[24];
    *s = (session){.stop_at = stop_at, .pause = stop_at <= 0.0};
    snprintf(chunk, sizeof chunk, "%d", (int)kind->chunk);
    snprintf(n_mc, sizeof n_mc, "%d", N_MC);
    set(&options, "widths", "20,17,9");
    set(&options, "q0", "0.3");
    set(&options, "n_mc", n_mc);
    if (kind->chunk > 0)
        set(&options, "chunk", chunk);
    set(&options, "seed", kind->seed);
    set(&options, "ensemble", kind->ensemble);
    set(&options, "threads", threads);
    set(&options, "resume", "true");
    set(&options, "checkpoint", scratch_path("checkpoint"));
    if (kind->compare)
        set(&options, "compare", kind->compare);
    if (kind->moments) {
        set(&options, "save_f_j", "true");
        set(&options, "save_f_jk", "true");
        set(&options, "output", scratch_path("out.h5"));
    }
    assert_works(klf_kl_config_complete(&config));
    const klf_kl_hooks hooks = {.arg = s, .point = keep_point, .progress = pause_soon, .pause = &s->pause};
    klf_status         st = klf_kl_run(&config, "", &hooks, NULL);
    klf_kl_config_free(&config);
    return st;
}

static void assert_same(const run_kind *kind, double stop_at, const session *a, const session *b)
{
    assert_int_equal(a->n_points, b->n_points);
    if (memcmp(a->point, b->point, a->n_points * sizeof *a->point) != 0)
        fail_msg("%s, stopped after %g samples: the numbers differ", kind->name, stop_at);
}

static double samples_of(const run_kind *kind)
{
    double points = 1.0;
    for (const char *p = kind->seed; *p; p++)
        points += *p == ',';
    return points * atof(kind->ensemble) * N_MC * (kind->compare ? 2.0 : 1.0);
}

/* From before the first chunk on, and then to the end with another number of threads. */
static void stopped_anywhere(void **state)
{
    (void)state;
    for (const run_kind *kind = kinds; kind < kinds + N_KINDS; kind++) {
        session      whole[2], part, rest;
        const double total = samples_of(kind);
        assert_works(run(kind, "1", INFINITY, &whole[0]));
        scratch_clear();
        assert_works(run(kind, "3", INFINITY, &whole[1]));
        for (int stop = 0; stop < N_STOPS; stop++) {
            const double stop_at = total * stop / N_STOPS;
            scratch_clear();
            const bool       many = stop % 2 != 0;
            const klf_status st = run(kind, many ? "3" : "1", stop_at, &part);
            if (st == KLF_OK) { /* in the last chunk */
                assert_same(kind, stop_at, &part, &whole[many]);
                continue;
            }
            assert_int_equal(st, KLF_ERR_RESUMABLE);
            assert_int_equal(access(scratch_path("checkpoint"), F_OK), 0);
            assert_works(run(kind, many ? "1" : "2", INFINITY, &rest));
            assert_same(kind, stop_at, &rest, &whole[many]);
            assert_int_equal(access(scratch_path("checkpoint"), F_OK), -1);
        }
        scratch_clear();
    }
}

static void stopped_again_and_again(void **state)
{
    (void)state;
    for (const run_kind *kind = kinds; kind < kinds + N_KINDS; kind++) {
        static const char *const threads[] = {"2", "1", "4"};
        session                  whole, part;
        klf_status               st = KLF_ERR_RESUMABLE;
        int                      runs = 0;
        double                   stop_at = 0.0;
        assert_works(run(kind, "2", INFINITY, &whole));
        scratch_clear();
        for (; st == KLF_ERR_RESUMABLE; runs++, stop_at += 2.0 * CHUNK)
            st = run(kind, threads[runs % 3], stop_at, &part);
        assert_int_equal(st, KLF_OK);
        assert_true(runs > 2);
        assert_same(kind, stop_at, &part, &whole);
        scratch_clear();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_anywhere),
        cmocka_unit_test(stopped_again_and_again),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
