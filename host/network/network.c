/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks in host memory: layer widths of the named architectures, random draws, rounding, clean-up. */
#include "klflow/network.h"

#include "core/memory.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <math.h>
#include <stdlib.h>

enum { WIDE_LAST_BUT_ONE = 400, N_CLASSES = 10 };

void klf_widths_wide(size_t depth, size_t *widths)
{
    for (size_t l = 0; l < depth; l++)
        widths[l] = KLF_INPUT_WIDTH;
    widths[depth - 2] = WIDE_LAST_BUT_ONE;
    widths[depth - 1] = N_CLASSES;
}

void klf_widths_taper(size_t depth, size_t *widths)
{
    for (size_t l = 0; l < depth; l++) { /* rounded to nearest in integers */
        size_t drop = (KLF_INPUT_WIDTH - N_CLASSES) * l;
        widths[l] = KLF_INPUT_WIDTH - (drop + (depth - 1) / 2) / (depth - 1);
    }
}

klf_status klf_network_create(size_t input_width, size_t depth, const size_t *widths, klf_network **out)
{
    klf_network *net = calloc(1, sizeof *net);
    *out = NULL;
    if (!net || !(net->layer = calloc(depth, sizeof *net->layer)))
        goto no_memory;
    net->depth = depth;
    net->input_width = input_width;
    net->var_w = net->var_b = NAN;

    size_t doubles = 0;
    for (size_t l = 0; l < depth; l++) {
        net->layer[l].width = widths[l];
        net->layer[l].fan_in = l == 0 ? input_width : widths[l - 1];
        doubles += widths[l] * (net->layer[l].fan_in + 1);
    }
    double *next = net->memory = klf_memory_get(doubles * sizeof(double));
    if (!next)
        goto no_memory;
    for (size_t l = 0; l < depth; l++) {
        klf_layer *layer = &net->layer[l];
        layer->weight = next;
        layer->bias = next + layer->width * layer->fan_in;
        next = layer->bias + layer->width;
    }
    *out = net;
    return KLF_OK;
no_memory:
    klf_network_destroy(net);
    return klf_fail(KLF_ERR_MEMORY, "no memory for a network of %zu layers; try a smaller depth or narrower layers", depth);
}

void klf_network_destroy(klf_network *net)
{
    if (!net)
        return;
    free(net->memory);
    free(net->layer);
    free(net);
}

/* row [n] = scale * normals of one subsequence, a block at a time so that no heap is needed */
static void draw_row(uint64_t seed, uint64_t subsequence, double scale, size_t n, double *row)
{
    enum { BLOCK = 1024 };
    float normals[BLOCK];
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t count = n - first < BLOCK ? n - first : BLOCK;
        klf_normals(seed, subsequence, first, count, normals);
        for (size_t i = 0; i < count; i++)
            row[first + i] = scale * (double)normals[i];
    }
}

static void draw_layer(klf_layer *layer, size_t l, double var_w, double var_b, uint64_t seed)
{
    double sd_w = sqrt(var_w / (double)layer->fan_in);
    for (size_t i = 0; i < layer->width; i++)
        draw_row(seed, klf_subsequence(KLF_STREAM_WEIGHTS, (uint64_t)l << 32 | i), sd_w, layer->fan_in,
                 layer->weight + i * layer->fan_in);
    draw_row(seed, klf_subsequence(KLF_STREAM_BIASES, l), sqrt(var_b), layer->width, layer->bias);
}

klf_status klf_network_draw(size_t input_width, size_t depth, const size_t *widths, double var_w, double var_b, uint64_t seed,
                            klf_network **out)
{
    klf_status st = klf_network_create(input_width, depth, widths, out);
    if (st != KLF_OK)
        return st;
    klf_network *net = *out;
    net->random = true;
    net->var_w = var_w;
    net->var_b = var_b;
    net->seed = seed;
#pragma omp parallel for schedule(dynamic)
    for (size_t l = 0; l < depth; l++)
        draw_layer(&net->layer[l], l, var_w, var_b, seed);
    return KLF_OK;
}

/* By way of float, as a backend that is handed the weights in double would. */
static double rounded(klf_format format, double weight)
{
    return (double)klf_round_float(format, (float)weight);
}

klf_status klf_network_round(klf_network *net, klf_format format)
{
    if (format == KLF_FORMAT_FP64)
        return KLF_OK;
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *layer = &net->layer[l];
        for (size_t i = 0; i < layer->width * layer->fan_in; i++)
            if (!isfinite(rounded(format, layer->weight[i])))
                return klf_fail(KLF_ERR_USAGE, "a weight of layer %zu is %g, which is beyond the weight format %s; take %s", l,
                                layer->weight[i], klf_format_name(format),
                                format == KLF_FORMAT_FP16 ? "bf16, tf32 or fp32" : "fp64");
    }
#pragma omp parallel for schedule(dynamic)
    for (size_t l = 0; l < net->depth; l++)
        for (size_t i = 0; i < net->layer[l].width * net->layer[l].fan_in; i++)
            net->layer[l].weight[i] = rounded(format, net->layer[l].weight[i]);
    net->weight_format = format;
    return KLF_OK;
}
