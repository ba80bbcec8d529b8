/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow kl: the relative entropy of a network's layers, from options alone. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/kl_execute.h"
#include "cli/report.h"
#include "run/kl_options.h"

static const char usage[] = "klflow kl [options]\n"
                            "Relative entropy (KL divergence, in nats) of the layers of random tanh networks\n"
                            "to a reference layer, by Monte Carlo, with the mean-field curve beside it.\n"
                            "Values in brackets are defaults. `klflow run` takes the same options from a\n"
                            "YAML file.";

int klf_cmd_kl(int argc, char **argv)
{
    klf_kl_config config;
    klf_kl_config_init(&config);
    klf_option_set set = klf_kl_option_set(&config, KLF_IN_KL);
    klf_arguments  arguments = {0};
    const char    *blame = NULL; /* the sentence says it */
    klf_status     st = klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments);
    if (st == KLF_OK && !arguments.help)
        st = klf_kl_config_complete(&config);
    if (st == KLF_OK && arguments.help)
        klf_help_print(usage, &set, 1);
    else if (st == KLF_OK)
        st = klf_kl_execute(&config, &blame);
    int code = klf_report(st);
    klf_kl_config_free(&config);
    return code;
}
