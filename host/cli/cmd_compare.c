/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow compare: how far two result files are from each other, and whether that is rounding, chance, or neither. */
#include "cli/commands.h"

#include "cli/compare_output.h"
#include "cli/guarded_check.h"
#include "cli/help.h"
#include "cli/report.h"

#include <math.h>
#include <stddef.h>

static const char usage[] = "klflow compare A.h5 B.h5 [options]\n"
                            "Compares the results of two runs layer by layer, worst first. Of the same\n"
                            "samples they may differ by rounding: by the bias bounds that both files state,\n"
                            "by 5 of the standard errors of rounding, which matter where few samples average\n"
                            "it out, and by 1e-12 of Q, in which sums over samples differ. Of different\n"
                            "samples they may also differ by their combined standard error: 5 of it for one\n"
                            "layer, more where there are many.\n"
                            "Exit code 0: within that; 1: beyond it; 65: a file is damaged, or the two are\n"
                            "of different networks or points, which cannot be compared.";

typedef struct compare_options {
    double rtol, sigmas;
    bool   json;
} compare_options;

static const klf_option table[] = {
    {.name = "rtol",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(compare_options, rtol),
     .metavar = "X",
     .otherwise = "as the files state",
     .help = "most that rounding may do, relative to Q; 0: equal bits"},
    {.name = "sigmas",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .positive = true,
     .offset = offsetof(compare_options, sigmas),
     .metavar = "X",
     .otherwise = "5",
     .help = "most combined standard errors for a layer alone, where the samples differ"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(compare_options, json),
     .help = "print one line of JSON a point instead of a table"},
};

static klf_status judge(const klf_kl_comparison *c)
{
    if (c->n_beyond == 0)
        return KLF_OK;
    const klf_kl_match         *worst = &c->match[0];
    const klf_layer_difference *layer = &worst->difference.layer[0];
    if (c->n == 1)
        return klf_fail(KLF_ERR_DIFFERENT, "the files differ by more than is tolerated, most at layer %zu", layer->layer);
    return klf_fail(KLF_ERR_DIFFERENT,
                    "the files differ by more than is tolerated at %zu of %zu points, most at layer %zu of point %zu",
                    c->n_beyond, c->n, layer->layer, worst->index + 1);
}

static klf_status compare(const char *const *path, const compare_options *options)
{
    klf_status        st = KLF_OK;
    klf_kl_file      *a = NULL, *b = NULL;
    klf_kl_comparison comparison = {0};
    KLF_TRY(klf_guarded_read_kl(path[0], &a));
    KLF_TRY(klf_guarded_read_kl(path[1], &b));
    KLF_TRY(klf_kl_compare_files(a, path[0], b, path[1], (klf_tolerance){.relative = options->rtol, .sigmas = options->sigmas},
                                 &comparison));
    if (options->json)
        klf_comparison_print_json(&comparison);
    else
        klf_comparison_print_table(path[0], a, path[1], b, &comparison);
    st = judge(&comparison);
done:
    klf_kl_comparison_free(&comparison);
    klf_store_free_kl(a);
    klf_store_free_kl(b);
    return st;
}

int klf_cmd_compare(int argc, char **argv)
{
    compare_options options = {.rtol = NAN, .sigmas = NAN};
    klf_option_set  set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments   arguments = {.max_positional = 2};
    klf_status      st = klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments);
    if (st != KLF_OK)
        return klf_report(st);
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        return 0;
    }
    if (arguments.n_positional < 2)
        return klf_report(klf_fail(KLF_ERR_USAGE, "klflow compare needs two result files"));
    st = compare(arguments.positional, &options);
    if (st == KLF_OK || st == KLF_ERR_DIFFERENT) { /* a verdict that was lost on the way is none */
        klf_status lost = klf_flush_stdout();
        if (lost != KLF_OK)
            return klf_report(lost);
    }
    return klf_report(st);
}
