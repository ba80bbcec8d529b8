/* SPDX-License-Identifier: BSD-3-Clause */
/* Textbook evaluation of (3.23), (3.30)-(3.34), layer statistics and the Gaussian average of tanh^2. */
#include "reference/kl_textbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const long double TWO_PI = 6.283185307179586476925286766559L;

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

static size_t fan_in(const tb_network *net, size_t layer)
{
    return layer == 0 ? net->input_width : net->width[layer - 1];
}

/* z [n][width] of a layer from what goes into it, a [n][fan_in] */
static void linear_map(const tb_network *net, size_t layer, size_t n, const double *a, double *z)
{
    const size_t n_in = fan_in(net, layer), n_out = net->width[layer];
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < n_out; i++) {
            long double sum = net->bias[layer][i];
            for (size_t j = 0; j < n_in; j++)
                sum += (long double)net->weight[layer][i * n_in + j] * a[s * n_in + j];
            z[s * n_out + i] = (double)sum;
        }
}

/* To nearest, half way to even. */
static double rounded(const tb_network *net, double x)
{
    int exponent;
    if (net->phi_bits == 0 || x == 0.0 || !isfinite(x))
        return x;
    frexp(x, &exponent);
    if (exponent - 1 < net->phi_smallest_exponent)
        exponent = net->phi_smallest_exponent + 1;
    return ldexp(nearbyint(ldexp(x, net->phi_bits - exponent)), exponent - net->phi_bits);
}

/* tanh of every element, as a new array */
static double *activations(const tb_network *net, size_t n, const double *z)
{
    double *phi = allocate(n, sizeof *phi);
    for (size_t i = 0; i < n; i++)
        phi[i] = rounded(net, (double)tanhl(z[i]));
    return phi;
}

/* The next layer's z from this layer's, which is freed. */
static double *next_layer(const tb_network *net, size_t layer, size_t n, double *z)
{
    double *phi = activations(net, n * net->width[layer], z);
    double *next = allocate(n * net->width[layer + 1], sizeof *next);
    linear_map(net, layer + 1, n, phi, next);
    free(phi);
    free(z);
    return next;
}

static double *copy(size_t n, const double *from)
{
    double *to = allocate(n, sizeof *to);
    memcpy(to, from, n * sizeof *to);
    return to;
}

/* (3.32), (3.33) */
static void activation_moments(const tb_network *net, size_t width, size_t n, const double *z, tb_layer *out)
{
    double *phi = activations(net, n * width, z);
    out->f_j = allocate(width, sizeof(double));
    out->f_jk = allocate(width * width, sizeof(double));
    for (size_t j = 0; j < width; j++) {
        long double sum = 0.0L;
        for (size_t s = 0; s < n; s++)
            sum += phi[s * width + j];
        out->f_j[j] = (double)(sum / (long double)n);
        for (size_t k = 0; k <= j; k++) {
            sum = 0.0L;
            for (size_t s = 0; s < n; s++)
                sum += (long double)phi[s * width + j] * phi[s * width + k];
            out->f_jk[j * width + k] = out->f_jk[k * width + j] = (double)(sum / (long double)n);
        }
    }
    free(phi);
}

static void direct_q(size_t width, size_t n, const double *z, double mean, tb_layer *out)
{
    long double *q = allocate(n, sizeof *q), sum = 0.0L, squares = 0.0L;
    for (size_t s = 0; s < n; s++) {
        for (size_t i = 0; i < width; i++) {
            const long double d = (long double)z[s * width + i] - mean;
            q[s] += d * d;
        }
        sum += q[s];
    }
    const long double q_mean = sum / (long double)n;
    for (size_t s = 0; s < n; s++)
        squares += (q[s] - q_mean) * (q[s] - q_mean);
    out->q_direct = (double)q_mean;
    out->q_stderr = n > 1 ? (double)sqrtl(squares / (long double)(n - 1) / (long double)n) : NAN;
    free(q);
}

/* (3.34) as printed: sum_jk f_jk (W^T W)_jk + 2 sum_j f_j (W^T (b - mu))_j + |b - mu|^2 */
static double gram_q(const tb_network *net, size_t layer, const tb_layer *below, double mean)
{
    const size_t  n_in = fan_in(net, layer), n_out = net->width[layer];
    const double *w = net->weight[layer];
    long double  *wtw = allocate(n_in * n_in, sizeof *wtw), q = 0.0L;
    for (size_t i = 0; i < n_out; i++) {
        const long double d = (long double)net->bias[layer][i] - mean;
        q += d * d;
        for (size_t j = 0; j < n_in; j++) {
            q += 2.0L * below->f_j[j] * w[i * n_in + j] * d;
            for (size_t k = 0; k <= j; k++)
                wtw[j * n_in + k] += (long double)w[i * n_in + j] * w[i * n_in + k];
        }
    }
    for (size_t j = 0; j < n_in; j++)
        for (size_t k = 0; k <= j; k++) /* both matrices are symmetric */
            q += (k < j ? 2.0L : 1.0L) * below->f_jk[j * n_in + k] * wtw[j * n_in + k];
    free(wtw);
    return (double)q;
}

double tb_kl(size_t n_r, double var_r, size_t n_m, double var_m, double q)
{
    const long double entropy = 0.5L * (long double)n_r * (logl(TWO_PI * var_r) + 1.0L);
    return (double)(-entropy + 0.5L * (long double)n_m * logl(TWO_PI * var_m) + (long double)q / (2.0L * var_m));
}

void tb_flow(const tb_network *net, size_t r, const double *mean, const double *var, size_t n, const double *z_r, tb_layer *out)
{
    const size_t n_r = net->width[r];
    double      *z = copy(n * n_r, z_r);
    for (size_t m = r; m < net->depth; m++) {
        tb_layer *layer = &out[m - r];
        if (m == r) {
            layer->q_direct = layer->q_gram = (double)n_r * var[r];
            layer->q_stderr = n > 1 ? 0.0 : NAN;
        } else {
            z = next_layer(net, m - 1, n, z);
            direct_q(net->width[m], n, z, mean[m], layer);
            layer->q_gram = gram_q(net, m, layer - 1, mean[m]);
        }
        layer->kl = tb_kl(n_r, var[r], net->width[m], var[m], layer->q_direct);
        activation_moments(net, net->width[m], n, z, layer);
    }
    free(z);
}

void tb_flow_free(size_t n_layers, tb_layer *layer)
{
    for (size_t l = 0; l < n_layers; l++) {
        free(layer[l].f_j);
        free(layer[l].f_jk);
    }
}

void tb_first_layer(const tb_network *net, size_t n, const double *x, double *z)
{
    linear_map(net, 0, n, x, z);
}

void tb_statistics(const tb_network *net, size_t n, const double *z_0, double *mean, double *var)
{
    double *z = copy(n * net->width[0], z_0);
    for (size_t l = 0; l < net->depth; l++) {
        if (l > 0)
            z = next_layer(net, l - 1, n, z);
        const size_t count = n * net->width[l];
        long double  sum = 0.0L, squares = 0.0L;
        for (size_t i = 0; i < count; i++)
            sum += z[i];
        const long double centre = sum / (long double)count;
        for (size_t i = 0; i < count; i++)
            squares += (z[i] - centre) * (z[i] - centre);
        mean[l] = (double)centre;
        var[l] = (double)(squares / (long double)count);
    }
    free(z);
}

double tb_mean_tanh2(double mean, double var)
{
    enum { POINTS = 20001 };
    const long double edge = 12.0L, h = 2.0L * edge / (POINTS - 1), sd = sqrtl(var);
    long double       sum = 0.0L;
    for (int i = 0; i < POINTS; i++) {
        const long double x = -edge + h * i, t = tanhl(mean + sd * x);
        const long double weight = i == 0 || i == POINTS - 1 ? 1.0L : i % 2 ? 4.0L : 2.0L;
        sum += weight * t * t * expl(-0.5L * x * x);
    }
    return (double)(sum * h / 3.0L / sqrtl(TWO_PI));
}
