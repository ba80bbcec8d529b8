/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets, examples and comparisons of the tests of training. */
#include "conformance/train_fixture.h"

#include "klflow/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

void for_each_trainer(void (*check)(const train_target *target))
{
    static const train_target precisions[] = {{.precision = KLF_FP64, .tolerance = 1e-12},
                                              {.precision = KLF_FP32, .tolerance = 2e-5}};
    const char               *only = getenv("KLFLOW_TEST_BACKEND");
    for (const char *const *name = klf_backend_names(); *name; name++)
        for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
            train_target target = precisions[i];
            if (strcmp(*name, "auto") == 0 || (only && strcmp(*name, only) != 0 && strcmp(*name, "ref") != 0))
                continue;
            if (strcmp(*name, "ref") == 0 && target.precision != KLF_FP64)
                continue;
            if (klf_backend_find(*name, &target.backend) != KLF_OK || !target.backend->trainer_create ||
                target.backend->open(&target.context) != KLF_OK) {
                print_message("  not on %s\n", *name);
                continue;
            }
            print_message("  on %s, %s\n", *name, klf_precision_name(target.precision));
            check(&target);
            target.backend->close(target.context);
        }
}

klf_examples examples_make(size_t n, size_t width, size_t n_classes, uint64_t seed)
{
    float   *x = test_malloc(n * width * sizeof *x);
    uint8_t *label = test_malloc(n);
    float   *normals = test_malloc(width * sizeof *normals);
    for (size_t i = 0; i < n; i++) {
        klf_normals(seed, klf_subsequence(KLF_STREAM_INPUT, i), 0, width, normals);
        for (size_t k = 0; k < width; k++)
            x[i * width + k] = normals[k];
        const double place = 0.5 + 0.49 * tanh((double)normals[0]); /* in (0, 1) */
        label[i] = (uint8_t)(place * (double)n_classes);
    }
    test_free(normals);
    return (klf_examples){.n = n, .width = width, .x = x, .label = label};
}

void examples_free(klf_examples *examples)
{
    test_free((void *)(uintptr_t)examples->x);
    test_free((void *)(uintptr_t)examples->label);
}

klf_network *train_network(size_t input_width, size_t depth, const size_t *widths, uint64_t seed)
{
    klf_network *net = NULL;
    if (klf_network_draw(input_width, depth, widths, 1.5, 0.05, seed, &net) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return net;
}

klf_trainer *make_trainer(const train_target *target, const klf_network *net, size_t max_batch, klf_sgd sgd, size_t threads)
{
    klf_trainer           *trainer = NULL;
    const klf_trainer_spec spec = {
        .net = net, .max_batch = max_batch, .precision = target->precision, .sgd = sgd, .threads = threads};
    if (target->backend->trainer_create(target->context, &spec, &trainer) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return trainer;
}

klf_score take_steps(const train_target *target, klf_trainer *trainer, const klf_examples *examples, size_t first, size_t rows,
                     size_t steps)
{
    uint32_t *index = test_malloc(rows * sizeof *index);
    klf_score score = {NAN, 0};
    for (size_t step = 0; step < steps; step++) {
        const klf_batch batch = {.x = examples->x, .label = examples->label, .index = index, .rows = rows};
        for (size_t i = 0; i < rows; i++)
            index[i] = (uint32_t)((first + step * rows + i) % examples->n);
        assert_int_equal(target->backend->train_step(trainer, &batch, &score), KLF_OK);
    }
    test_free(index);
    return score;
}

static double largest(size_t n, const double *x)
{
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    return most;
}

static void check_same(const char *what, const char *part, size_t layer, size_t n, const double *got, const double *expected,
                       double bar)
{
    const double most = bar * largest(n, expected);
    if (bar == 0.0 && memcmp(got, expected, n * sizeof *got) != 0)
        fail_msg("%s: %s of layer %zu differ in their bits", what, part, layer);
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= most))
            fail_msg("%s: number %zu of the %s of layer %zu is %.17g, expected %.17g within %.2g", what, i, part, layer, got[i],
                     expected[i], most);
}

void check_same_network(const char *what, const klf_network *got, const klf_network *expected, double bar)
{
    assert_int_equal(got->depth, expected->depth);
    for (size_t l = 0; l < got->depth; l++) {
        const klf_layer *a = &got->layer[l], *b = &expected->layer[l];
        check_same(what, "weights", l, a->width * a->fan_in, a->weight, b->weight, bar);
        check_same(what, "biases", l, a->width, a->bias, b->bias, bar);
    }
}

train_case train_case_make(void)
{
    static const size_t widths[] = {24, 17, CASE_CLASSES};
    return (train_case){.train = examples_make(CASE_TRAIN, CASE_INPUT, CASE_CLASSES, 11),
                        .valid = examples_make(CASE_VALID, CASE_INPUT, CASE_CLASSES, 12),
                        .net = train_network(CASE_INPUT, sizeof widths / sizeof widths[0], widths, 9)};
}

void train_case_free(train_case *d)
{
    examples_free(&d->train);
    examples_free(&d->valid);
    klf_network_destroy(d->net);
}

klf_train_params train_case_params(const train_target *target, const train_case *d)
{
    return (klf_train_params){.backend = target->backend,
                              .context = target->context,
                              .precision = target->precision,
                              .sgd = {.learning_rate = 0.1, .momentum = 0.8},
                              .batch = CASE_BATCH,
                              .epochs = CASE_EPOCHS,
                              .train = &d->train,
                              .valid = &d->valid,
                              .threads = 1};
}

klf_training *start_training(const klf_network *net)
{
    klf_training *training = NULL;
    if (klf_training_start(net, &training) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return training;
}

klf_training *run_training(const klf_train_params *params, const klf_network *net)
{
    klf_training *training = start_training(net);
    if (klf_train_run(params, training) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return training;
}

void check_same_training(const klf_training *got, const klf_training *expected)
{
    assert_int_equal(got->status, expected->status);
    assert_int_equal(got->epoch, expected->epoch);
    assert_int_equal(got->step, expected->step);
    assert_int_equal(got->n_history, expected->n_history);
    assert_memory_equal(got->history, expected->history, got->n_history * sizeof *got->history);
    check_same_network("weights", got->net, expected->net, 0.0);
    check_same_network("velocities", got->velocity, expected->velocity, 0.0);
}
