/* SPDX-License-Identifier: BSD-3-Clause */
/* The characters that a YAML file may hold: UTF-8, and of Unicode what YAML 1.2 calls printable (its rule c-printable). */
#ifndef KLFLOW_RUN_YAML_CHARACTERS_H
#define KLFLOW_RUN_YAML_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct klf_bad_character {
    int  line, column; /* from 1; columns count characters */
    char sentence[80];
} klf_bad_character;

/* True if text[0 .. length-1] is such a text; else *bad is its first character that is not. */
bool klf_yaml_characters_check(const char *text, size_t length, klf_bad_character *bad);

#endif
