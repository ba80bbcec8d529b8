/* SPDX-License-Identifier: BSD-3-Clause */
/* A config as YAML text by its section's option table. */
#ifndef KLFLOW_RUN_CONFIG_TEXT_H
#define KLFLOW_RUN_CONFIG_TEXT_H

#include "run/section.h"

/* Writes the rows of KLF_IN_RECORD, those of the section below its name and those of the top level behind them; what the config
 * has not set as comments. `reason`, which may be NULL, gives words in the place of a value that another option makes
 * meaningless, or NULL; `keep`, likewise, is false for rows to leave out. The caller frees *text. */
klf_status klf_config_text_write(const klf_section *section, const void *config,
                                 const char *(*reason)(const klf_option *option, const void *config),
                                 bool (*keep)(const klf_option *option), char **text);

#endif
