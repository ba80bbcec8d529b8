/* SPDX-License-Identifier: BSD-3-Clause */
/* Training of one network as a whole, on every backend that trains: something is learned, epochs and validation are counted
 * right, interruptions leave no trace in the bits, and what diverges stops. */
#include "conformance/train_fixture.h"
#include "network/training.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

/* What the hooks of one training see, and when they interfere. */
typedef struct watcher {
    size_t                epochs_seen, steps_seen;
    size_t                keep_after, asked; /* hand out at this question; 0: never */
    size_t                kept;
    size_t                cancel_after; /* steps; 0: never */
    volatile sig_atomic_t cancel;
    double                accuracy_at_start;
} watcher;

static klf_status at_epoch(void *arg, const klf_training *training)
{
    watcher *w = arg;
    assert_int_equal(training->n_history, training->epoch + 1);
    assert_int_equal(training->step, 0);
    if (training->epoch == 0)
        w->accuracy_at_start = training->history[0].valid_accuracy;
    w->epochs_seen++;
    return KLF_OK;
}

static void progress(void *arg, size_t epoch, size_t step, size_t steps)
{
    watcher *w = arg;
    assert_int_equal(steps, CASE_STEPS);
    assert_true(epoch >= 1 && step >= 1 && step <= CASE_STEPS);
    w->steps_seen++;
    if (w->cancel_after > 0 && w->steps_seen == w->cancel_after)
        w->cancel = 1;
}

static bool keep_due(void *arg)
{
    watcher *w = arg;
    return ++w->asked == w->keep_after;
}

static klf_status keep(void *arg, const klf_training *training)
{
    watcher *w = arg;
    assert_non_null(training->velocity);
    w->kept++;
    return KLF_OK;
}

/* The labels depend on one number of twelve. 203 examples are few to find that out from, but enough to do better than the
 * commonest class, which is a third. */
static void check_learning(const train_target *target)
{
    train_case       d = train_case_make();
    watcher          w = {0};
    klf_train_params params = train_case_params(target, &d);
    params.epochs = 25;
    params.at_epoch = at_epoch;
    params.progress = progress;
    params.arg = &w;
    klf_training *t = run_training(&params, d.net);
    assert_int_equal(t->status, KLF_TRAIN_OK);
    assert_int_equal(t->epoch, 25);
    assert_int_equal(w.epochs_seen, 26);
    assert_int_equal(w.steps_seen, 25 * CASE_STEPS);
    assert_true(isnan(t->history[0].train_loss) && isnan(t->history[0].train_accuracy));
    assert_true(t->history[0].valid_accuracy == w.accuracy_at_start);
    if (!(t->history[25].train_loss < 0.75 * t->history[1].train_loss))
        fail_msg("the loss went from %g to %g", t->history[1].train_loss, t->history[25].train_loss);
    if (!(t->history[25].valid_accuracy > 0.55 && t->history[0].valid_accuracy < 0.4))
        fail_msg("the accuracy went from %g to %g", t->history[0].valid_accuracy, t->history[25].valid_accuracy);
    assert_false(t->net->random);
    klf_training_destroy(t);
    train_case_free(&d);
}

static void something_is_learned(void **state)
{
    (void)state;
    for_each_trainer(check_learning);
}

/* Epochs, order and dropped remainder against steps taken one by one through the table. */
static void check_epochs(const train_target *target, bool shuffle)
{
    train_case       d = train_case_make();
    klf_train_params params = train_case_params(target, &d);
    params.shuffle = shuffle;
    params.order_seed = 77;
    klf_training *t = run_training(&params, d.net);
    klf_trainer  *trainer = make_trainer(target, d.net, CASE_BATCH, params.sgd, 1);
    klf_score     score = {NAN, 0}, total = {0};
    uint32_t      order[CASE_TRAIN];
    for (size_t epoch = 1; epoch <= CASE_EPOCHS; epoch++) {
        total = (klf_score){0};
        for (uint32_t i = 0; i < CASE_TRAIN; i++)
            order[i] = i;
        if (shuffle)
            klf_train_order(77, epoch, CASE_TRAIN, order);
        for (size_t step = 0; step < CASE_STEPS; step++) {
            const klf_batch batch = {
                .x = d.train.x, .label = d.train.label, .index = order + step * CASE_BATCH, .rows = CASE_BATCH};
            assert_int_equal(target->backend->train_step(trainer, &batch, &score), KLF_OK);
            total.loss += score.loss;
            total.n_correct += score.n_correct;
        }
        assert_true(t->history[epoch].train_loss == total.loss / (CASE_STEPS * CASE_BATCH));
        assert_true(t->history[epoch].train_accuracy == (double)total.n_correct / (CASE_STEPS * CASE_BATCH));
    }
    klf_network *w = NULL;
    assert_int_equal(klf_network_like(d.net, &w), KLF_OK);
    target->backend->trainer_read(trainer, w, NULL);
    check_same_network("weights", t->net, w, 0.0);
    total = (klf_score){0};
    for (uint32_t i = 0; i < CASE_VALID; i++) { /* one at a time: the sum differs in its last bits */
        const klf_batch batch = {.x = d.valid.x, .label = d.valid.label, .index = &i, .rows = 1};
        assert_int_equal(target->backend->evaluate(trainer, &batch, &score), KLF_OK);
        total.loss += score.loss;
        total.n_correct += score.n_correct;
    }
    const double expected = total.loss / CASE_VALID;
    if (!(fabs(t->history[CASE_EPOCHS].valid_loss - expected) <= target->tolerance * expected))
        fail_msg("the loss of validation is %.17g, expected %.17g", t->history[CASE_EPOCHS].valid_loss, expected);
    assert_true(t->history[CASE_EPOCHS].valid_accuracy == (double)total.n_correct / CASE_VALID);
    target->backend->trainer_destroy(trainer);
    klf_network_destroy(w);
    klf_training_destroy(t);
    train_case_free(&d);
}

static void check_order_of_the_file(const train_target *target)
{
    check_epochs(target, false);
}

static void check_order_by_seed(const train_target *target)
{
    check_epochs(target, true);
}

static void epochs_step_by_step(void **state)
{
    (void)state;
    for_each_trainer(check_order_of_the_file);
    for_each_trainer(check_order_by_seed);
}

/* Everybody once; another order for every epoch and seed; and each place equally likely to hold a number: over 4000 orders of 5
 * a count of a pair is 800 +- 25. */
static void orders(void **state)
{
    (void)state;
    enum { N = 1000, SMALL = 5, TIMES = 4000 };
    uint32_t order[N], other[N], count[SMALL][SMALL] = {{0}};
    bool     seen[N] = {false};
    klf_train_order(3, 1, N, order);
    for (size_t i = 0; i < N; i++) {
        assert_true(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
    }
    klf_train_order(3, 1, N, other);
    assert_memory_equal(order, other, sizeof order);
    klf_train_order(3, 2, N, other);
    assert_memory_not_equal(order, other, sizeof order);
    klf_train_order(4, 1, N, other);
    assert_memory_not_equal(order, other, sizeof order);
    klf_train_order(4, 1, 1, other);
    assert_int_equal(other[0], 0);
    for (size_t epoch = 1; epoch <= TIMES; epoch++) {
        klf_train_order(5, epoch, SMALL, order);
        for (size_t i = 0; i < SMALL; i++)
            count[i][order[i]]++;
    }
    for (size_t i = 0; i < SMALL; i++)
        for (size_t j = 0; j < SMALL; j++)
            if (count[i][j] < 675 || count[i][j] > 925)
                fail_msg("place %zu held %zu in %u of %d orders", i, j, count[i][j], TIMES);
}

/* A copy of what has to be stored, as a file would hold it. */
static klf_training *stored(const klf_training *t)
{
    klf_training *copy = start_training(t->net), *velocity = start_training(t->velocity);
    copy->velocity = velocity->net;
    velocity->net = NULL;
    klf_training_destroy(velocity);
    copy->epoch = t->epoch;
    copy->step = t->step;
    copy->score = t->score;
    copy->status = t->status;
    for (size_t i = 0; i < t->n_history; i++)
        assert_int_equal(klf_training_append(copy, &t->history[i]), KLF_OK);
    return copy;
}

/* Cancelled after each of some numbers of steps, stored, and resumed on another number of threads. */
static void check_resuming(const train_target *target)
{
    static const size_t stops[] = {1, CASE_STEPS - 1, CASE_STEPS, CASE_STEPS + 1, 2 * CASE_STEPS + 3};
    train_case          d = train_case_make();
    klf_train_params    params = train_case_params(target, &d);
    params.shuffle = true;
    params.order_seed = 5;
    klf_training *whole = run_training(&params, d.net);
    params.progress = progress;
    params.at_epoch = at_epoch;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        watcher w = {.cancel_after = stops[i]};
        params.arg = &w;
        params.cancel = &w.cancel;
        params.threads = 1;
        klf_training *first = start_training(d.net);
        assert_int_equal(klf_train_run(&params, first), KLF_ERR_INTERRUPTED);
        assert_int_equal(first->status, KLF_TRAIN_UNFINISHED);
        assert_int_equal(first->epoch * CASE_STEPS + first->step, stops[i]);
        klf_training *second = stored(first);
        klf_training_destroy(first);
        w.cancel = 0;
        w.cancel_after = 0;
        params.threads = 2;
        assert_int_equal(klf_train_run(&params, second), KLF_OK);
        check_same_training(second, whole);
        assert_int_equal(w.epochs_seen, CASE_EPOCHS + 1); /* each once, whoever came to it */
        assert_int_equal(w.steps_seen, CASE_EPOCHS * CASE_STEPS);
        klf_training_destroy(second);
    }
    klf_training_destroy(whole);
    train_case_free(&d);
}

static void resuming_gives_the_same_bits(void **state)
{
    (void)state;
    for_each_trainer(check_resuming);
}

/* Handing out the training between steps changes nothing; more epochs later are like more epochs at once. */
static void check_keeping(const train_target *target)
{
    train_case       d = train_case_make();
    watcher          w = {.keep_after = CASE_STEPS + 4};
    klf_train_params params = train_case_params(target, &d);
    klf_training    *whole = run_training(&params, d.net);
    params.keep_due = keep_due;
    params.keep = keep;
    params.arg = &w;
    params.epochs = 2;
    klf_training *t = run_training(&params, d.net);
    assert_int_equal(w.kept, 1);
    assert_int_equal(t->status, KLF_TRAIN_OK);
    params.epochs = CASE_EPOCHS;
    assert_int_equal(klf_train_run(&params, t), KLF_OK);
    check_same_training(t, whole);
    assert_int_equal(klf_train_run(&params, t), KLF_OK); /* nothing left to do */
    check_same_training(t, whole);
    klf_training_destroy(t);
    klf_training_destroy(whole);
    train_case_free(&d);
}

static void keeping_and_going_on(void **state)
{
    (void)state;
    for_each_trainer(check_keeping);
}

static void check_divergence(const train_target *target)
{
    train_case       d = train_case_make();
    klf_train_params params = train_case_params(target, &d);
    params.sgd.learning_rate = 1.0;
    params.sgd.weight_decay = 1e40; /* makes weights grow by as much a step */
    klf_training *t = run_training(&params, d.net);
    assert_int_equal(t->status, KLF_TRAIN_DIVERGED);
    assert_string_equal(klf_train_status_name(t->status), "diverged");
    assert_int_equal(t->n_history, t->epoch + 1);
    for (size_t e = 0; e < t->n_history; e++)
        assert_true(isfinite(t->history[e].valid_loss));
    const size_t epoch = t->epoch, step = t->step;
    assert_int_equal(klf_train_run(&params, t), KLF_OK); /* and stays where it is */
    assert_int_equal(t->status, KLF_TRAIN_DIVERGED);
    assert_true(t->epoch == epoch && t->step == step);
    klf_training_destroy(t);

    params = train_case_params(target, &d); /* finite, but the first epoch is above the limit */
    params.loss_limit = 1e-3;
    t = run_training(&params, d.net);
    assert_int_equal(t->status, KLF_TRAIN_DIVERGED);
    assert_int_equal(t->epoch, 1);
    assert_int_equal(t->n_history, 2);
    klf_training_destroy(t);
    train_case_free(&d);
}

static void divergence(void **state)
{
    (void)state;
    for_each_trainer(check_divergence);
}

static void refuse(const klf_train_params *params, const klf_network *net, const char *sentence)
{
    klf_training *t = start_training(net);
    assert_int_equal(klf_train_run(params, t), KLF_ERR_USAGE);
    if (!strstr(klf_last_error(), sentence))
        fail_msg("'%s' says nothing of '%s'", klf_last_error(), sentence);
    assert_int_equal(t->n_history, 0);
    klf_training_destroy(t);
}

#define REFUSED(change, sentence)                                                                                              \
    do {                                                                                                                       \
        params = train_case_params(target, &d);                                                                                \
        change;                                                                                                                \
        refuse(&params, d.net, sentence);                                                                                      \
    } while (0)

static void check_refusals(const train_target *target)
{
    train_case       d = train_case_make();
    klf_train_params params;
    klf_backend      idle = *target->backend;
    uint8_t          label[CASE_VALID] = {0};
    klf_examples     narrow = d.train, none = d.train, other = d.valid;
    narrow.width = CASE_INPUT - 1;
    none.n = 0;
    label[17] = CASE_CLASSES;
    other.label = label;
    idle.trainer_create = NULL;
    REFUSED(params.backend = &idle, "cannot train");
    REFUSED(params.batch = 0, "at least 1 example");
    REFUSED(params.batch = CASE_TRAIN + 1, "lower the batch");
    REFUSED(params.sgd.learning_rate = NAN, "learning rate is nan");
    REFUSED(params.sgd.learning_rate = -1.0, "learning rate is -1");
    REFUSED(params.sgd.momentum = 1.0, "momentum is 1");
    REFUSED(params.sgd.weight_decay = INFINITY, "weight decay is inf");
    REFUSED(params.train = &narrow, "11 numbers each and the network takes in 12");
    REFUSED(params.train = &none, "0 training examples");
    REFUSED(params.valid = &other, "validation example 17 has label 4, which needs a last layer of at least 5");
    klf_training *t = start_training(d.net);
    t->n_history = 1;
    t->step = CASE_STEPS + 1;
    params = train_case_params(target, &d);
    assert_int_equal(klf_train_run(&params, t), KLF_ERR_USAGE);
    assert_non_null(strstr(klf_last_error(), "cannot go on"));
    klf_training_destroy(t);
    params = train_case_params(target, &d); /* a batch larger than what validates is none of its business */
    params.valid = NULL;
    params.epochs = 1;
    t = run_training(&params, d.net);
    assert_true(isnan(t->history[1].valid_loss) && isfinite(t->history[1].train_loss));
    assert_true(klf_train_bytes(&params, d.net) > 0.0);
    klf_training_destroy(t);
    train_case_free(&d);
}

static void what_does_not_fit_together(void **state)
{
    (void)state;
    for_each_trainer(check_refusals);
}

/* The paper's architecture at depth 30: 2 x 64 x (28 x 784^2 + 784 x 400 + 400 x 10) = 2.24 GFLOP a product, of which there are
 * three but for the first layer. */
static void operations_of_a_step(void **state)
{
    (void)state;
    size_t       wide[30];
    klf_network *net = NULL;
    klf_widths_wide(30, wide);
    assert_int_equal(klf_network_create(784, 30, wide, &net), KLF_OK);
    const double product = 2.0 * 64.0 * (28.0 * 784.0 * 784.0 + 784.0 * 400.0 + 400.0 * 10.0);
    assert_true(klf_train_flops(net, 64) == 3.0 * product - 2.0 * 64.0 * 784.0 * 784.0);
    klf_network_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(something_is_learned),         cmocka_unit_test(epochs_step_by_step),  cmocka_unit_test(orders),
        cmocka_unit_test(resuming_gives_the_same_bits), cmocka_unit_test(keeping_and_going_on), cmocka_unit_test(divergence),

        cmocka_unit_test(what_does_not_fit_together),   cmocka_unit_test(operations_of_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
