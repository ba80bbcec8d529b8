/* SPDX-License-Identifier: BSD-3-Clause */
/* A point as one line of JSON. Keys and units: docs/formats.md. */
#include "cli/kl_output.h"

#include "cli/json_line.h"
#include "klflow/build_info.h"
#include "run/kl_options.h"

#include <stdio.h>
#include <stdlib.h>

const char *klf_kl_choice_name(const char *option, int value)
{
    return klf_option_find(klf_kl_options, KLF_KL_N_OPTIONS, KLF_IN_KL, option)->choices[value];
}

/* Q by an estimator that was not asked for. */
static bool is_absent(const klf_kl_config *config, int field)
{
    return (field == KLF_KL_Q_DIRECT && config->estimator == KLF_GRAM) ||
           (field == KLF_KL_Q_GRAM && config->estimator == KLF_DIRECT);
}

static void print_fields(const klf_kl_config *config, const klf_kl_point *point)
{
    for (int field = 0; field < KLF_KL_N_FIELDS; field++) {
        const char *name = klf_kl_field_table[field].name;
        char        scatter[64];
        if (is_absent(config, field)) {
            klf_json_null(name);
            continue;
        }
        klf_json_reals(name, point->value[field], point->n_layers);
        snprintf(scatter, sizeof scatter, "%s_ensemble_std", name);
        if (point->ensemble_std[field] != NULL)
            klf_json_reals(scatter, point->ensemble_std[field], point->n_layers);
        snprintf(scatter, sizeof scatter, "%s_input_std", name);
        if (point->input_std[field] != NULL)
            klf_json_reals(scatter, point->input_std[field], point->n_layers);
    }
}

/* The layers' numbers and status words, which need arrays of their own. */
static void print_layers(const klf_kl_point *point)
{
    size_t      *layer = malloc(point->n_layers * sizeof *layer);
    const char **status = malloc(point->n_layers * sizeof *status);
    for (size_t i = 0; i < point->n_layers && layer != NULL && status != NULL; i++) {
        layer[i] = point->reference_layer + i;
        status[i] = point->layer_status[i] == KLF_LAYER_DEGENERATE ? "degenerate" : "ok";
    }
    size_t n = layer != NULL && status != NULL ? point->n_layers : 0;
    klf_json_wholes("layer", layer, n);
    klf_json_wholes("width", point->width, point->n_layers);
    klf_json_texts("layer_status", status, n);
    klf_json_bools("width_changed", point->width_changed, point->n_layers);
    free(layer);
    free(status);
}

/* The reference's curve, and the layer where it is farthest. */
static void print_reference(const klf_kl_config *config, const klf_kl_plan *plan, const klf_kl_point *point,
                            const klf_layer_difference *worst)
{
    static const klf_kl_field curve[] = {KLF_KL_KL, KLF_KL_Q_DIRECT, KLF_KL_Q_GRAM};
    for (size_t k = 0; k < sizeof curve / sizeof *curve; k++) {
        char key[64];
        snprintf(key, sizeof key, "%s_ref", klf_kl_field_table[curve[k]].name);
        if (is_absent(config, (int)curve[k]))
            klf_json_null(key);
        else
            klf_json_reals(key, point->reference->value[curve[k]], point->n_layers);
    }
    klf_json_text("compare_backend", plan->reference);
    klf_json_text("compare_precision", klf_precision_name(KLF_FP64));
    klf_json_bool("compare_within", worst->within);
    klf_json_real("compare_tolerance_q", worst->tolerance_q);
    klf_json_whole("compare_layer", worst->layer);
    klf_json_real("compare_difference", worst->difference);
    klf_json_real("compare_relative", worst->relative);
    klf_json_real("compare_relative_q", worst->relative_q);
    klf_json_real("compare_sigmas", worst->sigmas);
}

static bool any(const bool *flag, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (flag[i])
            return true;
    return false;
}

void klf_kl_print_json(const klf_kl_config *config, const klf_kl_plan *plan, const klf_kl_point *point,
                       const klf_layer_difference *worst)
{
    klf_json_begin();
    print_layers(point);
    print_fields(config, point);
    klf_json_real("entropy_reference", point->entropy_reference);
    klf_json_text("status", klf_kl_point_is_degenerate(point) ? "degenerate" : "ok");
    if (any(point->width_changed, point->n_layers))
        klf_json_text("note", klf_kl_width_note);
    klf_json_whole("n_mc", (uint64_t)point->n_mc);
    klf_json_whole("seed", point->seed);
    klf_json_whole("sample_seed", point->sample_seed);
    klf_json_real("var_w", point->var_w);
    klf_json_real("var_b", point->var_b);
    klf_json_whole("depth", point->depth);
    klf_json_whole("reference_layer", point->reference_layer);
    klf_json_text("input", point->input);
    klf_json_real("q0", point->q0);
    klf_json_whole("n_images", point->n_images);
    klf_json_whole("ensemble", point->ensemble);
    klf_json_text("statistics", klf_kl_choice_name("statistics", (int)config->statistics));
    klf_json_text("estimator", klf_kl_choice_name("estimator", (int)config->estimator));
    klf_json_text("backend", plan->backend);
    klf_json_text("precision", klf_precision_name(plan->precision));
    klf_json_text("precision_requested", klf_kl_choice_name("precision", config->precision));
    klf_json_text("weight_format", klf_format_name(plan->weight_format));
    if (worst != NULL)
        print_reference(config, plan, point, worst);
    klf_json_whole("threads", plan->threads);
    klf_json_whole("chunk", point->chunk);
    klf_json_real("wall_s", point->wall_s);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}
