/* SPDX-License-Identifier: BSD-3-Clause */
/* The plain data of kl_result.h: the table of fields, and points of a sweep with their arrays. */
#include "klflow/kl_result.h"

#include <math.h>
#include <stdlib.h>

const klf_kl_field_info klf_kl_field_table[] = {
#define FIELD_INFO(id, name, units, text, scatter) {name, units, text, scatter},
    KLF_KL_FIELDS(FIELD_INFO)
#undef FIELD_INFO
};

const char klf_kl_width_note[] = "Where width_changed is set the layer has another width than the reference layer: (3.30) then "
                                 "compares densities of different "
                                 "dimension and is not a true relative entropy, so the drop there is unphysical.";

static double *nan_array(size_t n)
{
    double *array = malloc(n * sizeof *array);
    for (size_t i = 0; array && i < n; i++)
        array[i] = NAN;
    return array;
}

klf_status klf_kl_point_create(size_t n_layers, size_t ensemble, size_t n_images, klf_kl_point *point)
{
    *point = (klf_kl_point){.n_layers = n_layers, .ensemble = ensemble, .n_images = n_images};
    point->var_w = point->var_b = point->q0 = point->entropy_reference = point->wall_s = NAN;

    point->width = calloc(n_layers, sizeof *point->width);
    point->layer_status = calloc(n_layers, sizeof *point->layer_status);
    point->width_changed = calloc(n_layers, sizeof *point->width_changed);
    bool whole = point->width && point->layer_status && point->width_changed;
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        const bool scatter = klf_kl_field_table[f].scatter;
        whole = whole && (point->value[f] = nan_array(n_layers));
        if (scatter && ensemble > 1)
            whole = whole && (point->ensemble_std[f] = nan_array(n_layers));
        if (scatter && n_images > 1)
            whole = whole && (point->input_std[f] = nan_array(n_layers));
    }
    if (whole)
        return KLF_OK;
    klf_kl_point_free(point);
    return klf_fail(KLF_ERR_MEMORY, "not enough memory for the results of %zu layers", n_layers);
}

static void free_each(double **array, size_t n)
{
    for (size_t i = 0; array && i < n; i++)
        free(array[i]);
    free(array);
}

void klf_kl_point_free(klf_kl_point *point)
{
    free(point->input);
    free(point->width);
    free(point->layer_status);
    free(point->width_changed);
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        free(point->value[f]);
        free(point->ensemble_std[f]);
        free(point->input_std[f]);
    }
    free_each(point->f_j, point->n_layers);
    free_each(point->f_jk, point->n_layers);
    if (point->reference)
        klf_kl_point_free(point->reference);
    free(point->reference);
    *point = (klf_kl_point){0};
}

bool klf_kl_point_is_degenerate(const klf_kl_point *point)
{
    for (size_t i = 0; i < point->n_layers; i++)
        if (point->layer_status[i] == KLF_LAYER_DEGENERATE)
            return true;
    return false;
}
