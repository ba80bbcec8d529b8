/* SPDX-License-Identifier: BSD-3-Clause */
/* One curve: its settings and its fit; and points, as of a table, which are one curve. Those of networks are in fit_kl.c. */
#include "run/fit_run.h"

#include "core/quote.h"
#include "run/fit_entry.h"
#include "run/numbers.h"
#include "run/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const klf_fit_model_choices[] = {"plateau", "tanh", "asymptote", "auto", NULL};
const char *const klf_fit_quantity_choices[] = {"kl_per_neuron", "kl", "kl_meanfield_per_neuron", NULL};
const char *const klf_fit_errors_choices[] = {"given", "scaled", "equal", "auto", NULL};

/* ---- entries ---- */

klf_status klf_fit_entry_create(size_t n, klf_fit_entry *out)
{
    double **column[] = {&out->x, &out->y, &out->error, &out->curve};
    *out = (klf_fit_entry){.n = n, .var_w = NAN, .var_b = NAN};
    for (size_t k = 0; k < sizeof column / sizeof *column; k++)
        if ((*column[k] = malloc((n + 1) * sizeof **column[k])) == NULL) {
            klf_fit_entry_free(out);
            return klf_fail(KLF_ERR_MEMORY, "no memory for a curve of %zu points", n);
        }
    for (size_t i = 0; i < n; i++)
        out->curve[i] = NAN;
    return KLF_OK;
}

void klf_fit_entry_free(klf_fit_entry *entry)
{
    free(entry->x);
    free(entry->y);
    free(entry->error);
    free(entry->curve);
    free(entry->input);
    free(entry->refusal);
    *entry = (klf_fit_entry){0};
}

klf_status klf_fit_result_add(klf_fit_result *result, klf_fit_entry *entry)
{
    klf_fit_entry *larger = realloc(result->entry, (result->n + 1) * sizeof *larger);
    if (larger == NULL) {
        klf_fit_entry_free(entry);
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu fits", result->n + 1);
    }
    result->entry = larger;
    result->entry[result->n++] = *entry;
    *entry = (klf_fit_entry){0};
    return KLF_OK;
}

void klf_fit_result_free(klf_fit_result *result)
{
    for (size_t i = 0; i < result->n; i++)
        klf_fit_entry_free(&result->entry[i]);
    free(result->entry);
    *result = (klf_fit_result){0};
}

/* ---- settings ---- */

static klf_status hold_one(const char *assignment, const klf_fit_model_info *model, double held[KLF_FIT_PARAMETERS])
{
    const size_t length = strcspn(assignment, "=");
    double       value;
    if (length == 0 || assignment[length] == '\0' || !klf_parse_real(assignment + length + 1, &value))
        return klf_fail(KLF_ERR_USAGE, "--hold takes NAME=VALUE, such as %s=0.7, not %s", model->parameter[1],
                        klf_quoted(assignment).text);
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++)
        if (strlen(model->parameter[j]) == length && strncmp(model->parameter[j], assignment, length) == 0) {
            if (!isnan(held[j]))
                return klf_fail(KLF_ERR_USAGE, "--hold %s is given twice", model->parameter[j]);
            held[j] = value;
            return KLF_OK;
        }
    char name[32] = "";
    memcpy(name, assignment, length < sizeof name ? length : sizeof name - 1);
    return klf_fail(KLF_ERR_USAGE, "--hold: %s has the parameters %s and %s, not %s", model->formula, model->parameter[0],
                    model->parameter[1], klf_quoted(name).text);
}

klf_status klf_fit_held(const klf_list_text *hold, klf_fit_model model, double held[KLF_FIT_PARAMETERS])
{
    klf_status st = KLF_OK;
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++)
        held[j] = NAN;
    for (size_t k = 0; k < hold->n && st == KLF_OK; k++)
        st = hold_one(hold->v[k], &klf_fit_model_table[model], held);
    return st;
}

/* ---- one curve ---- */

static klf_status keep_refusal(klf_fit_entry *entry)
{
    entry->refusal = strdup(klf_last_error());
    return entry->refusal != NULL ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "no memory for a message");
}

klf_status klf_fit_entry_fit(const double held[KLF_FIT_PARAMETERS], klf_fit_errors errors, klf_fit_entry *entry)
{
    klf_fit_data data = {.model = entry->model,
                         .errors = entry->error != NULL ? errors : KLF_FIT_EQUAL,
                         .n = entry->n,
                         .x = entry->x,
                         .y = entry->y,
                         .error = entry->error,
                         .held = {held[0], held[1]}};
    entry->errors = klf_fit_errors_choices[data.errors];
    klf_status st = klf_fit_curve(&data, &entry->fit);
    if (st == KLF_ERR_DATA)
        return keep_refusal(entry);
    for (size_t i = 0; i < entry->n && st == KLF_OK; i++)
        entry->curve[i] = klf_fit_value(entry->model, entry->fit.value, entry->x[i]);
    return st;
}

static klf_status check_points(const klf_fit_config *config, const klf_xy_table *points, int model)
{
    if (model == KLF_FIT_MODEL_AUTO)
        return klf_fail(KLF_ERR_USAGE, "a table does not say which curve it is: add --model plateau, tanh or asymptote");
    if (config->select.n > 0 || config->average || config->first_given || config->last_given || config->quantity_given)
        return klf_fail(KLF_ERR_USAGE,
                        "--quantity, --select, --average, --first-layer and --last-layer are for result files of "
                        "klflow kl");
    if (points->error == NULL && (config->errors == KLF_FIT_GIVEN || config->errors == KLF_FIT_SCALED))
        return klf_fail(KLF_ERR_USAGE, "--errors %s needs errors, but the points have none",
                        klf_fit_errors_choices[config->errors]);
    return KLF_OK;
}

static void take_points(const klf_fit_config *config, const klf_xy_table *points, klf_fit_entry *entry)
{
    entry->n = 0;
    for (size_t i = 0; i < points->n; i++) {
        if (points->x[i] < config->x_min || points->x[i] > config->x_max) /* false for NaN */
            continue;
        entry->x[entry->n] = points->x[i];
        entry->y[entry->n] = points->y[i];
        entry->error[entry->n++] = points->error != NULL ? points->error[i] : NAN;
    }
    if (points->error == NULL) {
        free(entry->error);
        entry->error = NULL;
    }
}

klf_status klf_fit_run_points(const klf_fit_config *config, const klf_xy_table *points, const char *const names[2], int model,
                              klf_fit_result *out)
{
    klf_status    st = KLF_OK;
    klf_fit_entry entry = {0};
    double        held[KLF_FIT_PARAMETERS];
    *out = (klf_fit_result){0};
    if (config->model != KLF_FIT_MODEL_AUTO)
        model = config->model;
    KLF_TRY(check_points(config, points, model));
    KLF_TRY(klf_fit_held(&config->hold, (klf_fit_model)model, held));
    KLF_TRY(klf_fit_entry_create(points->n, &entry));
    entry.model = (klf_fit_model)model;
    entry.x_name = names[0];
    entry.y_name = names[1];
    take_points(config, points, &entry);
    KLF_TRY(klf_fit_entry_fit(held, config->errors == KLF_FIT_ERRORS_AUTO ? KLF_FIT_GIVEN : (klf_fit_errors)config->errors,
                              &entry));
    out->n_curves = 1;
    out->n_failed = entry.refusal != NULL || !entry.fit.converged;
    st = klf_fit_result_add(out, &entry);
done:
    klf_fit_entry_free(&entry);
    if (st != KLF_OK)
        klf_fit_result_free(out);
    return st;
}
