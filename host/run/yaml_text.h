/* SPDX-License-Identifier: BSD-3-Clause */
/* What is looked at in a YAML file before libfyaml sees it, because it cannot be trusted with it:
 * - characters: UTF-8, and of Unicode what YAML 1.2 calls printable (its rule c-printable);
 * - explicit keys ("? key"), of which a config has no need. */
#ifndef KLFLOW_RUN_YAML_TEXT_H
#define KLFLOW_RUN_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct klf_yaml_refusal {
    int  line, column; /* from 1; columns count characters */
    char sentence[80];
} klf_yaml_refusal;

/* True if text[0 .. length-1] may be parsed; else *refusal is the first thing in it that must not. */
bool klf_yaml_text_check(const char *text, size_t length, klf_yaml_refusal *refusal);

#endif
