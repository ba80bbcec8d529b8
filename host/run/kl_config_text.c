/* SPDX-License-Identifier: BSD-3-Clause */
/* A complete kl: config as YAML (config_text.h), whole or only what the numbers depend on. */
#include "run/config_text.h"
#include "run/kl_options.h"

/* What another option makes meaningless is left out, as it would be refused in a file. */
static const char *reason_to_omit(const klf_option *option, const void *target)
{
    const klf_kl_config *config = target;
    bool                 architecture = option->offset == offsetof(klf_kl_config, architecture);
    if (architecture && config->network != NULL)
        return "that of the network file";
    if (architecture && config->widths.n > 0)
        return "not used with explicit widths";
    if (klf_option_is_unset(option, config) && option->otherwise == NULL)
        return "that of the network file";
    return NULL;
}

static bool numbers_depend_on(const klf_option *option)
{
    return option->offset != offsetof(klf_kl_config, threads) && option->offset != offsetof(klf_kl_config, output) &&
           option->offset != offsetof(klf_kl_config, plot);
}

klf_status klf_kl_config_text(const klf_kl_config *config, char **text)
{
    return klf_config_text_write(&klf_kl_section, config, reason_to_omit, NULL, text);
}

klf_status klf_kl_config_identity(const klf_kl_config *config, char **text)
{
    return klf_config_text_write(&klf_kl_section, config, reason_to_omit, numbers_depend_on, text);
}
