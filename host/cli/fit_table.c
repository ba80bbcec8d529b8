/* SPDX-License-Identifier: BSD-3-Clause */
/* One row a fit. Axes that have one value stand above the table, the others are columns; numbers have the digits that their
 * errors leave them. */
#include "cli/fit_output.h"

#include "cli/wrap.h"
#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_AXES = 5, CELL = 64 };

static const char *const axis_name[N_AXES] = {"var_w", "var_b", "depth", "seed", "input"};

/* ---- the axes ---- */

static void axis_text(const klf_fit_entry *e, size_t axis, char text[CELL])
{
    const double real = axis == 0 ? e->var_w : e->var_b;
    if (axis == 2 || axis == 3)
        snprintf(text, CELL, "%" PRIu64, axis == 2 ? e->depth : e->seed);
    else if (isnan(real))
        snprintf(text, CELL, "unknown");
    else
        klf_format_real(real, text);
}

/* The inputs in the order in which they come; they are long, so columns have their numbers. */
static size_t input_number(const klf_fit_entry *entry, size_t index)
{
    size_t number = 1;
    for (size_t i = 0; i < index; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || strcmp(entry[k].input, entry[i].input) == 0;
        if (strcmp(entry[i].input, entry[index].input) == 0)
            return number;
        number += !seen;
    }
    return number;
}

static bool differs(const klf_fit_entry *a, const klf_fit_entry *b, size_t axis)
{
    char text[2][CELL];
    if (axis == 4)
        return strcmp(a->input, b->input) != 0;
    axis_text(a, axis, text[0]);
    axis_text(b, axis, text[1]);
    return strcmp(text[0], text[1]) != 0;
}

/* Width of the axis's column, 0 if all rows have the same value. */
static int column_width(const klf_fit_entry *entry, size_t n, size_t axis)
{
    size_t widest = strlen(axis_name[axis]);
    bool   varies = false;
    for (size_t i = 0; i < n; i++) {
        char text[CELL] = "";
        varies = varies || differs(&entry[0], &entry[i], axis);
        if (axis != 4)
            axis_text(&entry[i], axis, text);
        widest = strlen(text) > widest ? strlen(text) : widest;
    }
    return varies ? (int)widest + 2 : 0;
}

static void print_common(const klf_fit_entry *entry, const int width[N_AXES])
{
    bool any = false;
    for (size_t axis = 0; axis < N_AXES; axis++) {
        char text[CELL];
        if (width[axis] != 0 || (axis == 0 && entry->across))
            continue;
        if (axis != 4)
            axis_text(entry, axis, text);
        printf("%s%s %s", any ? "  " : "", axis_name[axis], axis == 4 ? entry->input : text);
        any = true;
    }
    if (entry->n_images > 1)
        printf(" (%zu images)", entry->n_images);
    if (entry->n_networks > 1)
        printf("  %zu networks", entry->n_networks);
    putchar('\n');
}

static void print_inputs(const klf_fit_entry *entry, size_t n)
{
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        size_t number = input_number(entry, i);
        if (number > last)
            printf("input %zu: %s\n", number, entry[i].input);
        last = number > last ? number : last;
    }
}

/* ---- numbers ---- */

static void print_value(int width, double value, double error)
{
    int decimals = error > 0.0 ? 1 - (int)floor(log10(error)) : -1;
    if (!isfinite(value))
        printf("%*s", width, "-");
    else if (decimals < 0 || decimals > 9 || fabs(value) >= 1e6)
        printf("%*.6g", width, value);
    else
        printf("%*.*f", width, decimals, value);
}

static void print_error(int width, double error)
{
    int decimals = error > 0.0 ? 1 - (int)floor(log10(error)) : -1;
    if (isnan(error))
        printf("%*s", width, "-");
    else if (decimals < 0 || decimals > 6)
        printf("%*.1e", width, error);
    else
        printf("%*.*f", width, decimals, error);
}

static const char *mark_of(const klf_fit_entry *e)
{
    return e->refusal != NULL ? "!" : e->fit.verdict == KLF_FIT_OK ? " " : e->fit.verdict == KLF_FIT_AT_BOUND ? "|" : "?";
}

static void print_row(const klf_fit_entry *entry, size_t i, const int width[N_AXES])
{
    const klf_fit_entry *e = &entry[i];
    const klf_fit       *fit = &e->fit;
    const bool           fitted = e->refusal == NULL;
    for (size_t axis = 0; axis < N_AXES; axis++) {
        char text[CELL];
        if (width[axis] == 0)
            continue;
        if (axis == 4)
            snprintf(text, sizeof text, "%zu", input_number(entry, i));
        else
            axis_text(e, axis, text);
        printf("%*s", width[axis], text);
    }
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++) {
        print_value(11, fitted ? fit->value[j] : NAN, fit->error[j]);
        if (fitted && fit->error[j] == 0.0 && !(fit->chi2 == 0.0))
            printf("%9s", "held");
        else
            print_error(9, fitted ? fit->error[j] : NAN);
    }
    if (fitted)
        printf("%10.3g%8zu %s\n", fit->chi2 / (double)fit->dof, fit->n_points, mark_of(e));
    else
        printf("%10s%8s %s\n", "-", "-", mark_of(e));
}

/* ---- what the marks and errors mean ---- */

static void explain(const char *mark, const char *text)
{
    int column = printf("%s: ", mark);
    klf_wrap_print(text, (size_t)column, (size_t)column);
}

/* Of rows without a fit the first says why; the others are as a rule alike, and --json has them all. */
static void explain_refusals(const klf_fit_entry *entry, size_t n)
{
    size_t first = n, refused = 0;
    for (size_t i = n; i-- > 0;)
        if (entry[i].refusal != NULL) {
            first = i;
            refused++;
        }
    if (refused == 0)
        return;
    char text[1200], others[64] = "";
    if (refused > 1)
        snprintf(others, sizeof others, " (the first of %zu)", refused);
    snprintf(text, sizeof text, "row %zu%s: %s", first + 1, others, entry[first].refusal);
    explain("!", text);
}

static void explain_marks(const klf_fit_entry *entry, size_t n)
{
    bool bound = false, undetermined = false;
    for (size_t i = 0; i < n; i++) {
        const klf_fit_entry *e = &entry[i];
        bound = bound || (e->refusal == NULL && e->fit.verdict == KLF_FIT_AT_BOUND);
        undetermined = undetermined || (e->refusal == NULL && !e->fit.converged);
    }
    if (bound)
        explain("|", "the best value of a parameter is the end of its range; it has no error, the other one's is that of a fit "
                     "with it held");
    if (undetermined)
        explain("?",
                "no minimum, or one that leaves the parameters undetermined, as where a curve does not bend or is flat: no "
                "errors");
    explain_refusals(entry, n);
}

static void explain_errors(const klf_fit_entry *entry, size_t n)
{
    static const struct {
        const char *errors, *text;
    } meaning[] = {
        {"given", "standard errors that follow from those of the points"},
        {"scaled", "standard errors, those that follow from the points' times sqrt(chi2/dof): by the scatter about the curve"},
        {"equal", "standard errors by the scatter about the curve; all points weigh the same, and chi2 is a sum of squares"},
        {"ensemble", "standard errors that follow from the scatter of each layer over networks or images, as if layers were "
                     "independent; neighbouring ones are not (--average)"},
        {"jackknife", "standard errors by leaving out one network at a time"}};
    for (size_t k = 0; k < sizeof meaning / sizeof *meaning; k++)
        for (size_t i = 0; i < n; i++)
            if (entry[i].refusal == NULL && strcmp(entry[i].errors, meaning[k].errors) == 0) {
                explain("+-", meaning[k].text);
                break;
            }
}

static void print_table(const klf_fit_entry *entry, size_t n)
{
    const klf_fit_model_info *info = &klf_fit_model_table[entry->model];
    int                       width[N_AXES] = {0};
    if (!entry->across && entry->is_network && entry->reference_layer > 0)
        printf("%s = %s, x = layer - %zu\n", entry->y_name, info->formula, entry->reference_layer);
    else if (strcmp(entry->x_name, "x") != 0)
        printf("%s = %s, x = %s\n", entry->y_name, info->formula, entry->x_name);
    else
        printf("%s = %s\n", entry->y_name, info->formula);
    if (entry->is_network) {
        for (size_t axis = entry->across ? 1 : 0; axis < N_AXES; axis++)
            width[axis] = column_width(entry, n, axis);
        print_common(entry, width);
        if (width[4] != 0)
            print_inputs(entry, n);
    }
    for (size_t axis = 0; axis < N_AXES; axis++)
        if (width[axis] != 0)
            printf("%*s", width[axis], axis_name[axis]);
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++)
        printf("%11s%9s", info->parameter[j], "+-");
    printf("%10s%8s\n", "chi2/dof", "points");
    for (size_t i = 0; i < n; i++)
        print_row(entry, i, width);
    explain_marks(entry, n);
    explain_errors(entry, n);
}

void klf_fit_print_tables(const klf_fit_result *result)
{
    print_table(result->entry, result->n_curves);
    if (result->n > result->n_curves) {
        putchar('\n');
        print_table(result->entry + result->n_curves, result->n - result->n_curves);
    }
}
