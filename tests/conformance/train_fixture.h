/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of training share: every backend and precision that trains, invented examples, and comparisons. */
#ifndef KLFLOW_TESTS_TRAIN_FIXTURE_H
#define KLFLOW_TESTS_TRAIN_FIXTURE_H

#include "klflow/train.h"

typedef struct train_target {
    const klf_backend *backend;
    klf_context       *context;
    klf_precision      precision;
    /* Allowed for velocities after a few steps, relative to the largest of their layer: in fp64 the order of sums; in fp32 what
     * weights and activations are rounded by (6e-8 each), through the layers forth and back; a gradient is a sum over rows of
     * either sign, which leaves a hundredth of its terms where a layer has one neuron. A row or column left out is 1e-3. */
    double tolerance;
} train_target;

/* Calls check for every backend that trains (or for ref and the one that KLFLOW_TEST_BACKEND names), in each of its precisions.
 */
void for_each_trainer(void (*check)(const train_target *target));

/* n examples of `width` numbers from the normal distribution, with labels below n_classes that depend on them. To be freed by
 * examples_free. */
klf_examples examples_make(size_t n, size_t width, size_t n_classes, uint64_t seed);
void         examples_free(klf_examples *examples);

/* A random network, or the test fails. */
klf_network *train_network(size_t input_width, size_t depth, const size_t *widths, uint64_t seed);

klf_trainer *make_trainer(const train_target *target, const klf_network *net, size_t max_batch, klf_sgd sgd, size_t threads);
/* Steps on examples first, first + 1, ... of which each takes `rows`. Returns the score of the last one. */
klf_score take_steps(const train_target *target, klf_trainer *trainer, const klf_examples *examples, size_t first, size_t rows,
                     size_t steps);

/* Every weight and bias within `bar` times the layer's largest; with bar 0 the same bits. */
void check_same_network(const char *what, const klf_network *got, const klf_network *expected, double bar);

/* A small problem that a whole training takes a moment for. */
enum {
    CASE_INPUT = 12,
    CASE_CLASSES = 4,
    CASE_TRAIN = 203,
    CASE_VALID = 61,
    CASE_BATCH = 20,
    CASE_STEPS = CASE_TRAIN / CASE_BATCH,
    CASE_EPOCHS = 3
};

typedef struct train_case {
    klf_examples train, valid;
    klf_network *net;
} train_case;

train_case train_case_make(void);
void       train_case_free(train_case *d);
/* Learning rate 0.1, momentum 0.8, one thread, no hooks. */
klf_train_params train_case_params(const train_target *target, const train_case *d);

/* These work, or the test fails. */
klf_training *start_training(const klf_network *net);
klf_training *run_training(const klf_train_params *params, const klf_network *net);

/* The same bits everywhere. */
void check_same_training(const klf_training *got, const klf_training *expected);

#endif
