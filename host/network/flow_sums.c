/* SPDX-License-Identifier: BSD-3-Clause */
/* The sums of a pass outside its model: memory, and the ways in and out. What they mean is the backend's. */
#include "network/flow_sums.h"

#include <stdlib.h>

static size_t triangle(size_t width)
{
    return width * (width + 1) / 2;
}

klf_model_spec klf_flow_model_spec(const klf_flow_params *params)
{
    return (klf_model_spec){.net = params->net,
                            .stats = params->stats,
                            .reference_layer = params->reference_layer,
                            .sample_seed = params->sample_seed,
                            .precision = params->precision,
                            .gram = params->estimator != KLF_DIRECT,
                            .gram_last = params->keep_f_jk};
}

static klf_status no_memory(size_t n_layers)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory to keep the sums of %zu layers", n_layers);
}

klf_status klf_flow_sums_create(size_t n_layers, const size_t *width, const bool *gram, klf_flow_sums **out)
{
    klf_flow_sums *sums = calloc(1, sizeof *sums);
    *out = NULL;
    if (!sums || !(sums->width = calloc(n_layers, sizeof *sums->width)) ||
        !(sums->layer = calloc(n_layers, sizeof *sums->layer)))
        goto failed;
    sums->n_layers = n_layers;
    for (size_t i = 0; i < n_layers; i++) {
        sums->width[i] = width[i];
        if (!(sums->layer[i].f = calloc(width[i], sizeof(double))))
            goto failed;
        if (gram[i] && !(sums->layer[i].gram = calloc(triangle(width[i]), sizeof(double))))
            goto failed;
    }
    *out = sums;
    return KLF_OK;
failed:
    klf_flow_sums_destroy(sums);
    return no_memory(n_layers);
}

static klf_status create_for(const klf_flow_params *params, klf_flow_sums **out)
{
    const klf_model_spec spec = klf_flow_model_spec(params);
    const size_t         r = params->reference_layer, n = params->net->depth - r;
    size_t              *width = malloc(n * sizeof *width);
    bool                *gram = malloc(n * sizeof *gram);
    klf_status           st = KLF_OK;
    *out = NULL;
    if (!width || !gram) {
        st = no_memory(n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        width[i] = params->net->layer[r + i].width;
        gram[i] = klf_keeps_gram(&spec, r + i);
    }
    st = klf_flow_sums_create(n, width, gram, out);
done:
    free(width);
    free(gram);
    return st;
}

void klf_flow_sums_destroy(klf_flow_sums *sums)
{
    if (!sums)
        return;
    for (size_t i = 0; sums->layer && i < sums->n_layers; i++) {
        free(sums->layer[i].f);
        free(sums->layer[i].gram);
    }
    free(sums->layer);
    free(sums->width);
    free(sums);
}

double klf_flow_sums_bytes(const klf_flow_params *params)
{
    const klf_model_spec spec = klf_flow_model_spec(params);
    double               doubles = 0.0;
    for (size_t l = spec.reference_layer; l < spec.net->depth; l++) {
        const size_t width = spec.net->layer[l].width;
        doubles += (double)width + (klf_keeps_gram(&spec, l) ? (double)triangle(width) : 0.0);
    }
    return doubles * (double)sizeof(double);
}

klf_status klf_flow_sums_save(const klf_flow_params *params, klf_model *model, size_t chunk, klf_flow_sums **out)
{
    klf_status     st = KLF_OK;
    klf_flow_sums *sums = NULL;
    *out = NULL;
    KLF_TRY(create_for(params, &sums));
    for (size_t i = 0; i < sums->n_layers; i++)
        KLF_TRY(params->backend->save(model, params->reference_layer + i, &sums->layer[i]));
    sums->chunk = chunk;
    sums->n_samples = sums->layer[0].n_samples;
    *out = sums;
    sums = NULL;
done:
    klf_flow_sums_destroy(sums);
    return st;
}

klf_status klf_flow_sums_restore(const klf_flow_params *params, const klf_flow_sums *sums, klf_model *model)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < sums->n_layers; i++)
        KLF_TRY(params->backend->restore(model, params->reference_layer + i, &sums->layer[i]));
done:
    return st;
}

klf_status klf_flow_sums_check(const klf_flow_params *params, const klf_flow_sums *sums)
{
    const klf_model_spec spec = klf_flow_model_spec(params);
    const size_t         r = params->reference_layer, n = params->net->depth - r;
    const int64_t        chunk = (int64_t)sums->chunk;
    bool                 same = sums->n_layers == n && chunk > 0 && chunk <= params->n_mc && sums->n_samples <= params->n_mc &&
                (sums->n_samples % chunk == 0 || sums->n_samples == params->n_mc) &&
                (params->chunk == 0 || params->chunk == sums->chunk || params->n_mc == chunk);
    for (size_t i = 0; same && i < n; i++)
        same = sums->width[i] == params->net->layer[r + i].width && sums->layer[i].n_samples == sums->n_samples &&
               (sums->layer[i].gram != NULL) == klf_keeps_gram(&spec, r + i);
    return same ? KLF_OK : klf_fail(KLF_ERR_DATA, "the sums to go on from are those of another pass");
}
