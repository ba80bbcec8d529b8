/* SPDX-License-Identifier: BSD-3-Clause */
/* A training between two steps: its memory, the order of its examples, and what it will cost. */
#include "network/training.h"

#include "klflow/rng.h"

#include <stdlib.h>
#include <string.h>

const char *klf_train_status_name(klf_train_status status)
{
    static const char *const names[] = {"unfinished", "ok", "diverged"};
    return names[status];
}

static size_t n_doubles(const klf_network *net)
{
    size_t n = 0;
    for (size_t l = 0; l < net->depth; l++)
        n += net->layer[l].width * (net->layer[l].fan_in + 1);
    return n;
}

klf_status klf_network_like(const klf_network *net, klf_network **out)
{
    size_t *widths = malloc(net->depth * sizeof *widths);
    *out = NULL;
    if (!widths)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the widths of %zu layers", net->depth);
    for (size_t l = 0; l < net->depth; l++)
        widths[l] = net->layer[l].width;
    klf_status st = klf_network_create(net->input_width, net->depth, widths, out);
    free(widths);
    return st;
}

static klf_status copy_network(const klf_network *net, klf_network **out)
{
    klf_status st = klf_network_like(net, out);
    if (st != KLF_OK)
        return st;
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *from = &net->layer[l], *to = &(*out)->layer[l];
        memcpy(to->weight, from->weight, from->width * from->fan_in * sizeof *to->weight);
        memcpy(to->bias, from->bias, from->width * sizeof *to->bias);
    }
    (*out)->random = net->random;
    (*out)->var_w = net->var_w;
    (*out)->var_b = net->var_b;
    (*out)->seed = net->seed;
    (*out)->weight_format = net->weight_format;
    return KLF_OK;
}

klf_status klf_training_start(const klf_network *net, klf_training **out)
{
    klf_training *training = *out = calloc(1, sizeof *training);
    if (!training)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu bytes", sizeof *training);
    klf_status st = copy_network(net, &training->net);
    if (st != KLF_OK) {
        free(training);
        *out = NULL;
    }
    return st;
}

void klf_training_destroy(klf_training *training)
{
    if (!training)
        return;
    klf_network_destroy(training->net);
    klf_network_destroy(training->velocity);
    free(training->history);
    free(training);
}

klf_status klf_training_append(klf_training *training, const klf_train_epoch *epoch)
{
    const size_t     n = training->n_history;
    klf_train_epoch *history = realloc(training->history, (n + 1) * sizeof *history);
    if (!history)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the history of %zu epochs", n + 1);
    history[n] = *epoch;
    training->history = history;
    training->n_history = n + 1;
    return KLF_OK;
}

/* word / 2^64 x n, rounded down: below n, and no place is more than n / 2^64 likelier than another. */
static size_t below(const uint32_t word[2], uint64_t n)
{
    return (size_t)((word[1] * n + (word[0] * n >> 32)) >> 32);
}

void klf_train_order(uint64_t seed, size_t epoch, size_t n, uint32_t *order)
{
    enum { PLACES = 256 };
    uint32_t       words[2 * PLACES];
    const uint64_t subsequence = klf_subsequence(KLF_STREAM_ORDER, epoch);
    for (size_t i = 0; i < n; i++) {
        if (i % PLACES == 0)
            klf_philox_words(seed, subsequence, 2 * i, sizeof words / sizeof words[0], words);
        const size_t other = below(words + 2 * (i % PLACES), i + 1);
        order[i] = (uint32_t)i; /* other may be i */
        order[i] = order[other];
        order[other] = (uint32_t)i;
    }
}

double klf_train_bytes(const klf_train_params *params, const klf_network *net)
{
    const klf_trainer_spec spec = {
        .net = net, .max_batch = params->batch, .precision = params->precision, .sgd = params->sgd, .threads = params->threads};
    const double trainer = params->backend->trainer_bytes ? (double)params->backend->trainer_bytes(params->context, &spec)
                                                          : 0.0;
    const size_t n_valid = params->valid ? params->valid->n : 0;
    return trainer + 2.0 * (double)n_doubles(net) * sizeof(double) + (double)(params->train->n + n_valid) * sizeof(uint32_t);
}

double klf_train_flops(const klf_network *net, size_t batch)
{
    double flops = 0.0;
    for (size_t l = 0; l < net->depth; l++)
        flops += (l == 0 ? 4.0 : 6.0) * (double)batch * (double)net->layer[l].width * (double)net->layer[l].fan_in;
    return flops;
}
