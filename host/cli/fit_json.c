/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits as lines of JSON. Keys and units: docs/formats.md. */
#include "cli/fit_output.h"

#include "cli/json_line.h"
#include "klflow/build_info.h"

#include <math.h>
#include <stdio.h>

static void print_point(const klf_fit_entry *e)
{
    if (!e->is_network)
        return;
    if (!e->across)
        klf_json_real("var_w", e->var_w);
    klf_json_real("var_b", e->var_b);
    klf_json_whole("depth", e->depth);
    klf_json_whole("seed", e->seed);
    klf_json_text("input", e->input);
    klf_json_whole("reference_layer", e->reference_layer);
    klf_json_whole("ensemble", e->n_networks);
    klf_json_whole("n_images", e->n_images);
}

static void print_fit(const klf_fit_entry *e)
{
    const klf_fit            *fit = &e->fit;
    const klf_fit_model_info *info = &klf_fit_model_table[e->model];
    const bool                fitted = e->refusal == NULL;
    klf_json_texts("parameters", info->parameter, KLF_FIT_PARAMETERS);
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++) {
        char key[32];
        klf_json_real(info->parameter[j], fitted ? fit->value[j] : NAN);
        snprintf(key, sizeof key, "%s_stderr", info->parameter[j]);
        klf_json_real(key, fitted ? fit->error[j] : NAN);
    }
    if (fitted) {
        klf_json_rows("covariance", &fit->covariance[0][0], KLF_FIT_PARAMETERS, KLF_FIT_PARAMETERS);
        klf_json_real("chi2", fit->chi2);
        klf_json_whole("dof", fit->dof);
        klf_json_real("chi2_per_dof", fit->chi2 / (double)fit->dof);
        klf_json_real("residual_norm", fit->residual_norm);
        klf_json_whole("n_points", fit->n_points);
        klf_json_whole("steps", fit->steps);
    }
    klf_json_text("errors", e->errors);
    klf_json_bool("converged", fitted && fit->converged);
    klf_json_text("status", fitted ? klf_fit_verdict_name(fit->verdict) : "refused");
    if (!fitted)
        klf_json_text("message", e->refusal);
}

void klf_fit_print_json(const klf_fit_result *result)
{
    for (size_t i = 0; i < result->n; i++) {
        const klf_fit_entry *e = &result->entry[i];
        klf_json_begin();
        klf_json_text("model", klf_fit_model_table[e->model].name);
        klf_json_text("x_name", e->x_name);
        klf_json_text("y_name", e->y_name);
        print_fit(e);
        print_point(e);
        klf_json_reals("x", e->x, e->n);
        klf_json_reals("y", e->y, e->n);
        if (e->error != NULL)
            klf_json_reals("y_stderr", e->error, e->n);
        klf_json_reals("y_fit", e->curve, e->n);
        klf_json_text("version", klf_build_info_get()->version);
        klf_json_end();
    }
}
