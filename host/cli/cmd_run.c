/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow run: a YAML file, with overrides from the command line. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/kl_execute.h"
#include "cli/report.h"
#include "cli/sweep_command.h"
#include "core/quote.h"
#include "run/yaml_config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "klflow run FILE.yaml [options]\n"
                            "Runs what a YAML file asks for: a command's options in snake_case under the\n"
                            "command's name as a key, and output: and plot: beside it. Options given here\n"
                            "win over the file. Every problem of the file is reported in one run.";

typedef struct run_options {
    klf_list_text set;
} run_options;

static const klf_option table[] = {
    {.name = "set",
     .type = KLF_OPTION_TEXTS,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(run_options, set),
     .metavar = "KEY=VALUE",
     .help = "set a key of the file as on the command line (--set var_w=1.5,2.0); may be repeated"},
};

enum { OWN, SHARED, N_SETS };

/* On a terminal the line and a caret follow the message; logs get one line a problem. */
static void print_problem(const char *path, const char *text, const klf_problem *problem)
{
    if (problem->line == 0) {
        fprintf(stderr, "klflow: %s\n", problem->sentence);
        return;
    }
    fprintf(stderr, "%s:%d:%d: %s\n", path, problem->line, problem->column, problem->sentence);
    if (!isatty(STDERR_FILENO))
        return;
    for (int line = 1; line < problem->line && text != NULL; line++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    if (text != NULL)
        fprintf(stderr, "  %.*s\n  %*s\n", (int)strcspn(text, "\r\n"), text, problem->column, "^");
}

static const klf_sweep_printer *const printers[] = {&klf_ising1d_printer, &klf_ising2d_printer, &klf_meanfield_printer};

_Static_assert(1 + sizeof printers / sizeof printers[0] == KLF_N_SECTIONS, "every section can be run");

static klf_status execute(const klf_section *section, const void *config, const char **blame)
{
    if (section == &klf_kl_section)
        return klf_kl_execute(config, blame);
    size_t i = 0;
    while (printers[i]->kind->section != section)
        i++;
    return klf_sweep_execute(printers[i], config, blame);
}

/* A file that is being run: its text, its section and the config that the section fills. */
typedef struct job {
    const char        *path;
    char              *text;
    size_t             length;
    const klf_section *section;
    void              *config;
    klf_option_set     set;
} job;

/* Runs the config. A value of the file that only the run finds wrong (an image number beyond the last) is a problem of the file
 * like any other, and is reported where its key stands. */
static int execute_job(const job *j)
{
    const char       *blame = NULL;
    klf_status        st = execute(j->section, j->config, &blame);
    const unsigned    keys = KLF_IN_SECTION | KLF_IN_TOP;
    const klf_option *option = st == KLF_ERR_USAGE && blame != NULL ? klf_option_find(j->set.table, j->set.n, keys, blame)
                                                                    : NULL;
    const klf_origin *origin = option != NULL ? &j->set.origin[option - j->set.table] : NULL;
    if (origin == NULL || origin->from != KLF_FROM_FILE)
        return klf_report(st);
    char        sentence[1024];
    klf_problem problem = {.line = origin->line, .column = origin->column, .sentence = sentence};
    snprintf(sentence, sizeof sentence, "%s", klf_last_error());
    print_problem(j->path, j->text, &problem);
    return KLF_ERR_CONFIG;
}

static int load_and_execute(job *j)
{
    klf_problems problems = {0};
    klf_status   st = klf_yaml_config_load(j->text, j->length, j->section, &j->set, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_problem(j->path, j->text, &problems.v[i]);
    if (problems.more)
        fprintf(stderr, "klflow: %s has more problems than these %zu\n", j->path, problems.n);
    int code = problems.n > 0 ? (int)st : klf_report(st);
    klf_problems_free(&problems);
    return code == 0 ? execute_job(j) : code;
}

static klf_status take_section(const klf_section *section, job *j)
{
    if (j->config != NULL)
        j->section->free(j->config);
    free(j->config);
    j->section = section;
    j->config = calloc(1, section->config_size);
    if (j->config == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the config");
    j->set = klf_section_options(section, j->config, KLF_IN_RUN);
    return section->init(j->config);
}

/* An option that the command line has and the section lacks: said better than as an unknown one, for --help lists it. */
static klf_status check_options(const klf_option_set *given, const klf_section *section, const char *path)
{
    for (size_t i = 0; i < given->n; i++) {
        const klf_option *option = &given->table[i];
        if (given->origin[i].from == KLF_FROM_COMMAND &&
            klf_option_find(section->table, section->n, KLF_IN_RUN, option->name) == NULL)
            return klf_fail(KLF_ERR_USAGE, "%s is for %s: only, and %s has %s:", klf_option_flag_label(option).text,
                            given->section, klf_quoted_path(path).text, section->name);
    }
    return KLF_OK;
}

/* The command line with the options of a section. Only the section of the file knows the keys of --set. */
static klf_status parse(int argc, char **argv, const klf_section *section, bool with_keys, job *j, klf_arguments *arguments)
{
    klf_status     st = KLF_OK;
    run_options    options = {0};
    klf_option_set sets[N_SETS] = {
        [OWN] = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options}};
    *arguments = (klf_arguments){.max_positional = 1};
    KLF_TRY(take_section(section, j));
    sets[SHARED] = j->set;
    KLF_TRY(klf_options_parse(sets, N_SETS, argc - 1, argv + 1, arguments));
    for (size_t i = 0; with_keys && i < options.set.n; i++)
        KLF_TRY(klf_options_override(&sets[SHARED], options.set.v[i]));
    j->set = sets[SHARED];
    if (arguments->help)
        klf_help_print(usage, sets, N_SETS);
done:
    klf_options_free(&sets[OWN]);
    return st;
}

/* In two passes: the first section has every option that any has, and so tells which word of the command line is the file. */
static int run(int argc, char **argv, job *j)
{
    klf_arguments arguments;
    klf_status    st = parse(argc, argv, klf_sections[0], false, j, &arguments);
    if (st != KLF_OK || arguments.help)
        return klf_report(st);
    if (arguments.n_positional == 0)
        return klf_report(klf_fail(KLF_ERR_USAGE, "klflow run needs a YAML file"));
    j->path = arguments.positional[0];
    const klf_status   read = klf_read_config_file(j->path, &j->text, &j->length);
    const klf_section *section = read == KLF_OK ? klf_yaml_config_section(j->text, j->length) : klf_sections[0];
    st = check_options(&j->set, section, j->path);
    if (st == KLF_OK)
        st = parse(argc, argv, section, true, j, &arguments);
    if (st != KLF_OK || read != KLF_OK) /* the sentence is that of the last failure */
        return klf_report(st != KLF_OK ? st : read);
    memcpy((char *)j->config + section->config_file, &j->path, sizeof j->path);
    return load_and_execute(j);
}

int klf_cmd_run(int argc, char **argv)
{
    job j = {0};
    int code = run(argc, argv, &j);
    if (j.config != NULL)
        j.section->free(j.config);
    free(j.config);
    free(j.text);
    return code;
}
