/* SPDX-License-Identifier: BSD-3-Clause */
/* Means and scatter over images and over networks. */
#include "run/kl_average.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double mean_of(const klf_kl_point *part, size_t n, size_t field, size_t layer)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += part[k].value[field][layer];
    return sum / (double)n;
}

static double std_of(const klf_kl_point *part, size_t n, size_t field, size_t layer, double mean)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        double d = part[k].value[field][layer] - mean;
        sum += d * d;
    }
    return sqrt(sum / (double)(n - 1));
}

static double independent_error(const klf_kl_point *part, size_t n, size_t field, size_t layer)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++)
        sum += part[k].value[field][layer] * part[k].value[field][layer];
    return sqrt(sum) / (double)n;
}

static bool is_stderr(size_t field)
{
    return field == KLF_KL_KL_STDERR || field == KLF_KL_Q_STDERR || field == KLF_KL_Q_ROUNDING_STDERR;
}

static void copy_facts(const klf_kl_point *from, klf_kl_point *to)
{
    to->depth = from->depth;
    to->reference_layer = from->reference_layer;
    to->var_w = from->var_w;
    to->var_b = from->var_b;
    to->seed = from->seed;
    to->sample_seed = from->sample_seed;
    to->q0 = from->q0;
    to->n_mc = from->n_mc;
    to->chunk = from->chunk;
    to->lanes = from->lanes;
    memcpy(to->width, from->width, from->n_layers * sizeof *to->width);
    memcpy(to->width_changed, from->width_changed, from->n_layers * sizeof *to->width_changed);
}

/* Either all parts have a reference or none has. */
static klf_status average_references(const klf_kl_point *part, size_t n, klf_average_over over, klf_kl_point *out)
{
    klf_status    st = KLF_OK;
    klf_kl_point *reference = malloc(n * sizeof *reference); /* they stay their parts' */
    if (!reference || !(out->reference = calloc(1, sizeof *out->reference))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the mean of %zu references", n);
        goto done;
    }
    for (size_t k = 0; k < n; k++)
        reference[k] = *part[k].reference;
    KLF_TRY(klf_kl_average(reference, n, over, out->reference));
done:
    free(reference);
    return st;
}

klf_status klf_kl_average(klf_kl_point *part, size_t n, klf_average_over over, klf_kl_point *out)
{
    if (n == 1) {
        *out = part[0];
        part[0] = (klf_kl_point){0};
        return KLF_OK;
    }
    bool       networks = over == KLF_OVER_NETWORKS;
    bool       independent = networks && part[0].sample_seed != part[1].sample_seed;
    size_t     n_images = networks ? part[0].n_images : n;
    klf_status st = klf_kl_point_create(part[0].n_layers, networks ? n : 1, n_images, out);
    if (st != KLF_OK)
        return st;
    copy_facts(&part[0], out);
    out->entropy_reference = 0.0;
    for (size_t k = 0; k < n; k++)
        out->entropy_reference += part[k].entropy_reference / (double)n;

    for (size_t i = 0; i < out->n_layers; i++) {
        for (size_t k = 0; k < n; k++) /* a layer without variance anywhere makes the mean undefined */
            if (part[k].layer_status[i] != KLF_LAYER_OK)
                out->layer_status[i] = part[k].layer_status[i];
        for (size_t f = 0; f < KLF_KL_N_FIELDS; f++) {
            out->value[f][i] = is_stderr(f) && independent ? independent_error(part, n, f, i) : mean_of(part, n, f, i);
            double *spread = networks ? out->ensemble_std[f] : out->input_std[f];
            if (spread)
                spread[i] = std_of(part, n, f, i, out->value[f][i]);
            if (networks && out->input_std[f]) { /* typical scatter over images within one network */
                out->input_std[f][i] = 0.0;
                for (size_t k = 0; k < n; k++)
                    out->input_std[f][i] += part[k].input_std[f][i] / (double)n;
            }
        }
    }
    st = part[0].reference ? average_references(part, n, over, out) : KLF_OK;
    if (st != KLF_OK)
        klf_kl_point_free(out);
    return st;
}
