/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits as a result file: of networks over the axes of their sweep, of points as the one fit that they are. */
#include "run/fit_run.h"
#include "run/provenance.h"
#include "store/sweep_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_GRID = 5, ONE_FIT = 0, MAX_VARIABLES = 32 };

typedef struct fit_file {
    const klf_fit_result *result;
    klf_sweep_axis        axis[KLF_SWEEP_MAX_AXES];
    size_t                n_axes, n_variables, n_points; /* n_points: of the longest curve */
    klf_sweep_variable    variable[MAX_VARIABLES];
    char                  name[MAX_VARIABLES][40];
    double               *values[MAX_VARIABLES]; /* owned */
    double               *coordinate[N_GRID];    /* owned */
    char                 *inputs;                /* owned */
} fit_file;

/* ---- axes ---- */

static double coordinate_of(const klf_fit_entry *e, size_t axis)
{
    switch (axis) {
    case 0: return e->var_w;
    case 1: return e->var_b;
    case 2: return (double)e->depth;
    default: return (double)e->seed;
    }
}

/* Curves are in the order of the grid. */
static const klf_fit_entry *first_with(const fit_file *f, size_t axis, size_t index)
{
    size_t stride = 1;
    for (size_t i = axis + 1; i < N_GRID; i++)
        stride *= f->result->shape[i];
    return &f->result->entry[index * stride];
}

static klf_status set_grid(fit_file *f)
{
    static const klf_sweep_axis grid[] = {{"var_w", "1", "variance of a weight times its fan-in", 0, NULL},
                                          {"var_b", "1", "variance of a bias", 0, NULL},
                                          {"depth", "1", "number of layers of the network", 0, NULL},
                                          {"seed", "1", "seed of the (first) network", 0, NULL},
                                          {"input", "1", "number of the input, from 0, in the attribute inputs", 0, NULL}};
    f->n_axes = N_GRID + 1;
    size_t length = 1;
    for (size_t axis = 0; axis < N_GRID; axis++) {
        const size_t n = f->result->shape[axis];
        f->axis[axis] = grid[axis];
        f->axis[axis].size = n;
        for (size_t i = 0; axis == 4 && i < n; i++)
            length += strlen(first_with(f, axis, i)->input) + 1;
        if (axis == 4)
            continue;
        if (!(f->coordinate[axis] = malloc(n * sizeof *f->coordinate[axis])))
            return klf_fail(KLF_ERR_MEMORY, "no memory for the axes of a result file");
        for (size_t i = 0; i < n; i++)
            f->coordinate[axis][i] = coordinate_of(first_with(f, axis, i), axis);
        f->axis[axis].values = f->coordinate[axis];
    }
    if (!(f->inputs = malloc(length)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for the names of the inputs");
    char *end = f->inputs;
    *end = '\0';
    for (size_t i = 0; i < f->result->shape[4]; i++)
        end += sprintf(end, "%s%s", i > 0 ? "\n" : "", first_with(f, 4, i)->input);
    return KLF_OK;
}

static klf_status set_axes(fit_file *f)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < f->result->n_curves; i++)
        f->n_points = f->result->entry[i].n > f->n_points ? f->result->entry[i].n : f->n_points;
    if (f->result->entry[0].is_network) {
        KLF_TRY(set_grid(f));
    } else {
        f->n_axes = 2;
        f->axis[ONE_FIT] = (klf_sweep_axis){"fit", "1", "number of the fit", 1, NULL};
    }
    f->axis[f->n_axes - 1] = (klf_sweep_axis){"point", "1", "number of the point", f->n_points, NULL};
done:
    return st;
}

/* ---- variables ---- */

/* Appends a variable of one number a fit, or with `points` one for every point: the values are the caller's to fill, NaN so
 * far. NULL without memory. */
static double *add(fit_file *f, bool across, bool points, const char *name, const char *long_name, const char *flags)
{
    const size_t        n_fits = across ? f->result->n - f->result->n_curves : f->result->n_curves;
    const size_t        n = n_fits * (points ? f->n_points : 1), k = f->n_variables;
    klf_sweep_variable *v = &f->variable[k];
    if (!(f->values[k] = malloc((n + 1) * sizeof *f->values[k])))
        return NULL;
    for (size_t i = 0; i < n; i++)
        f->values[k][i] = NAN;
    snprintf(f->name[k], sizeof f->name[k], "%s", name);
    *v = (klf_sweep_variable){
        .name = f->name[k], .long_name = long_name, .units = flags ? NULL : "1", .flags = flags, .values = f->values[k]};
    const size_t last = f->n_axes - (points ? 0 : 1);
    for (size_t axis = across ? 1 : 0; axis < last; axis++)
        v->axis[v->rank++] = axis;
    f->n_variables++;
    return f->values[k];
}

static double status_of(const klf_fit_entry *e)
{
    enum { REFUSED = KLF_FIT_STOPPED + 1 };
    return e->refusal != NULL ? (double)REFUSED : (double)e->fit.verdict;
}

enum { VALUE, ERROR, COVARIANCE, CHI2, DOF, NORM, COUNT, STEPS, STATUS };

static double number_of(const klf_fit_entry *e, int what, size_t parameter)
{
    if (what == STATUS)
        return status_of(e);
    if (e->refusal != NULL)
        return NAN;
    switch (what) {
    case VALUE: return e->fit.value[parameter];
    case ERROR: return e->fit.error[parameter];
    case COVARIANCE: return e->fit.covariance[0][1];
    case CHI2: return e->fit.chi2;
    case DOF: return (double)e->fit.dof;
    case NORM: return e->fit.residual_norm;
    case COUNT: return (double)e->fit.n_points;
    default: return (double)e->fit.steps;
    }
}

static klf_status add_number(fit_file *f, bool across, const char *name, const char *long_name, int what, size_t parameter)
{
    static const char    flags[] = "ok at_bound undetermined not_converged refused";
    const klf_fit_entry *entry = f->result->entry + (across ? f->result->n_curves : 0);
    const size_t         n = across ? f->result->n - f->result->n_curves : f->result->n_curves;
    double              *to = add(f, across, false, name, long_name, what == STATUS ? flags : NULL);
    if (to == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu fits", n);
    for (size_t i = 0; i < n; i++)
        to[i] = number_of(&entry[i], what, parameter);
    return KLF_OK;
}

static klf_status add_fits(fit_file *f, bool across)
{
    static const struct {
        const char *name, *text;
        int         what;
    } row[] = {{"covariance", "covariance of the two parameters", COVARIANCE},
               {"chi2", "sum of the squared residuals over their errors", CHI2},
               {"dof", "points less fitted parameters", DOF},
               {"residual_norm", "root of the sum of the squared residuals", NORM},
               {"n_points", "points that count", COUNT},
               {"steps", "steps of the solver", STEPS},
               {"status", "what the data determine", STATUS}};
    klf_status                st = KLF_OK;
    const klf_fit_model_info *model = &klf_fit_model_table[f->result->entry[across ? f->result->n_curves : 0].model];
    char                      name[40];
    for (size_t j = 0; j < KLF_FIT_PARAMETERS; j++) {
        KLF_TRY(add_number(f, across, model->parameter[j], model->formula, VALUE, j));
        snprintf(name, sizeof name, "%s_stderr", model->parameter[j]);
        KLF_TRY(add_number(f, across, name, "its standard error", ERROR, j));
    }
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        snprintf(name, sizeof name, "%s%s", across ? "across_" : "", row[k].name);
        KLF_TRY(add_number(f, across, name, row[k].text, row[k].what, 0));
    }
done:
    return st;
}

static klf_status add_points(fit_file *f)
{
    static const struct {
        const char *name, *text;
        size_t      offset;
    } row[] = {{"x", "where the curve was fitted", offsetof(klf_fit_entry, x)},
               {"y", "values that were fitted", offsetof(klf_fit_entry, y)},
               {"y_stderr", "their standard errors", offsetof(klf_fit_entry, error)},
               {"y_fit", "the fitted curve", offsetof(klf_fit_entry, curve)}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
        double *to = add(f, false, true, row[k].name, row[k].text, NULL);
        if (to == NULL)
            return klf_fail(KLF_ERR_MEMORY, "no memory for the points of %zu fits", f->result->n_curves);
        for (size_t i = 0; i < f->result->n_curves; i++) {
            const klf_fit_entry *e = &f->result->entry[i];
            const double        *from = *(double *const *)(const void *)((const char *)e + row[k].offset);
            if (from != NULL)
                memcpy(to + i * f->n_points, from, e->n * sizeof *to);
        }
    }
    return KLF_OK;
}

/* ---- the file ---- */

static klf_fact text_fact(const char *name, const char *text)
{
    return (klf_fact){.name = name, .type = KLF_FACT_TEXT, .value.text = text};
}

klf_status klf_fit_write(const char *path, bool force, const char *source, const klf_fit_result *result)
{
    klf_status           st = KLF_OK;
    fit_file             f = {.result = result};
    klf_facts            facts;
    klf_fact             about[8];
    size_t               n = 0;
    char                 text[sizeof facts.command + 64];
    const klf_fit_entry *e = &result->entry[0];
    KLF_TRY(set_axes(&f));
    KLF_TRY(add_fits(&f, false));
    KLF_TRY(add_points(&f));
    about[n++] = text_fact("model", klf_fit_model_table[e->model].name);
    about[n++] = text_fact("x_name", e->x_name);
    about[n++] = text_fact("y_name", e->y_name);
    about[n++] = text_fact("errors", e->errors);
    about[n++] = text_fact("source", source);
    if (e->is_network) {
        about[n++] = text_fact("inputs", f.inputs);
        about[n++] = (klf_fact){.name = "reference_layer", .type = KLF_FACT_INT, .value.i = (int64_t)e->reference_layer};
    }
    if (result->n > result->n_curves) {
        KLF_TRY(add_fits(&f, true));
        about[n++] = text_fact("across_errors", result->entry[result->n_curves].errors);
    }
    klf_facts_collect_sweep(1, &facts);
    klf_facts_stop_clock(&facts);
    snprintf(text, sizeof text, "# %s\n", facts.command);
    const klf_sweep_contents contents = {.schema = KLF_SCHEMA_FIT,
                                         .title = "Least-squares fits",
                                         .group = "fit",
                                         .n_axes = f.n_axes,
                                         .axis = f.axis,
                                         .n_variables = f.n_variables,
                                         .variable = f.variable,
                                         .n_facts = n,
                                         .fact = about};
    st = klf_store_write_sweep(path, force, &contents,
                               &(klf_provenance){.config_text = text, .n_facts = facts.n, .fact = facts.fact});
done:
    for (size_t k = 0; k < MAX_VARIABLES; k++)
        free(f.values[k]);
    for (size_t axis = 0; axis < N_GRID; axis++)
        free(f.coordinate[axis]);
    free(f.inputs);
    return st;
}
