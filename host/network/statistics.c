/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean and variance of every layer's pre-activations for given inputs, in double from the stored weights: the parameters of the
 * reference p and the targets q_m. */
#include "backend/blas.h"
#include "klflow/network.h"
#include "klflow/rng.h"

#include <math.h>
#include <stdlib.h>

/* Inputs that are pushed through the layers together; many inputs are spread over the threads batch by batch. */
enum { BATCH = 256 };

/* Count, mean and sum of squared deviations. */
typedef struct moments {
    double n, mean, m2;
} moments;

static moments moments_of(size_t n, const double *z)
{
    moments m = {.n = (double)n};
    for (size_t i = 0; i < n; i++)
        m.mean += z[i];
    m.mean /= m.n;
    for (size_t i = 0; i < n; i++)
        m.m2 += (z[i] - m.mean) * (z[i] - m.mean);
    return m;
}

/* Chan, Golub and LeVeque's pairwise update: no cancellation between batches. */
static void moments_merge(moments *into, const moments *m)
{
    double delta = m->mean - into->mean, n = into->n + m->n;
    into->mean += delta * m->n / n;
    into->m2 += m->m2 + delta * delta * into->n * m->n / n;
    into->n = n;
}

/* OpenBLAS for a product of matrices; NULL where it is not installed: plain loops do it too, more slowly. */
static const klf_blas *find_blas(void)
{
    const klf_blas *blas = NULL;
#pragma omp critical(klf_statistics_blas)
    if (klf_blas_open(&blas) != KLF_OK)
        blas = NULL;
    return blas;
}

/* z [n][width] = x W^T + b for x [n][fan_in] */
static void linear_map(const klf_layer *layer, const klf_blas *blas, size_t n, const double *x, double *z)
{
    if (blas) {
        blas->dgemm_nt(n, layer->width, layer->fan_in, x, layer->weight, z);
        for (size_t s = 0; s < n; s++)
            for (size_t i = 0; i < layer->width; i++)
                z[s * layer->width + i] += layer->bias[i];
        return;
    }
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

/* Room for the pre-activations and activations of one batch. */
typedef struct workspace {
    double *z, *phi;
} workspace;

static klf_status workspace_create(const klf_network *net, size_t n, workspace *w)
{
    size_t widest = widest_layer(net);
    w->z = malloc(n * widest * sizeof *w->z);
    w->phi = malloc(n * widest * sizeof *w->phi);
    if (w->z && w->phi)
        return KLF_OK;
    return klf_fail(KLF_ERR_MEMORY, "no memory for the activations of %zu inputs at width %zu", n, widest);
}

static void workspace_free(workspace *w)
{
    free(w->z);
    free(w->phi);
}

/* From the pre-activations of layer 0 in w->z to the moments of layers 1 .. depth-1 */
static void moments_above(const klf_network *net, const klf_blas *blas, size_t n, workspace *w, moments *m)
{
    for (size_t l = 1; l < net->depth; l++) {
        double *phi = w->z;
        activate(n * net->layer[l - 1].width, phi);
        linear_map(&net->layer[l], blas, n, phi, w->phi);
        w->z = w->phi;
        w->phi = phi;
        m[l] = moments_of(n * net->layer[l].width, w->z);
    }
}

static klf_status batch_moments(const klf_network *net, const klf_blas *blas, size_t n, const double *x, moments *m)
{
    workspace  w = {0};
    klf_status st = workspace_create(net, n, &w);
    if (st == KLF_OK) {
        linear_map(&net->layer[0], blas, n, x, w.z);
        m[0] = moments_of(n * net->layer[0].width, w.z);
        moments_above(net, blas, n, &w, m);
    }
    workspace_free(&w);
    return st;
}

klf_status klf_network_statistics(const klf_network *net, size_t n_inputs, const double *x, klf_layer_stats *stats)
{
    size_t          n_batches = (n_inputs + BATCH - 1) / BATCH, depth = net->depth;
    moments        *m = calloc(n_batches * depth, sizeof *m); /* [n_batches][depth] */
    const klf_blas *blas = n_inputs > 1 ? find_blas() : NULL;
    bool            failed = !m;

#pragma omp parallel for schedule(dynamic) if (n_batches > 1) reduction(|| : failed)
    for (size_t b = 0; b < n_batches; b++) {
        size_t first = b * BATCH, n = n_inputs - first < BATCH ? n_inputs - first : BATCH;
        failed = failed || batch_moments(net, blas, n, x + first * net->input_width, m + b * depth) != KLF_OK;
    }
    for (size_t l = 0; !failed && l < depth; l++) {
        moments total = m[l];
        for (size_t b = 1; b < n_batches; b++)
            moments_merge(&total, &m[b * depth + l]);
        stats[l] = (klf_layer_stats){.mean = total.mean, .var = total.m2 / total.n};
    }
    free(m);
    return failed ? klf_fail(KLF_ERR_MEMORY, "no memory for the layer statistics of %zu inputs", n_inputs) : KLF_OK;
}

klf_status klf_network_statistics_q0(const klf_network *net, double q0, uint64_t seed, klf_layer_stats *stats)
{
    size_t     width = net->layer[0].width;
    float     *normals = malloc(width * sizeof *normals);
    moments   *m = calloc(net->depth, sizeof *m);
    workspace  w = {0};
    klf_status st = workspace_create(net, 1, &w);
    if (st == KLF_OK && (!normals || !m))
        st = klf_fail(KLF_ERR_MEMORY, "no memory for %zu normals", width);
    if (st != KLF_OK)
        goto done;

    klf_normals(seed, klf_subsequence(KLF_STREAM_START, 0), 0, width, normals);
    for (size_t i = 0; i < width; i++)
        w.z[i] = sqrt(q0) * (double)normals[i];
    moments_above(net, NULL, 1, &w, m);
    stats[0] = (klf_layer_stats){.mean = 0.0, .var = q0};
    for (size_t l = 1; l < net->depth; l++)
        stats[l] = (klf_layer_stats){.mean = m[l].mean, .var = m[l].m2 / m[l].n};
done:
    free(normals);
    free(m);
    workspace_free(&w);
    return st;
}
