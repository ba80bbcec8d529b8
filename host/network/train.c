/* SPDX-License-Identifier: BSD-3-Clause */
/* Training of one network: epochs, order of examples, validation, divergence, and stopping between two steps. Every number is
 * computed by the backend. Many networks side by side: train_all.c; what a training owns: training.c. */
#include "klflow/train.h"

#include "network/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A training while it runs. */
typedef struct course {
    const klf_train_params *params;
    klf_training           *training;
    klf_trainer            *trainer;
    size_t                  steps;    /* of an epoch */
    uint32_t               *order;    /* [train->n] of the epoch under way */
    uint32_t               *as_it_is; /* [valid->n] 0, 1, 2, ... */
    klf_train_epoch         measured; /* of the epoch that ends */
} course;

static bool cancelled(const klf_train_params *params)
{
    return params->cancel && *params->cancel;
}

/* Hooks of trainings side by side come one at a time. */
static klf_status tell(const klf_train_params *params, klf_status (*hook)(void *arg, const klf_training *training),
                       const klf_training     *training)
{
    klf_status st = KLF_OK;
    if (!hook)
        return KLF_OK;
#pragma omp critical(klf_train_hooks)
    st = hook(params->arg, training);
    return st;
}

static bool keep_is_due(const klf_train_params *params)
{
    bool due = false;
    if (!params->keep_due)
        return false;
#pragma omp critical(klf_train_hooks)
    due = params->keep_due(params->arg);
    return due;
}

static void tell_progress(const course *c)
{
    if (!c->params->progress)
        return;
#pragma omp critical(klf_train_hooks)
    c->params->progress(c->params->arg, c->training->epoch + 1, c->training->step, c->steps);
}

static klf_status check_examples(const klf_train_params *params, const klf_network *net, const klf_examples *examples,
                                 const char *kind)
{
    const size_t n_classes = net->layer[net->depth - 1].width;
    if (examples->n == 0 || examples->n > UINT32_MAX)
        return klf_fail(KLF_ERR_USAGE, "there are %zu %s examples; training takes between 1 and 4294967295", examples->n, kind);
    if (examples->width != net->input_width)
        return klf_fail(KLF_ERR_USAGE,
                        "the %s examples have %zu numbers each and the network takes in %zu; give it the width of the data",
                        kind, examples->width, net->input_width);
    for (size_t i = 0; i < examples->n; i++)
        if (examples->label[i] >= n_classes)
            return klf_fail(
                KLF_ERR_USAGE,
                "%s example %zu has label %u, which needs a last layer of at least %u neurons; that of the network has %zu",
                kind, i, examples->label[i], examples->label[i] + 1U, n_classes);
    if (params->batch > examples->n && examples == params->train)
        return klf_fail(KLF_ERR_USAGE, "a batch of %zu needs as many training examples and there are %zu; lower the batch",
                        params->batch, examples->n);
    return KLF_OK;
}

static klf_status check(const klf_train_params *params, const klf_training *training)
{
    klf_status         st = KLF_OK;
    const klf_network *net = training->net;
    const klf_sgd     *sgd = &params->sgd;
    if (!params->backend->trainer_create)
        return klf_fail(KLF_ERR_USAGE, "backend %s cannot train networks yet; take --backend cpu", params->backend->name);
    if (params->batch == 0)
        return klf_fail(KLF_ERR_USAGE, "a batch has at least 1 example; 0 were asked for");
    if (!(sgd->learning_rate >= 0.0 && isfinite(sgd->learning_rate)))
        return klf_fail(KLF_ERR_USAGE, "the learning rate is %g; expected a number from 0 up, such as 0.005",
                        sgd->learning_rate);
    if (!(sgd->momentum >= 0.0 && sgd->momentum < 1.0))
        return klf_fail(KLF_ERR_USAGE, "the momentum is %g; expected a number from 0 up and below 1", sgd->momentum);
    if (!(sgd->weight_decay >= 0.0 && isfinite(sgd->weight_decay)))
        return klf_fail(KLF_ERR_USAGE, "the weight decay is %g; expected a number from 0 up", sgd->weight_decay);
    KLF_TRY(check_examples(params, net, params->train, "training"));
    if (params->valid)
        KLF_TRY(check_examples(params, net, params->valid, "validation"));
    if (training->n_history > 0 &&
        (training->step > params->train->n / params->batch || training->n_history != training->epoch + 1))
        return klf_fail(KLF_ERR_USAGE,
                        "a training of %zu epochs and %zu steps cannot go on with %zu steps an epoch; give it the data and "
                        "the batch that it began with",
                        training->epoch, training->step, params->train->n / params->batch);
done:
    return st;
}

static void count_up(size_t n, uint32_t *index)
{
    for (size_t i = 0; i < n; i++)
        index[i] = (uint32_t)i;
}

static klf_status begin(course *c)
{
    const klf_train_params *params = c->params;
    const size_t            n_valid = params->valid ? params->valid->n : 0;
    const klf_trainer_spec  spec = {.net = c->training->net,
                                    .max_batch = params->batch,
                                    .precision = params->precision,
                                    .sgd = params->sgd,
                                    .threads = params->threads};
    klf_status              st = KLF_OK;
    c->steps = params->train->n / params->batch;
    c->order = malloc(params->train->n * sizeof *c->order);
    c->as_it_is = malloc((n_valid + 1) * sizeof *c->as_it_is);
    if (!c->order || !c->as_it_is)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the order of %zu examples", params->train->n + n_valid);
    count_up(n_valid, c->as_it_is);
    KLF_TRY(params->backend->trainer_create(params->context, &spec, &c->trainer));
    if (c->training->velocity)
        KLF_TRY(params->backend->trainer_write(c->trainer, c->training->net, c->training->velocity));
done:
    return st;
}

/* Hands the trainer's weights to the training. */
static klf_status read_back(course *c)
{
    klf_status    st = KLF_OK;
    klf_training *t = c->training;
    if (!t->velocity)
        KLF_TRY(klf_network_like(t->net, &t->velocity));
    KLF_TRY(c->params->backend->trainer_read(c->trainer, t->net, t->velocity));
    t->net->random = false;
    t->net->weight_format = KLF_FORMAT_FP64;
done:
    return st;
}

static bool all_finite(const klf_network *net)
{
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *layer = &net->layer[l];
        double           sum = 0.0; /* 0 x anything finite; NaN once there is anything else */
        for (size_t i = 0; i < layer->width * layer->fan_in; i++)
            sum += 0.0 * layer->weight[i];
        for (size_t j = 0; j < layer->width; j++)
            sum += 0.0 * layer->bias[j];
        if (isnan(sum))
            return false;
    }
    return true;
}

/* Mean loss and accuracy over the examples for validation: NaN without any. */
static klf_status validate(const course *c, double *loss, double *accuracy)
{
    klf_status          st = KLF_OK;
    const klf_examples *valid = c->params->valid;
    klf_score           total = {0}, score;
    *loss = *accuracy = NAN;
    if (!valid)
        return KLF_OK;
    for (size_t first = 0; first < valid->n; first += c->params->batch) {
        const size_t    left = valid->n - first;
        const klf_batch batch = {.x = valid->x,
                                 .label = valid->label,
                                 .index = c->as_it_is + first,
                                 .rows = left < c->params->batch ? left : c->params->batch};
        if (cancelled(c->params))
            return klf_fail(KLF_ERR_INTERRUPTED, "interrupted");
        KLF_TRY(c->params->backend->evaluate(c->trainer, &batch, &score));
        total.loss += score.loss;
        total.n_correct += score.n_correct;
    }
    *loss = total.loss / (double)valid->n;
    *accuracy = (double)total.n_correct / (double)valid->n;
done:
    return st;
}

/* The network as it was given. */
static klf_status open_history(course *c)
{
    klf_status      st = KLF_OK;
    klf_train_epoch start = {.train_loss = NAN, .train_accuracy = NAN};
    KLF_TRY(validate(c, &start.valid_loss, &start.valid_accuracy));
    KLF_TRY(klf_training_append(c->training, &start));
    KLF_TRY(tell(c->params, c->params->at_epoch, c->training));
done:
    return st;
}

static klf_status take_step(course *c)
{
    klf_status              st = KLF_OK;
    klf_training           *t = c->training;
    const klf_train_params *params = c->params;
    klf_score               score;
    const klf_batch         batch = {.x = params->train->x,
                                     .label = params->train->label,
                                     .index = c->order + t->step * params->batch,
                                     .rows = params->batch};
    KLF_TRY(params->backend->train_step(c->trainer, &batch, &score));
    t->step++;
    t->score.loss += score.loss;
    t->score.n_correct += score.n_correct;
    if (!isfinite(score.loss))
        t->status = KLF_TRAIN_DIVERGED;
    tell_progress(c);
done:
    return st;
}

/* What is left of the epoch's steps. */
static klf_status take_steps(course *c)
{
    klf_status    st = KLF_OK;
    klf_training *t = c->training;
    if (c->params->shuffle)
        klf_train_order(c->params->order_seed, t->epoch + 1, c->params->train->n, c->order);
    else
        count_up(c->params->train->n, c->order);
    while (t->step < c->steps && t->status != KLF_TRAIN_DIVERGED) {
        if (cancelled(c->params))
            return klf_fail(KLF_ERR_INTERRUPTED, "interrupted");
        if (keep_is_due(c->params)) {
            KLF_TRY(read_back(c));
            KLF_TRY(tell(c->params, c->params->keep, t));
        }
        KLF_TRY(take_step(c));
    }
done:
    return st;
}

/* Behind the last step of an epoch. An epoch whose weights are not finite never comes to its end. */
static klf_status close_epoch(course *c)
{
    klf_status      st = KLF_OK;
    klf_training   *t = c->training;
    const double    n = (double)(c->steps * c->params->batch);
    klf_train_epoch now = {.train_loss = t->score.loss / n, .train_accuracy = (double)t->score.n_correct / n};
    KLF_TRY(validate(c, &now.valid_loss, &now.valid_accuracy));
    KLF_TRY(read_back(c));
    if (!all_finite(t->net)) {
        t->status = KLF_TRAIN_DIVERGED;
        goto done;
    }
    KLF_TRY(klf_training_append(t, &now));
    t->epoch++;
    t->step = 0;
    t->score = (klf_score){0};
    if (c->params->loss_limit > 0.0 && now.train_loss > c->params->loss_limit)
        t->status = KLF_TRAIN_DIVERGED;
    else if (t->epoch >= c->params->epochs)
        t->status = KLF_TRAIN_OK;
    KLF_TRY(tell(c->params, c->params->at_epoch, t));
done:
    return st;
}

static klf_status run(course *c)
{
    klf_status    st = KLF_OK;
    klf_training *t = c->training;
    if (t->n_history == 0)
        KLF_TRY(open_history(c));
    while (t->epoch < c->params->epochs && t->status != KLF_TRAIN_DIVERGED) {
        t->status = KLF_TRAIN_UNFINISHED;
        KLF_TRY(take_steps(c));
        if (t->status == KLF_TRAIN_DIVERGED)
            KLF_TRY(read_back(c));
        else
            KLF_TRY(close_epoch(c));
    }
    if (t->status != KLF_TRAIN_DIVERGED)
        t->status = KLF_TRAIN_OK;
done:
    return st;
}

klf_status klf_train_run(const klf_train_params *params, klf_training *training)
{
    klf_status st = KLF_OK;
    course     c = {.params = params, .training = training};
    KLF_TRY(check(params, training));
    KLF_TRY(begin(&c));
    st = run(&c);
    if (st == KLF_ERR_INTERRUPTED && training->n_history > 0) {
        KLF_TRY(read_back(&c));
        st = klf_fail(KLF_ERR_INTERRUPTED, "interrupted");
    }
done:
    if (c.trainer)
        params->backend->trainer_destroy(c.trainer);
    free(c.order);
    free(c.as_it_is);
    return st;
}
