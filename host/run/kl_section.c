/* SPDX-License-Identifier: BSD-3-Clause */
/* kl: as a section of config files. */
#include "run/kl_options.h"

static klf_status init(void *config)
{
    klf_kl_config_init(config);
    return KLF_OK;
}

static void release(void *config)
{
    klf_kl_config_free(config);
}

static klf_status check(void *config, klf_complaint *complain, void *arg)
{
    return klf_kl_config_check(config, complain, arg);
}

static klf_status text(const void *config, char **out)
{
    return klf_kl_config_text(config, out);
}

const klf_section klf_kl_section = {.name = "kl",
                                    .table = klf_kl_options,
                                    .n = KLF_KL_N_OPTIONS,
                                    .config_size = sizeof(klf_kl_config),
                                    .config_file = offsetof(klf_kl_config, config_file),
                                    .init = init,
                                    .free = release,
                                    .check = check,
                                    .text = text};
