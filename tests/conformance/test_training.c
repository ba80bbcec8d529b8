/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps of training on every backend that trains: by hand, against finite differences, against the textbook, against ref at
 * sizes around the edges of tiles, and back from what was read out. */
#include "conformance/train_fixture.h"
#include "network/training.h"
#include "reference/train_textbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 6, SMALL_ROWS = 7 };

static const klf_sgd plain = {.learning_rate = 1.0};

static void check_near(const char *what, double got, double expected, double bar)
{
    if (!(fabs(got - expected) <= bar))
        fail_msg("%s is %.17g, expected %.17g within %.2g", what, got, expected, bar);
}

static klf_network *like(const klf_network *net)
{
    klf_network *other = NULL;
    assert_int_equal(klf_network_like(net, &other), KLF_OK);
    return other;
}

static void fill(klf_network *net, double value)
{
    for (size_t l = 0; l < net->depth; l++) {
        for (size_t i = 0; i < net->layer[l].width * net->layer[l].fan_in; i++)
            net->layer[l].weight[i] = value;
        for (size_t j = 0; j < net->layer[l].width; j++)
            net->layer[l].bias[j] = value;
    }
}

/* One map from one input to two neurons, at zero: both outputs are 0, softmax gives 1/2 each, tanh has slope 1. The gradient is
 * -x/2 for the weight of the right class, x/2 for the other, -1/2 and 1/2 for the biases. With momentum 1/2 and the same
 * example, the second velocity by hand: outputs are +-tanh(u), u = rate (x^2 + 1) / 2, the softmax of the wrong class is
 * 1 / (1 + e^(2 tanh u)), and its gradient has the factor 1 - tanh(u)^2. */
static void check_by_hand(const train_target *target)
{
    const size_t       widths[] = {2};
    const float        x[] = {0.5F};
    const double       rate = 0.25, bar = target->precision == KLF_FP64 ? 1e-15 : 1e-7;
    const uint8_t      label[] = {1};
    const klf_examples one = {.n = 1, .width = 1, .x = x, .label = label};
    klf_network       *net = train_network(1, 1, widths, 1), *v = like(net);
    fill(net, 0.0);
    klf_trainer *trainer = make_trainer(target, net, 1, (klf_sgd){.learning_rate = rate, .momentum = 0.5}, 1);
    klf_score    score = take_steps(target, trainer, &one, 0, 1, 1);
    check_near("the loss", score.loss, log(2.0), bar);
    assert_int_equal(score.n_correct, 0); /* the first of equals is class 0 */
    target->backend->trainer_read(trainer, net, v);
    for (size_t j = 0; j < 2; j++) {
        const double sign = j == 1 ? -1.0 : 1.0;
        check_near("v of a weight", v->layer[0].weight[j], sign * 0.25, bar);
        check_near("v of a bias", v->layer[0].bias[j], sign * 0.5, bar);
        check_near("a weight", net->layer[0].weight[j], -sign * rate * 0.25, bar);
        check_near("a bias", net->layer[0].bias[j], -sign * rate * 0.5, bar);
    }
    const double y = tanh(rate * (0.5 * 0.5 + 1.0) / 2.0), wrong = 1.0 / (1.0 + exp(2.0 * y)), g = wrong * (1.0 - y * y);
    score = take_steps(target, trainer, &one, 0, 1, 1);
    check_near("the second loss", score.loss, -log(1.0 - wrong), bar);
    assert_int_equal(score.n_correct, 1);
    target->backend->trainer_read(trainer, net, v);
    check_near("v of a bias", v->layer[0].bias[0], 0.5 * 0.5 + g, bar);
    check_near("v of a weight", v->layer[0].weight[0], 0.5 * 0.25 + 0.5 * g, bar);
    check_near("a bias", net->layer[0].bias[0], -rate * 0.5 - rate * (0.25 + g), bar);
    target->backend->trainer_destroy(trainer);
    klf_network_destroy(net);
    klf_network_destroy(v);
}

static void a_step_by_hand(void **state)
{
    (void)state;
    for_each_trainer(check_by_hand);
}

static double mean_loss(const train_target *target, klf_trainer *trainer, const klf_examples *examples)
{
    uint32_t  index[SMALL_ROWS];
    klf_score score = {NAN, 0};
    for (uint32_t i = 0; i < SMALL_ROWS; i++)
        index[i] = i;
    const klf_batch batch = {.x = examples->x, .label = examples->label, .index = index, .rows = SMALL_ROWS};
    assert_int_equal(target->backend->evaluate(trainer, &batch, &score), KLF_OK);
    return score.loss / SMALL_ROWS;
}

/* (E(w + h) - E(w - h)) / 2h is off by about h^2 = 1e-10 times a third derivative below 1, and by 1e-16 / h = 1e-11. */
static void check_number(const train_target *target, klf_trainer *trainer, klf_network *net, const klf_examples *examples,
                         double *number, double gradient)
{
    const double h = 1e-5, at = *number;
    double       loss[2];
    for (int side = 0; side < 2; side++) {
        *number = at + (side == 1 ? h : -h);
        assert_int_equal(target->backend->trainer_write(trainer, net, NULL), KLF_OK);
        loss[side] = mean_loss(target, trainer, examples);
    }
    *number = at;
    check_near("a gradient", gradient, (loss[1] - loss[0]) / (2.0 * h), 1e-9);
}

static void check_differences(const train_target *target)
{
    const size_t widths[] = {6, 5, 3};
    klf_examples examples = examples_make(SMALL_ROWS, 4, 3, 5);
    klf_network *net = train_network(4, 3, widths, 3), *g = like(net), *after = like(net);
    if (target->precision != KLF_FP64) /* differences of a loss in fp32 say nothing */
        goto done;
    klf_trainer *trainer = make_trainer(target, net, SMALL_ROWS, plain, 1);
    take_steps(target, trainer, &examples, 0, SMALL_ROWS, 1);
    target->backend->trainer_read(trainer, after, g); /* without momentum the velocity is the gradient */
    for (size_t l = 0; l < net->depth; l++) {
        klf_layer *layer = &net->layer[l];
        for (size_t i = 0; i < layer->width * layer->fan_in; i++)
            check_number(target, trainer, net, &examples, &layer->weight[i], g->layer[l].weight[i]);
        for (size_t j = 0; j < layer->width; j++)
            check_number(target, trainer, net, &examples, &layer->bias[j], g->layer[l].bias[j]);
    }
    target->backend->trainer_destroy(trainer);
done:
    klf_network_destroy(net);
    klf_network_destroy(g);
    klf_network_destroy(after);
    examples_free(&examples);
}

static void gradients_against_finite_differences(void **state)
{
    (void)state;
    for_each_trainer(check_differences);
}

/* The textbook's view of a network; arrays [depth] belong to the caller. */
static tb_network textbook(const klf_network *net, size_t *width, double **weight, double **bias)
{
    for (size_t l = 0; l < net->depth; l++) {
        width[l] = net->layer[l].width;
        weight[l] = net->layer[l].weight;
        bias[l] = net->layer[l].bias;
    }
    return (tb_network){.depth = net->depth, .input_width = net->input_width, .width = width, .weight = weight, .bias = bias};
}

static void check_textbook(const train_target *target)
{
    enum { STEPS = 6, ROWS = 5 };
    const size_t  widths[] = {9, 4, 3};
    const klf_sgd sgd = {.learning_rate = 0.3, .momentum = 0.8, .weight_decay = 0.02};
    klf_examples  examples = examples_make(STEPS * ROWS - 3, 6, 3, 6); /* so that the last batch wraps around */
    klf_network  *net = train_network(6, 3, widths, 4), *v = like(net), *w = like(net), *expected_v = like(net);
    klf_trainer  *trainer = make_trainer(target, net, ROWS + 4, sgd, 1);
    size_t        width[MAX_DEPTH];
    double       *weight[MAX_DEPTH], *bias[MAX_DEPTH], *v_weight[MAX_DEPTH], *v_bias[MAX_DEPTH], x[ROWS * 6];
    unsigned char label[ROWS];
    fill(expected_v, 0.0);
    tb_network tb = textbook(net, width, weight, bias), tb_v = textbook(expected_v, width, v_weight, v_bias);
    for (size_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < ROWS; i++) {
            const size_t row = (step * ROWS + i) % examples.n;
            for (size_t k = 0; k < 6; k++)
                x[6 * i + k] = (double)examples.x[6 * row + k];
            label[i] = examples.label[row];
        }
        const double    loss = tb_loss(&tb, ROWS, x, label, NULL, NULL);
        const klf_score score = take_steps(target, trainer, &examples, step * ROWS, ROWS, 1);
        check_near("the loss", score.loss, loss, target->tolerance * loss);
        tb_train_step(&tb, &tb_v, ROWS, x, label, sgd.learning_rate, sgd.momentum, sgd.weight_decay);
    }
    target->backend->trainer_read(trainer, w, v);
    check_same_network("weights", w, net, target->tolerance);
    check_same_network("velocities", v, expected_v, target->tolerance);
    target->backend->trainer_destroy(trainer);
    klf_network_destroy(net);
    klf_network_destroy(v);
    klf_network_destroy(w);
    klf_network_destroy(expected_v);
    examples_free(&examples);
}

static void momentum_and_decay_against_the_textbook(void **state)
{
    (void)state;
    for_each_trainer(check_textbook);
}

/* Each network in a batch of each size: against ref, and for one and three threads in the same bits. */
static void check_size(const train_target *target, size_t input_width, size_t depth, const size_t *widths, size_t rows)
{
    enum { STEPS = 3 };
    const klf_sgd sgd = {.learning_rate = 0.2, .momentum = 0.7, .weight_decay = 0.01};
    const size_t  n_classes = widths[depth - 1];
    train_target  ref = {.precision = KLF_FP64};
    klf_examples  examples = examples_make(rows * STEPS, input_width, n_classes, 7);
    klf_network  *net = train_network(input_width, depth, widths, 5), *w[3], *v[3];
    assert_int_equal(klf_backend_find("ref", &ref.backend), KLF_OK);
    for (size_t i = 0; i < 3; i++) {
        const train_target *on = i == 0 ? &ref : target;
        klf_trainer        *trainer = make_trainer(on, net, i == 2 ? rows + 5 : rows, sgd, i == 2 ? 3 : 1);
        take_steps(on, trainer, &examples, 0, rows, STEPS);
        w[i] = like(net);
        v[i] = like(net);
        on->backend->trainer_read(trainer, w[i], v[i]);
        on->backend->trainer_destroy(trainer);
    }
    check_same_network("weights", w[1], w[0], target->tolerance);
    check_same_network("velocities", v[1], v[0], target->tolerance);
    check_same_network("weights by three threads", w[2], w[1], 0.0);
    check_same_network("velocities by three threads", v[2], v[1], 0.0);
    for (size_t i = 0; i < 3; i++) {
        klf_network_destroy(w[i]);
        klf_network_destroy(v[i]);
    }
    klf_network_destroy(net);
    examples_free(&examples);
}

static void check_sizes(const train_target *target)
{
    static const struct {
        size_t input, depth, width[MAX_DEPTH];
    } nets[] = {
        {1, 1, {2}},           {3, 2, {1, 2}},       {31, 3, {32, 33, 10}},    {33, 4, {64, 1, 31, 3}},
        {64, 3, {48, 49, 17}}, {7, 3, {65, 96, 10}}, {50, 3, {100, 112, 130}}, {16, 5, {90, 16, 8, 24, 2}},
        {20, 2, {300, 10}},
    };
    static const size_t rows[] = {1, 8, 33, 64, 130};
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
            check_size(target, nets[i].input, nets[i].depth, nets[i].width, rows[r]);
}

static void sizes_around_the_edges_of_tiles(void **state)
{
    (void)state;
    for_each_trainer(check_sizes);
}

/* Read out after some steps and put into a new trainer: the same bits as without the break. Evaluating in between, on batches
 * of other sizes, changes nothing. */
static void check_read_and_write(const train_target *target)
{
    enum { ROWS = 20 };
    const size_t  widths[] = {40, 50, 10};
    const klf_sgd sgd = {.learning_rate = 0.1, .momentum = 0.9};
    klf_examples  examples = examples_make(5 * ROWS, 30, 10, 8);
    klf_network  *net = train_network(30, 3, widths, 6), *w = like(net), *v = like(net), *whole = like(net),
                *whole_v = like(net);
    klf_trainer *trainer = make_trainer(target, net, ROWS, sgd, 1);
    klf_score    score = {NAN, 0};
    uint32_t     index[] = {3, 99, 4};
    klf_batch    batch = {.x = examples.x, .label = examples.label, .index = index, .rows = 3};
    take_steps(target, trainer, &examples, 0, ROWS, 5);
    target->backend->trainer_read(trainer, whole, whole_v);
    target->backend->trainer_destroy(trainer);

    trainer = make_trainer(target, net, ROWS, sgd, 1);
    take_steps(target, trainer, &examples, 0, ROWS, 2);
    assert_int_equal(target->backend->evaluate(trainer, &batch, &score), KLF_OK);
    target->backend->trainer_read(trainer, w, v);
    target->backend->trainer_destroy(trainer);

    trainer = make_trainer(target, net, ROWS, sgd, 2);
    take_steps(target, trainer, &examples, 0, ROWS, 1); /* all of which is to be forgotten */
    assert_int_equal(target->backend->trainer_write(trainer, w, v), KLF_OK);
    take_steps(target, trainer, &examples, 2 * ROWS, ROWS, 3);
    target->backend->trainer_read(trainer, w, v);
    check_same_network("weights", w, whole, 0.0);
    check_same_network("velocities", v, whole_v, 0.0);

    assert_int_equal(target->backend->trainer_write(trainer, net, NULL), KLF_OK); /* from the beginning, at rest */
    take_steps(target, trainer, &examples, 0, ROWS, 5);
    target->backend->trainer_read(trainer, w, NULL);
    check_same_network("weights from the beginning", w, whole, 0.0);
    target->backend->trainer_destroy(trainer);
    klf_network_destroy(net);
    klf_network_destroy(w);
    klf_network_destroy(v);
    klf_network_destroy(whole);
    klf_network_destroy(whole_v);
    examples_free(&examples);
}

static void what_is_read_out_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    for_each_trainer(check_read_and_write);
}

static void check_refusals(const train_target *target)
{
    const size_t widths[] = {3};
    klf_trainer *trainer = NULL;
    klf_network *net = train_network(2, 1, widths, 1);
    for (int precision = 0; precision < KLF_N_PRECISIONS; precision++) {
        const klf_trainer_spec spec = {.net = net, .max_batch = 1, .precision = (klf_precision)precision, .threads = 1};
        const klf_status       st = target->backend->trainer_create(target->context, &spec, &trainer);
        if (precision == KLF_FP64 || precision == (int)target->precision) {
            assert_int_equal(st, KLF_OK);
        } else if (precision > KLF_FP32) {
            assert_int_equal(st, KLF_ERR_USAGE);
            assert_null(trainer);
            assert_non_null(strstr(klf_last_error(), klf_precision_name((klf_precision)precision)));
        }
        target->backend->trainer_destroy(trainer);
    }
    klf_network_destroy(net);
}

static void precisions_that_do_not_train(void **state)
{
    (void)state;
    for_each_trainer(check_refusals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_by_hand),
        cmocka_unit_test(gradients_against_finite_differences),
        cmocka_unit_test(momentum_and_decay_against_the_textbook),
        cmocka_unit_test(sizes_around_the_edges_of_tiles),
        cmocka_unit_test(what_is_read_out_goes_on_with_the_same_bits),
        cmocka_unit_test(precisions_that_do_not_train),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
