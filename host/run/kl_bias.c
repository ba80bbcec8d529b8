/* SPDX-License-Identifier: BSD-3-Clause */
/* Bias bounds and the choice of `auto` (kl_bias.h). */
#include "run/kl_bias.h"

#include "klflow/meanfield.h"
#include "klflow/rounding.h"
#include "klflow/rounding_bias.h"

#include <math.h>
#include <stdlib.h>

const double klf_small_bias = 1.0 / 3.0;

/* A layer's map as it is, whatever its weights were drawn from, and whether a format holds the weights. */
static klf_map_moments measure(const klf_layer *layer, klf_format format, bool *fits)
{
    double weights = 0.0, biases = 0.0;
    bool   all = true;
    for (size_t i = 0; i < layer->width * layer->fan_in; i++) {
        const double w = layer->weight[i];
        weights += w * w;
        all = all && (double)klf_round_float(format, (float)w) == w;
    }
    for (size_t i = 0; i < layer->width; i++)
        biases += layer->bias[i] * layer->bias[i];
    *fits = *fits && all;
    return (klf_map_moments){layer->width, weights / (double)layer->width, biases / (double)layer->width};
}

static klf_map_moments *measure_maps(const klf_network *net, size_t first, klf_format format, bool *fits)
{
    klf_map_moments *map = malloc((net->depth - first) * sizeof *map);
    bool             all = true;
#pragma omp parallel for schedule(dynamic) reduction(&& : all)
    for (size_t l = first; l < net->depth; l++) {
        bool layer_fits = true;
        if (map)
            map[l - first] = measure(&net->layer[l], format, &layer_fits);
        all = all && (layer_fits || l == first); /* the map into the reference layer is not used */
    }
    *fits = all;
    return map;
}

klf_status klf_kl_fill_bias(const klf_network *net, klf_precision precision, const klf_layer_stats *reference,
                            klf_kl_point *point)
{
    const size_t          n = point->n_layers;
    bool                  fits;
    klf_map_moments      *map = measure_maps(net, point->reference_layer, klf_precision_format(precision), &fits);
    klf_layer_prediction *p = malloc(n * sizeof *p);
    if (!map || !p) {
        free(map);
        free(p);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the bias bounds of %zu layers", n);
    }
    klf_predict_layers(klf_rounding_of(precision, fits), reference->mean, reference->var, n, map, p);
    for (size_t i = 0; i < n; i++) {
        const double bound = (double)point->width[i] * p[i].bias_bound, var = point->value[KLF_KL_VAR][i];
        point->value[KLF_KL_Q_BIAS_BOUND][i] = bound;
        point->value[KLF_KL_Q_ROUNDING_STDERR][i] = (double)point->width[i] * p[i].rounding_std / sqrt((double)point->n_mc);
        if (!isnan(point->value[KLF_KL_KL][i]))
            point->value[KLF_KL_KL_BIAS_BOUND][i] = 0.5 * bound / var;
    }
    free(map);
    free(p);
    return KLF_OK;
}

/* ---- auto ---- */

enum { MOST_OF_A_LIST = 8 };

static double mean_square(const klf_images *images)
{
    const size_t n = images->count * images->rows * images->cols;
    double       sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += images->pixel[i] * images->pixel[i];
    return sum / (double)n;
}

/* Mean square of the pixels; NaN where layer 0 is given by its variance. */
static double input_mean_square(const klf_kl_setup *setup)
{
    if (setup->dataset.pixel)
        return mean_square(&setup->dataset);
    if (setup->images)
        return mean_square(&setup->images[0]);
    return setup->config->gaussian_input;
}

/* True if the bias is small at every layer of the network with these maps. */
static bool is_small(const klf_kl_config *config, klf_rounding rounding, double var, size_t n, const klf_map_moments *map,
                     klf_layer_prediction *p)
{
    const double samples = (double)config->n_mc * (double)config->ensemble;
    klf_predict_layers(rounding, 0.0, var, n, map, p);
    for (size_t l = 1; l < n; l++)
        if (!(p[l].bias_bound <= klf_small_bias * p[l].sample_std / sqrt(samples)))
            return false;
    return true;
}

/* One pair of variances, at the deepest network of the sweep.  widths, map, p [depth] */
static bool is_small_at(const klf_kl_setup *setup, klf_precision precision, klf_kl_coordinates at, const size_t *widths,
                        klf_map_moments *map, klf_layer_prediction *p)
{
    const klf_kl_config *config = setup->config;
    const size_t         first = config->reference_layer;
    const klf_format     format = klf_precision_format(precision);
    const bool           fits = !config->weight_format_given || config->weight_format == format;
    const double         x2 = input_mean_square(setup);
    double               q = !isnan(x2)           ? at.var_w * x2 + at.var_b
                             : !isnan(config->q0) ? config->q0
                                                  : at.var_w * KLF_Q0_MEAN_SQUARE + at.var_b;
    for (size_t l = 0; l < at.depth; l++)
        map[l] = (klf_map_moments){widths[l], at.var_w, at.var_b};
    for (size_t l = 0; l < first; l++)
        q = klf_meanfield_next_variance(at.var_w, at.var_b, q);
    return is_small(config, klf_rounding_of(precision, fits), q, at.depth - first, map + first, p);
}

static klf_status is_small_everywhere(const klf_kl_setup *setup, klf_precision precision, bool *small)
{
    klf_kl_coordinates    at = klf_kl_setup_point(setup, 0);
    const size_t          n_w = setup->var_w.n < MOST_OF_A_LIST ? setup->var_w.n : MOST_OF_A_LIST;
    const size_t          n_b = setup->var_b.n < MOST_OF_A_LIST ? setup->var_b.n : MOST_OF_A_LIST;
    size_t               *widths;
    klf_map_moments      *map;
    klf_layer_prediction *p;
    for (size_t i = 0; i < setup->depth.n; i++)
        at.depth = setup->depth.v[i] > at.depth ? (size_t)setup->depth.v[i] : at.depth;
    widths = malloc(at.depth * sizeof *widths);
    map = malloc(at.depth * sizeof *map);
    p = malloc(at.depth * sizeof *p);
    *small = widths && map && p;
    if (*small)
        klf_kl_setup_widths(setup, &at, widths);
    for (size_t i = 0; i < n_w * n_b && *small; i++) {
        at.var_w = setup->var_w.v[n_w > 1 ? (i % n_w) * (setup->var_w.n - 1) / (n_w - 1) : 0];
        at.var_b = setup->var_b.v[n_b > 1 ? (i / n_w) * (setup->var_b.n - 1) / (n_b - 1) : 0];
        *small = is_small_at(setup, precision, at, widths, map, p);
    }
    const bool no_memory = !widths || !map || !p;
    free(widths);
    free(map);
    free(p);
    return no_memory ? klf_fail(KLF_ERR_MEMORY, "no memory to choose a precision for %zu layers", at.depth) : KLF_OK;
}

/* A loaded network has no var_w to go by but its own. */
static klf_status is_small_for_network(const klf_kl_setup *setup, klf_precision precision, bool *small)
{
    const klf_network    *net = setup->network;
    const size_t          first = setup->config->reference_layer, n = net->depth - first;
    bool                  fits, first_fits = true;
    klf_map_moments      *map = measure_maps(net, first, klf_precision_format(precision), &fits);
    klf_layer_prediction *p = malloc(n * sizeof *p);
    if (!map || !p) {
        free(map);
        free(p);
        return klf_fail(KLF_ERR_MEMORY, "no memory to choose a precision for %zu layers", n);
    }
    const double x2 = input_mean_square(setup);
    double       q = setup->config->q0;
    for (size_t l = 0; l <= first; l++) {
        const klf_map_moments into = measure(&net->layer[l], KLF_FORMAT_FP64, &first_fits);
        if (l > 0)
            q = klf_meanfield_next_variance(into.var_w, into.var_b, q);
        else if (isnan(q))
            q = into.var_w * (isnan(x2) ? KLF_Q0_MEAN_SQUARE : x2) + into.var_b;
    }
    *small = is_small(setup->config, klf_rounding_of(precision, fits), q, n, map, p);
    free(map);
    free(p);
    return KLF_OK;
}

/* On a device from fast to slow; what a CPU would only emulate is never fast. */
klf_status klf_kl_choose_precision(const klf_kl_setup *setup, klf_precision *out)
{
    static const klf_precision order[] = {KLF_FP16, KLF_BF16, KLF_TF32, KLF_TF32X3, KLF_FP32, KLF_FP64};
    const bool                 device = setup->backend->gemm_rate != NULL;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        bool       small = false;
        const bool candidate = setup->backend->supports(order[i]) && (device || order[i] <= KLF_FP32);
        *out = KLF_FP64;
        klf_status st = !candidate       ? KLF_OK
                        : setup->network ? is_small_for_network(setup, order[i], &small)
                                         : is_small_everywhere(setup, order[i], &small);
        if (st != KLF_OK)
            return st;
        if (small) {
            *out = order[i];
            return KLF_OK;
        }
    }
    return KLF_OK;
}
