/* SPDX-License-Identifier: BSD-3-Clause */
/* The made-up sweep of kl_sample.h. */
#include "store/kl_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double      var_w[SAMPLE_MAX_VAR_W] = {1.5, 2.0, 2.5}, var_b[] = {0.05};
static const uint64_t    depth[SAMPLE_DEPTH] = {4, 6}, seed[SAMPLE_SEED] = {1, UINT64_MAX};
static const char *const input[SAMPLE_INPUT] = {"q0=0.2", "mnist:Bilder-für-alle.gz:7-8"};

static const klf_fact fact[] = {
    {"command", KLF_FACT_TEXT, {.text = "klflow kl --var-w 1.5 2 2.5"}},
    {"hostname", KLF_FACT_TEXT, {.text = ""}},
    {"threads", KLF_FACT_INT, {.i = 2}},
    {"wall_s", KLF_FACT_REAL, {.real = 12.5}},
};

const klf_provenance sample_provenance = {
    .config_text = "kl:\n  var_w: [1.5, 2, 2.5]\n", .n_facts = sizeof fact / sizeof *fact, .fact = fact};

/* Sums of few binary fractions: exact. */
double sample_value(int field, size_t point, size_t layer)
{
    return 1000.0 * field + 10.0 * (double)point + 0.125 * (double)layer;
}

double sample_f_j(size_t point, size_t layer, size_t j)
{
    return (double)point + 0.125 * (double)layer + (double)j / 1024.0;
}

double sample_f_jk(size_t point, size_t layer, size_t j, size_t k)
{
    return (double)point + 0.125 * (double)layer + (double)(j + k) / 1024.0;
}

static double *f_j_of(size_t point, size_t layer, size_t width)
{
    double *f_j = malloc(width * sizeof *f_j);
    for (size_t j = 0; j < width; j++)
        f_j[j] = sample_f_j(point, layer, j);
    return f_j;
}

static double *f_jk_of(size_t point, size_t layer, size_t width)
{
    double *f_jk = malloc(width * width * sizeof *f_jk);
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k < width; k++)
            f_jk[j * width + k] = sample_f_jk(point, layer, j, k);
    return f_jk;
}

static void fill_point(size_t index, size_t n_layers, size_t wide, bool moments, klf_kl_point *p)
{
    const size_t images = index % SAMPLE_INPUT + 1;
    if (klf_kl_point_create(n_layers, 2, images, p) != KLF_OK)
        abort();
    p->depth = n_layers + SAMPLE_REFERENCE;
    p->reference_layer = SAMPLE_REFERENCE;
    p->sample_seed = UINT64_MAX - index;
    p->q0 = images == 1 ? 0.2 : NAN;
    p->n_mc = 1000000000 + (int64_t)index;
    p->entropy_reference = 0.5 * (double)index;
    p->wall_s = (double)index;
    p->chunk = 100 + index;
    p->f_j = moments ? calloc(n_layers, sizeof *p->f_j) : NULL;
    p->f_jk = moments ? calloc(n_layers, sizeof *p->f_jk) : NULL;
    for (size_t l = 0; l < n_layers; l++) {
        p->width[l] = l + 2 < n_layers ? wide : l + 1 < n_layers ? 5 : 3;
        p->width_changed[l] = p->width[l] != wide;
        for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
            p->value[f][l] = sample_value(f, index, l);
            if (p->ensemble_std[f])
                p->ensemble_std[f][l] = p->value[f][l] + 0.5;
            if (p->input_std[f])
                p->input_std[f][l] = p->value[f][l] + 0.25;
        }
        if (moments)
            p->f_j[l] = f_j_of(index, l, p->width[l]);
        if (moments && l + 1 < n_layers) /* as an estimator that needs no moment of the last layer */
            p->f_jk[l] = f_jk_of(index, l, p->width[l]);
    }
    if (index == 0) {
        p->layer_status[n_layers - 1] = KLF_LAYER_DEGENERATE;
        p->value[KLF_KL_KL][n_layers - 1] = NAN;
    }
}

void sample_create(size_t n_var_w, size_t wide, bool moments, klf_kl_sweep *sweep)
{
    *sweep = (klf_kl_sweep){.n_var_w = n_var_w,
                            .n_var_b = 1,
                            .n_depth = SAMPLE_DEPTH,
                            .n_seed = SAMPLE_SEED,
                            .n_input = SAMPLE_INPUT,
                            .var_w = var_w,
                            .var_b = var_b,
                            .depth = depth,
                            .seed = seed,
                            .input = input,
                            .reference_layer = SAMPLE_REFERENCE,
                            .n_points = n_var_w * SAMPLE_DEPTH * SAMPLE_SEED * SAMPLE_INPUT};
    if (!(sweep->point = calloc(sweep->n_points, sizeof *sweep->point)))
        abort();
    for (size_t p = 0; p < sweep->n_points; p++) {
        const size_t d = depth[p / (SAMPLE_SEED * SAMPLE_INPUT) % SAMPLE_DEPTH];
        fill_point(p, d - SAMPLE_REFERENCE, wide, moments, &sweep->point[p]);
    }
}

void sample_free(klf_kl_sweep *sweep)
{
    for (size_t p = 0; p < sweep->n_points; p++)
        klf_kl_point_free(&sweep->point[p]);
    free(sweep->point);
}
