/* SPDX-License-Identifier: BSD-3-Clause */
#include "reference/train_textbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *get(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        abort();
    return memory;
}

static size_t widest(const tb_network *net)
{
    size_t w = net->input_width;
    for (size_t l = 0; l < net->depth; l++)
        w = net->width[l] > w ? net->width[l] : w;
    return w;
}

/* One layer: value[2] holds phi and its derivative, in and out. */
static void layer_forward(const tb_network *net, size_t l, const double *moved, double *value[2], double *next[2])
{
    const size_t fan_in = l == 0 ? net->input_width : net->width[l - 1];
    for (size_t j = 0; j < net->width[l]; j++) {
        long double z = net->bias[l][j], dz = &net->bias[l][j] == moved;
        for (size_t k = 0; k < fan_in; k++) {
            const double *w = &net->weight[l][j * fan_in + k];
            z += (long double)*w * value[0][k];
            dz += (long double)*w * value[1][k] + (w == moved ? value[0][k] : 0.0);
        }
        const double phi = tanh((double)z);
        next[0][j] = phi;
        next[1][j] = (double)dz * (1.0 - phi * phi);
    }
}

double tb_loss(const tb_network *net, size_t rows, const double *x, const unsigned char *label, const double *moved,
               double *derivative)
{
    const size_t n = net->width[net->depth - 1], most = widest(net);
    long double  loss = 0.0, slope = 0.0;
    double      *memory = get(4 * most, sizeof *memory);
    for (size_t row = 0; row < rows; row++) {
        double *value[2] = {memory, memory + most}, *next[2] = {memory + 2 * most, memory + 3 * most};
        memcpy(value[0], x + row * net->input_width, net->input_width * sizeof(double));
        memset(value[1], 0, net->input_width * sizeof(double));
        for (size_t l = 0; l < net->depth; l++) {
            layer_forward(net, l, moved, value, next);
            for (int i = 0; i < 2; i++) {
                double *swap = value[i];
                value[i] = next[i];
                next[i] = swap;
            }
        }
        long double sum = 0.0, dsum = 0.0;
        for (size_t j = 0; j < n; j++) {
            sum += exp(value[0][j]);
            dsum += exp(value[0][j]) * value[1][j];
        }
        loss += logl(sum) - value[0][label[row]];
        slope += dsum / sum - value[1][label[row]];
    }
    free(memory);
    if (derivative)
        *derivative = (double)slope;
    return (double)loss;
}

/* The numbers of a network one after another: weights and biases of layer 0, of layer 1, ... */
static double *number(const tb_network *net, size_t i)
{
    for (size_t l = 0;; l++) {
        const size_t weights = net->width[l] * (l == 0 ? net->input_width : net->width[l - 1]);
        if (i < weights)
            return &net->weight[l][i];
        if (i < weights + net->width[l])
            return &net->bias[l][i - weights];
        i -= weights + net->width[l];
    }
}

void tb_train_step(tb_network *net, tb_network *velocity, size_t rows, const double *x, const unsigned char *label, double rate,
                   double momentum, double decay)
{
    size_t n = 0;
    for (size_t l = 0; l < net->depth; l++)
        n += net->width[l] * ((l == 0 ? net->input_width : net->width[l - 1]) + 1);
    double *g = get(n, sizeof *g);
    for (size_t i = 0; i < n; i++) {
        tb_loss(net, rows, x, label, number(net, i), &g[i]);
        g[i] = g[i] / (double)rows + decay * *number(net, i);
    }
    for (size_t i = 0; i < n; i++) {
        double *v = number(velocity, i);
        *v = momentum * *v + g[i];
        *number(net, i) -= rate * *v;
    }
    free(g);
}
