/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow ising2d: the decimation of the square lattice. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/ising2d_output.h"
#include "cli/report.h"
#include "run/options.h"

#include <assert.h>
#include <stddef.h>

typedef struct ising2d_options {
    klf_ising2d_config config;
    bool               json;
} ising2d_options;

const char *const klf_ising2d_scheme_names[] = {"alpha", "maris-kadanoff", "naive", "wilson", NULL};

static_assert(sizeof(klf_ising2d_scheme) == sizeof(int), "options store choices as int");
static_assert(KLF_ISING2D_ALPHA == 0 && KLF_ISING2D_MARIS_KADANOFF == 1 && KLF_ISING2D_NAIVE == 2 && KLF_ISING2D_WILSON == 3,
              "choices are in the order of their enum");

static const klf_option table[] = {
    {.name = "coupling",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, config.coupling),
     .given_offset = offsetof(ising2d_options, config.coupling_given),
     .either_sign = true,
     .metavar = "K",
     .help = "coupling K of neighbours before the first step, in units of the temperature; below 0 an antiferromagnet"},
    {.name = "steps",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, config.steps),
     .min = 0,
     .max = KLF_ISING2D_MAX_STEPS,
     .metavar = "N",
     .value = "12",
     .help = "decimation steps"},
    {.name = "scheme",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, config.scheme),
     .choices = klf_ising2d_scheme_names,
     .metavar = "NAME",
     .value = "alpha",
     .help =
         "how a step's couplings are cut down to few: alpha (2.43), maris-kadanoff (2.39) and naive (2.38b) keep one, wilson "
         "two, K and L"},
    {.name = "alpha",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, config.alpha),
     .given_offset = offsetof(ising2d_options, config.alpha_given),
     .positive = true,
     .metavar = "A",
     .otherwise = "alpha* = 1.6045...",
     .help = "alpha of scheme alpha; alpha* is the one whose fixed point is the exact K_c"},
    {.name = "constants",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, config.constants),
     .help = "instead of a coupling: fixed points, critical couplings and exponents of the schemes"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising2d_options, json),
     .help = "print one JSON object"},
};

static const char usage[] = "klflow ising2d --coupling K [options]\n"
                            "The Ising model on the square lattice under checkerboard decimation: its\n"
                            "coupling and the relative entropy s in units of N ln 2, step by step in an\n"
                            "approximate scheme, beside what is known exactly of the infinite plane.";

static void print_constants(bool json)
{
    klf_ising2d_constants constants = klf_ising2d_constants_get();
    if (json)
        klf_ising2d_print_constants_json(&constants);
    else
        klf_ising2d_print_constants(&constants);
}

int klf_cmd_ising2d(int argc, char **argv)
{
    ising2d_options options = {0};
    klf_option_set  set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments   arguments = {0};
    static klf_ising2d_result result;
    klf_status                st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        goto done;
    }
    KLF_TRY(klf_ising2d_check(&options.config));
    if (options.config.constants) {
        print_constants(options.json);
        goto done;
    }
    KLF_TRY(klf_ising2d_run(&options.config, &result));
    if (options.json)
        klf_ising2d_print_json(&options.config, &result);
    else
        klf_ising2d_print_tables(&options.config, &result);
done:
    return klf_report(st);
}
