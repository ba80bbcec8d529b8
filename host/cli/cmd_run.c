/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow run: a YAML file, with overrides from the command line. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/kl_execute.h"
#include "cli/report.h"
#include "run/yaml_config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "klflow run FILE.yaml [options]\n"
                            "Runs what a YAML file asks for: the options of `klflow kl` in snake_case under\n"
                            "kl:, and output: and plot: beside it. Options given here win over the file.\n"
                            "Every problem of the file is reported in one run.";

typedef struct run_options {
    klf_list_text set;
} run_options;

static const klf_option table[] = {
    {.name = "set",
     .type = KLF_OPTION_TEXTS,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(run_options, set),
     .metavar = "KEY=VALUE",
     .help = "set a key as on the command line of `klflow kl` (--set var_w=1.5,2.0); may be repeated"},
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

/* Runs the config. A value of the file that only the run finds wrong (an image number beyond the last) is a problem of the file
 * like any other, and is reported where its key stands. */
static int execute(const char *path, const char *text, const klf_option_set *set)
{
    const char       *blame = NULL;
    klf_status        st = klf_kl_execute(set->target, &blame);
    const unsigned    keys = KLF_IN_SECTION | KLF_IN_TOP;
    const klf_option *option = st == KLF_ERR_USAGE && blame != NULL ? klf_option_find(set->table, set->n, keys, blame) : NULL;
    const klf_origin *origin = option != NULL ? &set->origin[option - set->table] : NULL;
    if (origin == NULL || origin->from != KLF_FROM_FILE)
        return klf_report(st);
    char        sentence[1024];
    klf_problem problem = {.line = origin->line, .column = origin->column, .sentence = sentence};
    snprintf(sentence, sizeof sentence, "%s", klf_last_error());
    print_problem(path, text, &problem);
    return KLF_ERR_CONFIG;
}

static int load_and_execute(const char *path, klf_option_set *set)
{
    char        *text = NULL;
    size_t       length = 0;
    klf_problems problems = {0};
    klf_status   st = klf_read_config_file(path, &text, &length);
    if (st == KLF_OK)
        st = klf_yaml_config_load(text, length, set, &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_problem(path, text, &problems.v[i]);
    if (problems.more)
        fprintf(stderr, "klflow: %s has more problems than these %zu\n", path, problems.n);
    int code = problems.n > 0 ? (int)st : klf_report(st);
    if (code == 0)
        code = execute(path, text, set);
    klf_problems_free(&problems);
    free(text);
    return code;
}

static int run(klf_option_set *sets, const run_options *options, const klf_arguments *arguments)
{
    if (arguments->n_positional == 0)
        return klf_report(klf_fail(KLF_ERR_USAGE, "klflow run needs a YAML file"));
    for (size_t i = 0; i < options->set.n; i++) {
        klf_status st = klf_options_override(&sets[SHARED], options->set.v[i]);
        if (st != KLF_OK)
            return klf_report(st);
    }
    ((klf_kl_config *)sets[SHARED].target)->config_file = arguments->positional[0];
    return load_and_execute(arguments->positional[0], &sets[SHARED]);
}

int klf_cmd_run(int argc, char **argv)
{
    klf_kl_config config;
    run_options   options = {0};
    klf_kl_config_init(&config);
    klf_option_set sets[N_SETS] = {
        [OWN] = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options},
        [SHARED] = klf_kl_option_set(&config, KLF_IN_RUN),
    };
    klf_arguments arguments = {.max_positional = 1};
    klf_status    st = klf_options_parse(sets, N_SETS, argc - 1, argv + 1, &arguments);
    int           code = 0;
    if (st != KLF_OK)
        code = klf_report(st);
    else if (arguments.help)
        klf_help_print(usage, sets, N_SETS);
    else
        code = run(sets, &options, &arguments);
    klf_options_free(&sets[OWN]);
    klf_kl_config_free(&config);
    return code;
}
