/* SPDX-License-Identifier: BSD-3-Clause */
/* Words in messages: "did you mean ...?" */
#ifndef KLFLOW_RUN_TEXT_H
#define KLFLOW_RUN_TEXT_H

#include <stddef.h>

/* The known word that is closest to a misspelt one. Start with {.word = "..."}, offer every candidate, then read best. */
typedef struct klf_suggestion {
    const char *word;
    const char *best; /* NULL if nothing is close */
    size_t      distance;
} klf_suggestion;

/* Distance: insertions, deletions, replacements and swaps of neighbours, with '-' equal to '_' and case ignored. */
void klf_suggestion_offer(klf_suggestion *suggestion, const char *candidate);

#endif
