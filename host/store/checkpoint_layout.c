/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of the numbers of a checkpoint (checkpoint_layout.h): in one place, so that writer and reader agree. */
#include "store/checkpoint_layout.h"

#include <stdlib.h>

static klf_status visit_moments(double *const *moment, const klf_kl_point *point, bool squared, klf_checkpoint_visitor *visit,
                                void *arg)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; moment && i < point->n_layers; i++)
        KLF_TRY(visit(arg, moment[i], point->width[i] * (squared ? point->width[i] : 1)));
done:
    return st;
}

klf_status klf_checkpoint_visit_result(const klf_kl_point *point, klf_checkpoint_visitor *visit, void *arg)
{
    klf_status st = KLF_OK;
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        KLF_TRY(visit(arg, point->value[f], point->n_layers));
        if (point->ensemble_std[f])
            KLF_TRY(visit(arg, point->ensemble_std[f], point->n_layers));
        if (point->input_std[f])
            KLF_TRY(visit(arg, point->input_std[f], point->n_layers));
    }
    KLF_TRY(visit_moments(point->f_j, point, false, visit, arg));
    KLF_TRY(visit_moments(point->f_jk, point, true, visit, arg));
done:
    return st;
}

static size_t triangle(size_t width)
{
    return width * (width + 1) / 2;
}

klf_status klf_checkpoint_visit_sums(const klf_layer_stats *stats, const klf_flow_sums *sums, klf_checkpoint_visitor *visit,
                                     void *arg)
{
    klf_status st = KLF_OK;
    KLF_TRY(visit(arg, (double *)stats, 2 * sums->n_layers));
    for (size_t i = 0; i < sums->n_layers; i++) {
        klf_layer_sums *layer = &sums->layer[i];
        KLF_TRY(visit(arg, &layer->q_sum, 1));
        KLF_TRY(visit(arg, &layer->q_sum2, 1));
        KLF_TRY(visit(arg, layer->f, sums->width[i]));
        if (layer->gram)
            KLF_TRY(visit(arg, layer->gram, triangle(sums->width[i])));
    }
done:
    return st;
}

double klf_checkpoint_count(const klf_checkpoint_row *row, const uint64_t *width, const int8_t *flags)
{
    const bool sums = row->kind == KLF_RECORD_SUMS;
    double     n = sums ? 4.0 * (double)row->n_layers : 0.0;
    for (int f = 0; !sums && f < KLF_KL_N_FIELDS; f++) {
        const bool scatter = klf_kl_field_table[f].scatter;
        n += (double)row->n_layers * (1 + (scatter && row->ensemble > 1) + (scatter && row->n_images > 1));
    }
    for (int64_t i = 0; i < row->n_layers; i++) {
        const double w = (double)width[i];
        if (sums)
            n += w + (flags[i] & KLF_FLAG_GRAM ? 0.5 * w * (w + 1.0) : 0.0);
        else
            n += (row->contents & KLF_HOLDS_F_J ? w : 0.0) + (row->contents & KLF_HOLDS_F_JK ? w * w : 0.0);
    }
    return n;
}

void klf_record_free(klf_record *record)
{
    klf_kl_point_free(&record->point);
    free(record->stats);
    klf_flow_sums_destroy(record->sums);
    *record = (klf_record){0};
}

void klf_store_free_checkpoint(klf_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    for (size_t i = 0; checkpoint->record && i < checkpoint->n; i++)
        klf_record_free(&checkpoint->record[i]);
    free(checkpoint->record);
    free((char *)checkpoint->config);
    free((char *)checkpoint->backend);
    free((char *)checkpoint->precision);
    free((char *)checkpoint->kernels);
    free((char *)checkpoint->version);
    free(checkpoint);
}
