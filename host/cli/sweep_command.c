/* SPDX-License-Identifier: BSD-3-Clause */
/* Hooks a sweep up to stdout, signals and the plot. With a result file tables are printed of a single point only: those of many
 * are what the file is for. */
#include "cli/sweep_command.h"

#include "cli/help.h"
#include "cli/json_line.h"
#include "cli/plotter.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "klflow/build_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct session {
    const klf_sweep_printer *printer;
    const void              *config;
    const klf_sweep_output  *output;
    klf_status               lost; /* stdout failed */
} session;

static void on_point(void *arg, size_t index, const klf_sweep *sweep, const void *result)
{
    session *s = arg;
    if (s->lost != KLF_OK)
        return;
    if (s->output->json) {
        s->printer->json(s->config, result);
    } else if (s->output->file == NULL || sweep->n_points == 1) {
        if (index > 0)
            putchar('\n');
        s->printer->tables(s->config, result);
    }
    s->lost = klf_flush_stdout();
    if (s->lost != KLF_OK && s->output->file == NULL)
        klf_stop = 1; /* nobody would get the results */
}

/* "ising1d: 6 couplings", "meanfield: 5 x 2 points" */
static void print_size(FILE *out, const klf_sweep_kind *kind, const klf_sweep *sweep)
{
    fprintf(out, "%s: ", kind->section->name);
    for (size_t i = 0; i < sweep->n_point_axes; i++)
        fprintf(out, "%s%zu", i > 0 ? " x " : "", sweep->axis[i].size);
    fprintf(out, " %s%s", kind->point, sweep->n_points == 1 ? "" : "s");
}

static void print_range(const klf_sweep_axis *axis)
{
    double low = 0.0, high = (double)(axis->size - 1);
    for (size_t i = 0; axis->values != NULL && i < axis->size; i++) {
        low = i == 0 || axis->values[i] < low ? axis->values[i] : low;
        high = i == 0 || axis->values[i] > high ? axis->values[i] : high;
    }
    if (axis->size == 1)
        printf("%-12s %.10g\n", axis->name, low);
    else
        printf("%-12s %.10g to %.10g, %zu values\n", axis->name, low, high, axis->size);
}

/* Wrapped at the width of a terminal. */
static void print_quantities(const klf_sweep_kind *kind, const klf_sweep *sweep)
{
    enum { MARGIN = 12, WIDTH = 80 };
    int column = printf("%-*s", MARGIN, "quantities");
    for (size_t q = 0; q < kind->n_quantities; q++) {
        const char *name = kind->quantity[q].name;
        if (!klf_sweep_has(sweep, &kind->quantity[q]))
            continue;
        if (column + 1 + (int)strlen(name) > WIDTH)
            column = printf("\n%-*s", MARGIN, "") - 1;
        column += printf(" %s", name);
    }
    putchar('\n');
}

static klf_status print_plan_json(const klf_sweep_kind *kind, const klf_sweep_output *output, const klf_sweep *sweep)
{
    const char **name = malloc(kind->n_quantities * sizeof *name);
    size_t       n = 0;
    if (name == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory to print the plan");
    for (size_t q = 0; q < kind->n_quantities; q++)
        if (klf_sweep_has(sweep, &kind->quantity[q]))
            name[n++] = kind->quantity[q].name;
    klf_json_begin();
    klf_json_text("section", kind->section->name);
    klf_json_whole("points", sweep->n_points);
    klf_json_open("axes");
    for (size_t i = 0; i < sweep->n_axes; i++)
        klf_json_whole(sweep->axis[i].name, sweep->axis[i].size);
    klf_json_close();
    klf_json_texts("quantities", name, n);
    klf_json_real("result_bytes", 8.0 * klf_sweep_n_values(kind, sweep));
    klf_json_text("output", output->file);
    klf_json_text("plot", output->plot);
    klf_json_end();
    free(name);
    return KLF_OK;
}

static void say_needs(const klf_sweep_printer *printer, const void *config, FILE *out, const char *before)
{
    char text[200] = "";
    if (printer->needs != NULL)
        printer->needs(config, text, sizeof text);
    if (text[0] != '\0')
        fprintf(out, "%s%s\n", before, text);
}

static klf_status print_plan(const klf_sweep_printer *printer, const void *config)
{
    const klf_sweep_kind   *kind = printer->kind;
    const klf_sweep_output *output = klf_sweep_output_of(kind, config);
    klf_sweep               sweep;
    klf_sweep_plan(kind, config, &sweep);
    if (output->json)
        return print_plan_json(kind, output, &sweep);
    print_size(stdout, kind, &sweep);
    putchar('\n');
    for (size_t i = 0; i < sweep.n_axes; i++)
        print_range(&sweep.axis[i]);
    print_quantities(kind, &sweep);
    say_needs(printer, config, stdout, "needs        ");
    double megabytes = 8e-6 * klf_sweep_n_values(kind, &sweep);
    if (output->file != NULL)
        printf("%-12s %s, %.3g %s before compression\n", "output", output->file, megabytes < 1e3 ? megabytes : 1e-3 * megabytes,
               megabytes < 1e3 ? "MB" : "GB");
    if (output->plot != NULL)
        printf("%-12s %s\n", "plot", output->plot);
    return KLF_OK;
}

/* A plot that cannot be drawn should not be found out after the work. */
static klf_status check_plot(const klf_sweep_output *output)
{
    klf_status st = klf_store_check_output(output->plot, output->force);
    return st == KLF_OK ? klf_plotter_check() : st;
}

static void announce(const session *s)
{
    klf_sweep sweep;
    klf_sweep_plan(s->printer->kind, s->config, &sweep);
    fprintf(stderr, "klflow %s: ", klf_build_info_get()->version);
    print_size(stderr, s->printer->kind, &sweep);
    fprintf(stderr, ", to %s\n", s->output->file);
}

static klf_status run(session *s)
{
    klf_sweep_hooks hooks = {.arg = s, .point = on_point, .cancel = &klf_stop};
    if (s->output->file != NULL && !s->output->quiet)
        announce(s);
    if (!s->output->quiet)
        say_needs(s->printer, s->config, stderr, "klflow: needs ");
    klf_signals_catch();
    klf_status st = klf_sweep_run(s->printer->kind, s->config, &hooks);
    if (klf_signal_seen != 0)
        fprintf(stderr, "klflow: %s\n",
                st == KLF_OK ? "interrupted; the results are whole" : "interrupted; no result file was written");
    klf_signals_obey();
    if (s->lost != KLF_OK)
        return klf_flush_stdout();
    if (st == KLF_OK && s->output->plot != NULL)
        st = klf_plotter_draw(s->output->file, s->output->plot, s->output->force);
    klf_signals_obey();
    return st;
}

klf_status klf_sweep_execute(const klf_sweep_printer *printer, const void *config, const char **blame)
{
    session    s = {.printer = printer, .config = config, .output = klf_sweep_output_of(printer->kind, config)};
    klf_status st = s.output->plot != NULL ? check_plot(s.output) : KLF_OK;
    *blame = NULL;
    if (st == KLF_OK && s.output->file != NULL)
        st = klf_store_check_output(s.output->file, s.output->force);
    if (st != KLF_OK)
        return st;
    return s.output->dry_run ? print_plan(printer, config) : run(&s);
}

int klf_sweep_command(const klf_sweep_printer *printer, int argc, char **argv)
{
    const klf_section *section = printer->kind->section;
    klf_status         st = KLF_OK;
    klf_arguments      arguments = {0};
    const char        *blame = NULL; /* the sentence says it */
    void              *config = calloc(1, section->config_size);
    if (config == NULL)
        return klf_report(klf_fail(KLF_ERR_MEMORY, "no memory for the config"));
    klf_option_set set = klf_section_options(section, config, KLF_IN_COMMAND);
    KLF_TRY(section->init(config));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(printer->usage, &set, 1);
        goto done;
    }
    KLF_TRY(section->check(config, NULL, NULL));
    if (printer->instead == NULL || !printer->instead(config))
        KLF_TRY(klf_sweep_execute(printer, config, &blame));
done:
    section->free(config);
    free(config);
    return klf_report(st);
}
