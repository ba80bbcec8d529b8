/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean and variance of every layer's pre-activations for given inputs, in double from the stored weights: the parameters of the
 * reference p and the targets q_m. */
#include "backend/cpu_dgemm.h"
#include "klflow/network.h"
#include "klflow/rng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Inputs that are pushed through the layers together: enough rows to make a matrix product worth its packing. */
enum { BATCH = 1024, MIN_PRODUCT_ROWS = 64 };

/* Count, mean and sum of squared deviations. */
typedef struct moments {
    double n, mean, m2;
} moments;

/* Exactly without deviations where all values are equal: the mean of equal numbers rounds, and a variance of 1e-34 would pass
 * for one that is not zero. */
static moments moments_of(size_t n, const double *z)
{
    moments m = {.n = (double)n};
    bool    equal = true;
    for (size_t i = 0; i < n; i++) {
        m.mean += z[i];
        equal = equal && z[i] == z[0];
    }
    m.mean = equal ? z[0] : m.mean / m.n;
    for (size_t i = 0; i < n; i++)
        m.m2 += (z[i] - m.mean) * (z[i] - m.mean);
    return m;
}

/* Chan, Golub and LeVeque's pairwise update: no cancellation between inputs. */
static void moments_merge(moments *into, const moments *m)
{
    double delta = m->mean - into->mean, n = into->n + m->n;
    into->mean += delta * m->n / n;
    into->m2 += m->m2 + delta * delta * into->n * m->n / n;
    into->n = n;
}

/* Activations of a batch, pre-activations of the layer behind them, and the moments of each of its inputs. */
typedef struct batch {
    double  *phi, *z;
    moments *row;
} batch;

static klf_status batch_create(const klf_network *net, size_t n, batch *b)
{
    size_t widest = net->input_width;
    for (size_t l = 0; l < net->depth; l++)
        widest = net->layer[l].width > widest ? net->layer[l].width : widest;
    *b = (batch){.phi = malloc(n * widest * sizeof(double)),
                 .z = malloc(n * widest * sizeof(double)),
                 .row = malloc(n * sizeof(moments))};
    if (b->phi && b->z && b->row)
        return KLF_OK;
    return klf_fail(KLF_ERR_MEMORY, "no memory for the activations of %zu inputs at width %zu", n, widest);
}

static void batch_free(batch *b)
{
    free(b->phi);
    free(b->z);
    free(b->row);
}

static double dot(size_t n, const double *a, const double *b)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* z [n][width] = x W^T for x [n][fan_in], in plain loops: for few inputs, where reading W is all the work. */
static void multiply(const klf_layer *layer, size_t n, const double *x, double *z)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < layer->width; i++)
        for (size_t s = 0; s < n; s++)
            z[s * layer->width + i] = dot(layer->fan_in, layer->weight + i * layer->fan_in, x + s * layer->fan_in);
}

/* z = x W^T + b, and adds the moments of z to m. Every sum has an order of its own, whatever the number of threads. */
static void map_layer(const klf_layer *layer, size_t n, const double *x, batch *b, moments *m)
{
    /* Where no fast product can be had (neither AVX-512 nor OpenBLAS) the loops do it too, more slowly. */
    if (n < MIN_PRODUCT_ROWS || klf_cpu_dgemm_nt(n, layer->width, layer->fan_in, x, layer->weight, b->z) != KLF_OK)
        multiply(layer, n, x, b->z);
#pragma omp parallel for schedule(static)
    for (size_t s = 0; s < n; s++) {
        double *z = b->z + s * layer->width;
        for (size_t i = 0; i < layer->width; i++)
            z[i] += layer->bias[i];
        b->row[s] = moments_of(layer->width, z);
    }
    for (size_t s = 0; s < n; s++)
        moments_merge(m, &b->row[s]);
}

/* From the pre-activations b->z of layer 0 through layers 1 .. depth-1. */
static void map_layers_above(const klf_network *net, size_t n, batch *b, moments *m)
{
    for (size_t l = 1; l < net->depth; l++) {
        double *phi = b->z;
        b->z = b->phi;
        b->phi = phi;
#pragma omp parallel for schedule(static)
        for (size_t i = 0; i < n * net->layer[l - 1].width; i++)
            phi[i] = tanh(phi[i]);
        map_layer(&net->layer[l], n, phi, b, &m[l]);
    }
}

static klf_layer_stats stats_of(const moments *m)
{
    return (klf_layer_stats){.mean = m->mean, .var = m->m2 / m->n};
}

klf_status klf_network_statistics(const klf_network *net, size_t n_inputs, const double *x, klf_layer_stats *stats)
{
    moments   *m = calloc(net->depth, sizeof *m);
    batch      b = {0};
    klf_status st = batch_create(net, n_inputs < BATCH ? n_inputs : BATCH, &b);
    if (st == KLF_OK && !m)
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the moments of %zu layers", net->depth);
    if (st != KLF_OK)
        goto done;

    for (size_t first = 0; first < n_inputs; first += BATCH) {
        size_t n = n_inputs - first < BATCH ? n_inputs - first : BATCH;
        map_layer(&net->layer[0], n, x + first * net->input_width, &b, &m[0]);
        map_layers_above(net, n, &b, m);
    }
    for (size_t l = 0; l < net->depth; l++)
        stats[l] = stats_of(&m[l]);
done:
    batch_free(&b);
    free(m);
    return st;
}

klf_status klf_network_statistics_q0(const klf_network *net, double q0, uint64_t seed, klf_layer_stats *stats)
{
    size_t     width = net->layer[0].width;
    float     *normals = malloc(width * sizeof *normals);
    moments   *m = calloc(net->depth, sizeof *m);
    batch      b = {0};
    klf_status st = batch_create(net, 1, &b);
    if (st == KLF_OK && (!normals || !m))
        st = klf_fail(KLF_ERR_MEMORY, "no memory for %zu normals", width);
    if (st != KLF_OK)
        goto done;

    klf_normals(seed, klf_subsequence(KLF_STREAM_START, 0), 0, width, normals);
    for (size_t i = 0; i < width; i++)
        b.z[i] = sqrt(q0) * (double)normals[i];
    map_layers_above(net, 1, &b, m);
    stats[0] = (klf_layer_stats){.mean = 0.0, .var = q0};
    for (size_t l = 1; l < net->depth; l++)
        stats[l] = stats_of(&m[l]);
done:
    batch_free(&b);
    free(normals);
    free(m);
    return st;
}
