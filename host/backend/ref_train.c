/* SPDX-License-Identifier: BSD-3-Clause */
/* Training in the backend `ref`: back-propagation as it stands in textbooks, example by example, in double. The gradient of the
 * whole network is formed first and applied afterwards. */
#include "backend/ref_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct klf_trainer {
    klf_sgd      sgd;
    klf_network *net, *velocity, *gradient; /* of one shape */
    double      *x;                         /* [input_width]: the example at hand */
    double     **phi;                       /* [depth][width]: its tanh(z) */
    double     **delta;                     /* [depth][width]: its dE/dz */
};

static klf_status create_like(const klf_network *net, klf_network **out)
{
    klf_status st = KLF_OK;
    size_t    *widths = malloc(net->depth * sizeof *widths);
    *out = NULL;
    if (!widths)
        return klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for %zu widths", net->depth);
    for (size_t l = 0; l < net->depth; l++)
        widths[l] = net->layer[l].width;
    st = klf_network_create(net->input_width, net->depth, widths, out);
    free(widths);
    return st;
}

static size_t n_weights(const klf_layer *layer)
{
    return layer->width * layer->fan_in;
}

static void copy(const klf_network *from, klf_network *to)
{
    for (size_t l = 0; l < from->depth; l++) {
        memcpy(to->layer[l].weight, from->layer[l].weight, n_weights(&from->layer[l]) * sizeof(double));
        memcpy(to->layer[l].bias, from->layer[l].bias, from->layer[l].width * sizeof(double));
    }
}

static void clear(klf_network *net)
{
    for (size_t l = 0; l < net->depth; l++) {
        memset(net->layer[l].weight, 0, n_weights(&net->layer[l]) * sizeof(double));
        memset(net->layer[l].bias, 0, net->layer[l].width * sizeof(double));
    }
}

size_t klf_ref_trainer_bytes(const klf_context *ctx, const klf_trainer_spec *spec)
{
    (void)ctx;
    size_t doubles = spec->net->input_width;
    for (size_t l = 0; l < spec->net->depth; l++)
        doubles += 3 * (n_weights(&spec->net->layer[l]) + spec->net->layer[l].width) + 2 * spec->net->layer[l].width;
    return doubles * sizeof(double);
}

void klf_ref_trainer_destroy(klf_trainer *trainer)
{
    if (!trainer)
        return;
    for (size_t l = 0; trainer->net && l < trainer->net->depth; l++) {
        free(trainer->phi ? trainer->phi[l] : NULL);
        free(trainer->delta ? trainer->delta[l] : NULL);
    }
    free(trainer->x);
    free(trainer->phi);
    free(trainer->delta);
    klf_network_destroy(trainer->net);
    klf_network_destroy(trainer->velocity);
    klf_network_destroy(trainer->gradient);
    free(trainer);
}

static double **rows_like(const klf_network *net)
{
    double **rows = calloc(net->depth, sizeof *rows);
    bool     whole = rows != NULL;
    for (size_t l = 0; rows && l < net->depth; l++)
        whole = (rows[l] = malloc(net->layer[l].width * sizeof(double))) != NULL && whole;
    if (!whole)
        klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for the activations of %zu layers", net->depth);
    return rows;
}

static bool all_there(double **rows, size_t depth)
{
    bool whole = rows != NULL;
    for (size_t l = 0; whole && l < depth; l++)
        whole = rows[l] != NULL;
    return whole;
}

klf_status klf_ref_trainer_create(klf_context *ctx, const klf_trainer_spec *spec, klf_trainer **out)
{
    klf_status   st = KLF_OK;
    klf_trainer *trainer = NULL;
    (void)ctx;
    *out = NULL;
    if (spec->precision != KLF_FP64)
        return klf_fail(KLF_ERR_USAGE, "backend ref trains in fp64, not in %s; take --precision fp64 or backend cpu",
                        klf_precision_name(spec->precision));
    if (!(trainer = calloc(1, sizeof *trainer)))
        return klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for %zu bytes", sizeof *trainer);
    trainer->sgd = spec->sgd;
    KLF_TRY(create_like(spec->net, &trainer->net));
    KLF_TRY(create_like(spec->net, &trainer->velocity));
    KLF_TRY(create_like(spec->net, &trainer->gradient));
    trainer->phi = rows_like(spec->net);
    trainer->x = malloc(spec->net->input_width * sizeof(double));
    trainer->delta = rows_like(spec->net);
    if (!trainer->x)
        KLF_TRY(klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for an example of %zu numbers", spec->net->input_width));
    if (!all_there(trainer->phi, spec->net->depth) || !all_there(trainer->delta, spec->net->depth)) {
        st = KLF_ERR_MEMORY;
        goto done;
    }
    copy(spec->net, trainer->net);
    clear(trainer->velocity);
    *out = trainer;
    trainer = NULL;
done:
    klf_ref_trainer_destroy(trainer);
    return st;
}

static void forward(const klf_trainer *trainer, const float *x)
{
    const double *in = trainer->x;
    for (size_t k = 0; k < trainer->net->input_width; k++)
        trainer->x[k] = (double)x[k];
    for (size_t l = 0; l < trainer->net->depth; l++) {
        const klf_layer *map = &trainer->net->layer[l];
        for (size_t j = 0; j < map->width; j++) {
            double z = map->bias[j];
            for (size_t k = 0; k < map->fan_in; k++)
                z += map->weight[j * map->fan_in + k] * in[k];
            trainer->phi[l][j] = tanh(z);
        }
        in = trainer->phi[l];
    }
}

/* softmax(y)_label = exp(y_label) / sum_j exp(y_j); the outputs y are tanh's, so nothing can overflow */
static double partition(size_t n, const double *y)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
        sum += exp(y[j]);
    return sum;
}

static void add_score(size_t n, const double *y, size_t label, klf_score *score)
{
    size_t largest = 0;
    for (size_t j = 1; j < n; j++)
        if (y[j] > y[largest])
            largest = j;
    score->loss += log(partition(n, y)) - y[label];
    score->n_correct += largest == label;
}

/* dE/dz of every layer for the example that went forward last, its share of the mean over `rows` examples */
static void backward(const klf_trainer *trainer, size_t label, size_t rows)
{
    const klf_network *net = trainer->net;
    const size_t       last = net->depth - 1, n = net->layer[last].width;
    const double      *y = trainer->phi[last];
    const double       z = partition(n, y);
    for (size_t j = 0; j < n; j++)
        trainer->delta[last][j] = (exp(y[j]) / z - (j == label ? 1.0 : 0.0)) / (double)rows * (1.0 - y[j] * y[j]);
    for (size_t l = last; l > 0; l--) {
        const klf_layer *map = &net->layer[l];
        for (size_t k = 0; k < map->fan_in; k++) {
            double sum = 0.0, phi = trainer->phi[l - 1][k];
            for (size_t j = 0; j < map->width; j++)
                sum += map->weight[j * map->fan_in + k] * trainer->delta[l][j];
            trainer->delta[l - 1][k] = sum * (1.0 - phi * phi);
        }
    }
}

static void add_gradient(const klf_trainer *trainer)
{
    const double *in = trainer->x;
    for (size_t l = 0; l < trainer->net->depth; l++) {
        const klf_layer *g = &trainer->gradient->layer[l];
        for (size_t j = 0; j < g->width; j++) {
            for (size_t k = 0; k < g->fan_in; k++)
                g->weight[j * g->fan_in + k] += trainer->delta[l][j] * in[k];
            g->bias[j] += trainer->delta[l][j];
        }
        in = trainer->phi[l];
    }
}

static void descend(const klf_sgd *sgd, size_t n, const double *gradient, double *v, double *w)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = sgd->momentum * v[i] + gradient[i] + sgd->weight_decay * w[i];
        w[i] -= sgd->learning_rate * v[i];
    }
}

klf_status klf_ref_train_step(klf_trainer *trainer, const klf_batch *batch, klf_score *score)
{
    const klf_network *net = trainer->net;
    const size_t       n_classes = net->layer[net->depth - 1].width;
    *score = (klf_score){0};
    clear(trainer->gradient);
    for (size_t i = 0; i < batch->rows; i++) {
        const size_t row = batch->index[i];
        forward(trainer, batch->x + row * net->input_width);
        add_score(n_classes, trainer->phi[net->depth - 1], batch->label[row], score);
        backward(trainer, batch->label[row], batch->rows);
        add_gradient(trainer);
    }
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *map = &net->layer[l], *v = &trainer->velocity->layer[l], *g = &trainer->gradient->layer[l];
        descend(&trainer->sgd, n_weights(map), g->weight, v->weight, map->weight);
        descend(&trainer->sgd, map->width, g->bias, v->bias, map->bias);
    }
    return KLF_OK;
}

klf_status klf_ref_evaluate(klf_trainer *trainer, const klf_batch *batch, klf_score *score)
{
    const klf_network *net = trainer->net;
    *score = (klf_score){0};
    for (size_t i = 0; i < batch->rows; i++) {
        const size_t row = batch->index[i];
        forward(trainer, batch->x + row * net->input_width);
        add_score(net->layer[net->depth - 1].width, trainer->phi[net->depth - 1], batch->label[row], score);
    }
    return KLF_OK;
}

klf_status klf_ref_trainer_read(klf_trainer *trainer, klf_network *net, klf_network *velocity)
{
    copy(trainer->net, net);
    if (velocity)
        copy(trainer->velocity, velocity);
    return KLF_OK;
}

klf_status klf_ref_trainer_write(klf_trainer *trainer, const klf_network *net, const klf_network *velocity)
{
    copy(net, trainer->net);
    if (velocity)
        copy(velocity, trainer->velocity);
    else
        clear(trainer->velocity);
    return KLF_OK;
}
