/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow fit: the curves of a result file, or a table of numbers, by least squares. */
#include "cli/commands.h"

#include "cli/fit_output.h"
#include "cli/guarded_check.h"
#include "cli/help.h"
#include "cli/report.h"
#include "core/quote.h"
#include "run/options.h"
#include "run/same_file.h"
#include "store/sweep_file.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "klflow fit (FILE.h5 | --table FILE.csv --model NAME) [options]\n"
                            "Weighted least squares with errors. Of a result file of klflow kl, every curve\n"
                            "of KL against the layer by a (1 - b^x), (3.37), and the plateaus a of three or\n"
                            "more var_w by alpha tanh(beta var_w). Layers whose width is not that of the\n"
                            "reference layer are left out. Of a file of ising1d or ising2d: the exact s_inf\n"
                            "against the coupling by the family of (2.35).\n"
                            "Exit code 0: all converged; 65: a curve cannot be fitted, or did not converge.";

typedef struct fit_options {
    klf_fit_config config;
    char          *table, *output;
    bool           force, json;
} fit_options;

_Static_assert(sizeof(klf_fit_model) == sizeof(int), "options set choices as int");

static const klf_option table[] = {
    {.name = "model",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.model),
     .choices = klf_fit_model_choices,
     .metavar = "NAME",
     .value = "auto",
     .help =
         "plateau: a (1 - b^x); tanh: alpha tanh(beta x); asymptote: u / (1 + u), u = p x^2 cosh(c x), the family of (2.35); "
         "auto: plateau for layers, asymptote for Ising models",
     .group = "What is fitted"},
    {.name = "quantity",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.quantity),
     .choices = klf_fit_quantity_choices,
     .given_offset = offsetof(fit_options, config.quantity_given),
     .metavar = "NAME",
     .value = "kl_per_neuron",
     .help = "of a result file: kl_per_neuron, kl, or kl_meanfield_per_neuron"},
    {.name = "select",
     .type = KLF_OPTION_TEXTS,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.select),
     .metavar = "AXIS=VALUE",
     .otherwise = "all",
     .help = "only this value of var_w, var_b, depth, seed or input; may be repeated"},
    {.name = "first-layer",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.first),
     .given_offset = offsetof(fit_options, config.first_given),
     .max = 100000,
     .metavar = "N",
     .otherwise = "the reference layer",
     .help = "first layer to fit"},
    {.name = "last-layer",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.last),
     .given_offset = offsetof(fit_options, config.last_given),
     .max = 100000,
     .metavar = "N",
     .otherwise = "the last of that width",
     .help = "last layer to fit"},
    {.name = "x-min",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.x_min),
     .either_sign = true,
     .metavar = "X",
     .otherwise = "all",
     .help = "of a table or Ising model, only points with x >= X"},
    {.name = "x-max",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.x_max),
     .either_sign = true,
     .metavar = "X",
     .otherwise = "all",
     .help = "only points with x <= X, such as K_c"},
    {.name = "average",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.average),
     .help = "fit the mean over the seeds of the sweep, with errors by leaving out one network at a time"},
    {.name = "table",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, table),
     .metavar = "FILE",
     .otherwise = "a result file",
     .help =
         "fit a text file instead: a line each of x, y and, if known, the standard error of y, separated by commas or blanks"},
    {.name = "hold",
     .type = KLF_OPTION_TEXTS,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.hold),
     .metavar = "NAME=VALUE",
     .otherwise = "none",
     .help = "do not fit this parameter but hold it at that value"},
    {.name = "errors",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, config.errors),
     .choices = klf_fit_errors_choices,
     .metavar = "NAME",
     .value = "auto",
     .help = "of the parameters: given (by the points' errors as they stand), scaled (those times sqrt(chi2/dof)), equal (all "
             "points weigh the same; by their scatter), or auto: scaled for single networks and across var_w, given for means "
             "and for tables with errors, else equal",
     .group = "How"},
    {.name = "output",
     .letter = 'o',
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, output),
     .metavar = "FILE",
     .otherwise = "no file",
     .help = "write the fits to this HDF5 file, which klflow plot draws",
     .group = "Output"},
    {.name = "force",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, force),
     .help = "overwrite a file that exists"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(fit_options, json),
     .help = "print one line of JSON a fit instead of tables"},
};

/* Which variable of the result files of other commands is a curve, and which curve. */
static const struct {
    const char *schema, *group, *name[2];
    int         model;
} known[] = {{KLF_SCHEMA_ISING1D, "ising1d", {"coupling", "s_inf"}, KLF_FIT_ASYMPTOTE},
             {KLF_SCHEMA_ISING2D, "ising2d", {"coupling", "s_inf"}, KLF_FIT_ASYMPTOTE}};

enum { N_KNOWN = sizeof known / sizeof known[0] };

/* HDF5 may crash on a damaged file: it is read by a process of its own first, which compares all checksums. */
static klf_status run_file(const klf_fit_config *config, const char *path, klf_fit_result *result)
{
    klf_status   st = KLF_OK;
    klf_kl_file *file = NULL;
    char        *summary = NULL, *schema = NULL;
    klf_xy_table points = {0};
    double      *column[2] = {NULL, NULL};
    size_t       k = 0;
    KLF_TRY(klf_guarded_check(klf_store_check, path, klf_check_patience_s(path), &summary));
    KLF_TRY(klf_store_read_schema(path, &schema));
    while (k < N_KNOWN && strcmp(schema, known[k].schema) != 0)
        k++;
    if (k == N_KNOWN) {
        KLF_TRY(klf_store_read_kl(path, &file));
        st = klf_fit_run_kl(config, file, result);
    } else {
        KLF_TRY(klf_store_read_columns(path, known[k].group, known[k].name, &points.n, column));
        points.x = column[0];
        points.y = column[1];
        st = klf_fit_run_points(config, &points, known[k].name, known[k].model, result);
    }
done:
    klf_xy_table_free(&points);
    klf_store_free_kl(file);
    free(schema);
    free(summary);
    return st;
}

static klf_status run(const fit_options *options, const klf_arguments *arguments, klf_fit_result *result)
{
    static const char *const names[] = {"x", "y"};
    klf_status               st = KLF_OK;
    klf_xy_table             points = {0};
    const klf_fit_config    *config = &options->config;
    if (options->table != NULL && arguments->n_positional > 0)
        return klf_fail(KLF_ERR_USAGE, "klflow fit takes a result file or --table, not both");
    if (options->table == NULL && arguments->n_positional == 0)
        return klf_fail(KLF_ERR_USAGE, "klflow fit needs a result file, or numbers: --table FILE");
    if (config->x_min > config->x_max)
        return klf_fail(KLF_ERR_USAGE, "--x-min %g is above --x-max %g", config->x_min, config->x_max);
    if (options->table == NULL)
        return run_file(config, arguments->positional[0], result);
    KLF_TRY(klf_xy_table_read(options->table, &points));
    st = klf_fit_run_points(config, &points, names, KLF_FIT_MODEL_AUTO, result);
done:
    klf_xy_table_free(&points);
    return st;
}

/* Before any work. */
static klf_status check_output(const fit_options *options, const klf_arguments *arguments)
{
    const char *input = options->table != NULL ? options->table : arguments->positional[0];
    if (options->output == NULL || input == NULL)
        return KLF_OK;
    if (klf_same_file(options->output, input))
        return klf_fail(KLF_ERR_USAGE, "--output would replace %s, which is to be fitted", klf_quoted_path(input).text);
    return klf_store_check_output(options->output, options->force);
}

static klf_status judge(const klf_fit_result *result)
{
    size_t first = 0;
    if (result->n_failed == 0)
        return KLF_OK;
    while (result->entry[first].refusal == NULL && result->entry[first].fit.converged)
        first++;
    const klf_fit_entry *e = &result->entry[first];
    const char          *reason = e->refusal != NULL ? e->refusal
                                  : e->fit.verdict == KLF_FIT_STOPPED
                                      ? "the fit did not converge"
                                      : "the curve does not determine both parameters, as one that does not bend or is flat";
    if (result->n_curves == 1)
        return klf_fail(KLF_ERR_DATA, "%s", reason);
    return klf_fail(KLF_ERR_DATA, "%zu of %zu fits failed, first that of row %zu: %s", result->n_failed, result->n_curves,
                    first + 1, reason);
}

int klf_cmd_fit(int argc, char **argv)
{
    fit_options    options = {.config = {.x_min = NAN, .x_max = NAN}};
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {.max_positional = 1};
    klf_fit_result result = {0};
    klf_status     st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    options.config.quantity_given = false; /* so far it was the default */
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        goto done;
    }
    KLF_TRY(check_output(&options, &arguments));
    KLF_TRY(run(&options, &arguments, &result));
    if (options.output != NULL)
        KLF_TRY(klf_fit_write(options.output, options.force, options.table != NULL ? options.table : arguments.positional[0],
                              &result));
    if (options.json)
        klf_fit_print_json(&result);
    else if (result.n_curves > 1 || result.entry[0].refusal == NULL)
        klf_fit_print_tables(&result);
    KLF_TRY(klf_flush_stdout());
    st = judge(&result);
done:
    klf_fit_result_free(&result);
    klf_options_free(&set);
    return klf_report(st);
}
