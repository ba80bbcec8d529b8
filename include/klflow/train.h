/* SPDX-License-Identifier: BSD-3-Clause */
/** Training of tanh networks: stochastic gradient descent with momentum on the cross entropy of softmax(tanh(z^{depth-1})), as
 *  the authors' notebooks do it. docs/theory.md has the formulas.
 *
 *      klf_training    *training = NULL;
 *      klf_train_params params = {.backend = backend, .context = context, .precision = KLF_FP32,
 *                                 .sgd = {.learning_rate = 0.005, .momentum = 0.8}, .batch = 64, .epochs = 15,
 *                                 .train = &train, .valid = &valid, .threads = 2};
 *      KLF_TRY(klf_training_start(net, &training));
 *      KLF_TRY(klf_train_run(&params, training));            // training->history[15].valid_accuracy, training->net
 *      klf_training_destroy(training);
 *
 *  A klf_training is all that there is to know between two steps. Stored and put together again it goes on with the bits of a
 *  training that never stopped.
 *
 *  What the bits of a training depend on: weights at the start, examples and their order, batch, learning rate, momentum,
 *  weight decay, precision, backend and, within `cpu`, kernel set (klflow info) and the tanh of the C library. They do not
 * depend on threads, on how many networks learn at the same time, on validation, hooks, nor on interruptions.
 */
#ifndef KLFLOW_TRAIN_H
#define KLFLOW_TRAIN_H

#include "klflow/backend.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Labelled examples, borrowed: the part of a klf_dataset that trains, or validates. */
typedef struct klf_examples {
    size_t         n, width;
    const float   *x;     /**< [n][width] */
    const uint8_t *label; /**< [n] class of each */
} klf_examples;

/** What an epoch came to. Accuracies are fractions. NaN where nothing was measured: training at epoch 0, validation without
 *  examples for it. */
typedef struct klf_train_epoch {
    double train_loss, train_accuracy; /**< mean over the epoch's examples, each as it was seen before its step */
    double valid_loss, valid_accuracy; /**< after the epoch's last step */
} klf_train_epoch;

typedef enum klf_train_status {
    KLF_TRAIN_UNFINISHED,
    KLF_TRAIN_OK,       /**< all epochs are done; more may follow */
    KLF_TRAIN_DIVERGED, /**< a loss or a weight is no finite number, or the loss passed its limit: nothing follows */
} klf_train_status;

/** "unfinished", "ok", "diverged" */
const char *klf_train_status_name(klf_train_status status);

/** A training between two steps. Made by klf_training_start, or filled by a loader: every pointer is owned, from malloc or
 *  klf_network_create. */
typedef struct klf_training {
    klf_network *net;      /**< weights after the last step; as they were given until one is taken */
    klf_network *velocity; /**< of the same shape; NULL: zeros */
    size_t       epoch;    /**< whole epochs done */
    size_t       step;     /**< steps done in the epoch after them */
    klf_score    score;    /**< summed over those steps */
    size_t       n_history;
    klf_train_epoch
        *history; /**< [n_history]; entry e is epoch e, 0 the network as it was given. epoch + 1 entries once begun */
    klf_train_status status;
} klf_training;

/** At the beginning, with a copy of a network. *out is NULL on failure (KLF_ERR_MEMORY). */
klf_status klf_training_start(const klf_network *net, klf_training **out);
/** Accepts NULL. */
void klf_training_destroy(klf_training *training);

typedef struct klf_train_params {
    const klf_backend  *backend;
    klf_context        *context; /**< of the same backend, open */
    klf_precision       precision;
    klf_sgd             sgd;
    size_t              batch;  /**< examples a step; what is left of an epoch behind its last whole batch is not used */
    size_t              epochs; /**< in all, those of the training at hand included */
    const klf_examples *train;
    const klf_examples *valid;      /**< NULL: no validation */
    bool                shuffle;    /**< each epoch in an order of its own (klf_train_order); else as they come */
    uint64_t            order_seed; /**< of the shuffling */
    double              loss_limit; /**< mean training loss of an epoch above which a network counts as diverged; 0: none */
    size_t              threads;    /**< >= 1 */

    /** At epoch 0, before the first step, and after every epoch: weights, velocities and history are in `training`. A status
     *  other than KLF_OK ends the training with it. May be NULL. */
    klf_status (*at_epoch)(void *arg, const klf_training *training);
    /** After every step; step counts from 1 in epoch `epoch`, which counts from 1. May be NULL. */
    void (*progress)(void *arg, size_t epoch, size_t step, size_t steps);
    const volatile sig_atomic_t *cancel; /**< non-zero: stop before the next step with KLF_ERR_INTERRUPTED; may be NULL */
    /** Asked before every step; when it says true the training as it stands goes to `keep`, to be stored. NULL: never. */
    bool (*keep_due)(void *arg);
    klf_status (*keep)(void *arg, const klf_training *training);
    void *arg; /**< of all of these */
} klf_train_params;

/** Trains up to params->epochs, or until the training diverges: KLF_OK in both cases, see training->status. With
 *  KLF_ERR_INTERRUPTED the training holds what was reached and can go on. KLF_ERR_USAGE, and nothing done, if parameters,
 * examples and network do not fit together; after any other error the training is not to be used any more. */
klf_status klf_train_run(const klf_train_params *params, klf_training *training);

/** Many networks, each a training of its own. */
typedef struct klf_train_jobs {
    size_t n;
    size_t threads; /**< >= 1: so many networks side by side; if there are fewer, they share the threads evenly */
    /** Training i, and what differs in its parameters (*params is a copy of the common ones; threads are set later). Called by
     *  several threads at once. */
    klf_status (*begin)(void *arg, size_t i, klf_train_params *params, klf_training **out);
    /** Takes over the training (NULL if begin failed) with what klf_train_run returned; klf_last_error() has its sentence.
     * KLF_OK lets the others go on; any other status ends them all and is returned. One call at a time. */
    klf_status (*end)(void *arg, size_t i, klf_status status, klf_training *training);
    void *arg; /**< of these two */
} klf_train_jobs;

/** Runs the jobs in their order, as many at a time as there are threads. at_epoch, progress, keep_due and keep of all of them
 *  are called one at a time. Once *common->cancel is set no further one is begun, and the result is KLF_ERR_INTERRUPTED if any
 *  is unfinished. */
klf_status klf_train_all(const klf_train_params *common, const klf_train_jobs *jobs);

/** The order of an epoch (counted from 1) under shuffling: a permutation of 0 .. n-1 from (seed, KLF_STREAM_ORDER, epoch) by
 * the exchanges of Fisher and Yates.  order [n], overwritten; n < 2^32 */
void klf_train_order(uint64_t seed, size_t epoch, size_t n, uint32_t *order);

/** Bytes that a training takes while it runs, the examples aside. */
double klf_train_bytes(const klf_train_params *params, const klf_network *net);

/** Floating-point operations of a step: 2 rows N M for each of z, the gradient of W and, but at layer 0, that of what comes in.
 */
double klf_train_flops(const klf_network *net, size_t batch);

#ifdef __cplusplus
}
#endif
#endif
