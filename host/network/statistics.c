/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean and variance of every layer's pre-activations for given inputs, in double from the stored weights: the parameters of the
 * reference p and the targets q_m. */
#include "klflow/network.h"
#include "klflow/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inputs that are pushed through the layers together. */
enum { BATCH = 64 };

/* Running mean and sum of squared deviations (Chan, Golub & LeVeque's pairwise update: no cancellation between batches). */
typedef struct moments {
    double n, mean, m2;
} moments;

static void moments_add(moments *m, size_t n, const double *z)
{
    double mean = 0.0, m2 = 0.0, count = (double)n;
    for (size_t i = 0; i < n; i++)
        mean += z[i];
    mean /= count;
    for (size_t i = 0; i < n; i++)
        m2 += (z[i] - mean) * (z[i] - mean);

    double delta = mean - m->mean, total = m->n + count;
    m->mean += delta * count / total;
    m->m2 += m2 + delta * delta * m->n * count / total;
    m->n = total;
}

static klf_layer_stats moments_stats(const moments *m)
{
    return (klf_layer_stats){.mean = m->mean, .var = m->m2 / m->n};
}

/* z [n][width] = x W^T + b for x [n][fan_in] */
static void linear_map(const klf_layer *layer, size_t n, const double *x, double *z)
{
#pragma omp      parallel for schedule(static)
    for (size_t i = 0; i < layer->width; i++) {
             const double *w = layer->weight + i * layer->fan_in;
             for (size_t s = 0; s < n; s++) {
                 const double *x_s = x + s * layer->fan_in;
                 double        sum = 0.0;
     #pragma omp simd reduction(+ : sum)
            for (size_t j = 0; j < layer->fan_in; j++)
                sum += w[j] * x_s[j];
            z[s * layer->width + i] = sum + layer->bias[i];
             }
         }
}

static void activate(size_t n, double *z)
{
    for (size_t i = 0; i < n; i++)
        z[i] = tanh(z[i]);
}

static size_t widest_layer(const klf_network *net)
{
    size_t widest = net->input_width;
    for (size_t l = 0; l < net->depth; l++)
        widest = net->layer[l].width > widest ? net->layer[l].width : widest;
    return widest;
}

/* Pushes z, pre-activations of layer `first` for n inputs, up the network and adds each layer behind it to m. phi is scratch;
 * both hold n * widest. */
static void accumulate_above(const klf_network *net, size_t first, size_t n, double *z, double *phi, moments *m)
{
    for (size_t l = first + 1; l < net->depth; l++) {
        double *swap = phi;
        phi = z;
        z = swap;
        activate(n * net->layer[l - 1].width, phi);
        linear_map(&net->layer[l], n, phi, z);
        moments_add(&m[l], n * net->layer[l].width, z);
    }
}

static klf_status allocate(const klf_network *net, size_t n, double **z, double **phi, moments **m)
{
    size_t widest = widest_layer(net);
    *z = malloc(n * widest * sizeof **z);
    *phi = malloc(n * widest * sizeof **phi);
    *m = calloc(net->depth, sizeof **m);
    if (*z && *phi && *m)
        return KLF_OK;
    return klf_fail(KLF_ERR_MEMORY, "no memory for the activations of %zu inputs at width %zu", n, widest);
}

klf_status klf_network_statistics(const klf_network *net, size_t n_inputs, const double *x, klf_layer_stats *stats)
{
    double    *z = NULL, *phi = NULL;
    moments   *m = NULL;
    klf_status st = KLF_OK;
    KLF_TRY(allocate(net, n_inputs < BATCH ? n_inputs : BATCH, &z, &phi, &m));

    for (size_t first = 0; first < n_inputs; first += BATCH) {
        size_t n = n_inputs - first < BATCH ? n_inputs - first : BATCH;
        linear_map(&net->layer[0], n, x + first * net->input_width, z);
        moments_add(&m[0], n * net->layer[0].width, z);
        accumulate_above(net, 0, n, z, phi, m);
    }
    for (size_t l = 0; l < net->depth; l++)
        stats[l] = moments_stats(&m[l]);
done:
    free(z);
    free(phi);
    free(m);
    return st;
}

klf_status klf_network_statistics_q0(const klf_network *net, double q0, uint64_t seed, klf_layer_stats *stats)
{
    double    *z = NULL, *phi = NULL;
    float     *normals = NULL;
    moments   *m = NULL;
    size_t     width = net->layer[0].width;
    klf_status st = KLF_OK;
    KLF_TRY(allocate(net, 1, &z, &phi, &m));
    if (!(normals = malloc(width * sizeof *normals))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for %zu normals", width);
        goto done;
    }

    klf_normals(seed, klf_subsequence(KLF_STREAM_START, 0), 0, width, normals);
    for (size_t i = 0; i < width; i++)
        z[i] = sqrt(q0) * (double)normals[i];
    accumulate_above(net, 0, 1, z, phi, m);
    stats[0] = (klf_layer_stats){.mean = 0.0, .var = q0};
    for (size_t l = 1; l < net->depth; l++)
        stats[l] = moments_stats(&m[l]);
done:
    free(z);
    free(phi);
    free(normals);
    free(m);
    return st;
}
