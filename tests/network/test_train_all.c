/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks side by side: each has the bits of one that is trained alone, and the failure of one is its own affair. */
#include "conformance/train_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { JOBS = 5, BAD = 3 };

typedef struct crowd {
    const train_case *d;
    klf_training     *done[JOBS];
    klf_status        status[JOBS], answer;
    size_t            n_ended;
    bool              with_a_bad_one;
} crowd;

static void adapt(size_t i, klf_train_params *params)
{
    params->sgd.learning_rate = 0.05 * (double)(i + 1);
    params->shuffle = true;
    params->order_seed = i;
}

static klf_status begin(void *arg, size_t i, klf_train_params *params, klf_training **out)
{
    const crowd *c = arg;
    if (c->with_a_bad_one && i == BAD)
        return klf_fail(KLF_ERR_DATA, "the network of job %d is damaged", BAD);
    adapt(i, params);
    return klf_training_start(c->d->net, out);
}

static klf_status end(void *arg, size_t i, klf_status status, klf_training *training)
{
    crowd *c = arg;
    if (status == KLF_ERR_DATA)
        assert_non_null(strstr(klf_last_error(), "job 3 is damaged"));
    c->status[i] = status;
    c->done[i] = training;
    c->n_ended++;
    return status == KLF_OK || status == KLF_ERR_INTERRUPTED ? KLF_OK : c->answer;
}

static void free_crowd(crowd *c)
{
    for (size_t i = 0; i < JOBS; i++)
        klf_training_destroy(c->done[i]);
    *c = (crowd){.d = c->d};
}

static void check_crowd(const train_target *target)
{
    train_case           d = train_case_make();
    crowd                c = {.d = &d};
    klf_train_params     common = train_case_params(target, &d);
    const klf_train_jobs many = {.n = JOBS, .threads = 3, .begin = begin, .end = end, .arg = &c};
    assert_int_equal(klf_train_all(&common, &many), KLF_OK);
    assert_int_equal(c.n_ended, JOBS);
    for (size_t i = 0; i < JOBS; i++) {
        klf_train_params own = common;
        adapt(i, &own);
        klf_training *alone = run_training(&own, d.net);
        check_same_training(c.done[i], alone);
        klf_training_destroy(alone);
    }
    for (size_t threads = 1; threads <= 7; threads += 3) { /* a worker alone; and more threads than jobs, shared by two */
        const klf_train_jobs few = {.n = threads == 1 ? 1 : 2, .threads = threads, .begin = begin, .end = end, .arg = &c};
        klf_training        *before = c.done[0], *second = c.done[1];
        assert_int_equal(klf_train_all(&common, &few), KLF_OK);
        check_same_training(c.done[0], before);
        klf_training_destroy(before);
        if (few.n == 2) {
            check_same_training(c.done[1], second);
            klf_training_destroy(second);
        }
    }
    free_crowd(&c);

    c.with_a_bad_one = true; /* the others go on, */
    assert_int_equal(klf_train_all(&common, &many), KLF_OK);
    assert_int_equal(c.n_ended, JOBS);
    assert_int_equal(c.status[BAD], KLF_ERR_DATA);
    assert_null(c.done[BAD]);
    assert_int_equal(c.done[BAD + 1]->status, KLF_TRAIN_OK);
    free_crowd(&c);
    c.with_a_bad_one = true; /* unless that is not wanted */
    c.answer = KLF_ERR_DATA;
    const klf_train_jobs single = {.n = JOBS, .threads = 1, .begin = begin, .end = end, .arg = &c};
    assert_int_equal(klf_train_all(&common, &single), KLF_ERR_DATA);
    assert_int_equal(c.n_ended, BAD + 1);
    free_crowd(&c);

    volatile sig_atomic_t cancel = 1;
    common.cancel = &cancel;
    assert_int_equal(klf_train_all(&common, &many), KLF_ERR_INTERRUPTED);
    assert_int_equal(c.n_ended, 0);
    train_case_free(&d);
}

static void networks_side_by_side(void **state)
{
    (void)state;
    for_each_trainer(check_crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
