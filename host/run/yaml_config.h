/* SPDX-License-Identifier: BSD-3-Clause */
/* A YAML file with one section (kl:, ...), output: and plot: into that section's config. docs/config.md says what a file may
 * hold. */
#ifndef KLFLOW_RUN_YAML_CONFIG_H
#define KLFLOW_RUN_YAML_CONFIG_H

#include "run/problems.h"
#include "run/section.h"

/* Reads a whole text file: KLF_ERR_NOINPUT if it cannot be, KLF_ERR_CONFIG if it is far too large to be a config. *text ends in
 * a NUL that *length does not count; the caller frees it. */
klf_status klf_read_config_file(const char *path, char **text, size_t *length);

/* The first section that the file has; where none is found, or the file is no YAML, the first of all: klf_yaml_config_load then
 * says what is wrong. */
const klf_section *klf_yaml_config_section(const char *text, size_t length);

/* Puts a file's keys into the config of the set (made by klf_section_options) and completes it. Options that the set has from
 * the command line stay, their values in the file are only checked. KLF_ERR_CONFIG, with every problem of the file in
 * `problems`, sorted; KLF_ERR_USAGE if all of them are of the command line. */
klf_status klf_yaml_config_load(const char *text, size_t length, const klf_section *section, klf_option_set *set,
                                klf_problems *problems);

#endif
