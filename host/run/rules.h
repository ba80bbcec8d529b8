/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules between the options of a config, and those that all configs share. Every broken one is told, the first one stays. */
#ifndef KLFLOW_RUN_RULES_H
#define KLFLOW_RUN_RULES_H

#include "klflow/kl_config.h"
#include "run/section.h"

typedef struct klf_rules {
    klf_complaint *complain; /* NULL: nobody listens */
    void          *arg;
    klf_status     status; /* begins as KLF_OK; KLF_ERR_USAGE once a rule is broken, with the sentence of the first */
} klf_rules;

/* The keys concerned, other may be NULL, and the sentence. */
__attribute__((format(printf, 4, 5))) void klf_rule_broken(klf_rules *rules, const char *key, const char *other,
                                                           const char *format, ...);

/* A list that spans a grid: at most max_length values, none twice. */
void klf_rule_reals(klf_rules *rules, const char *key, const klf_list_real *list, size_t max_length);
void klf_rule_list_length(klf_rules *rules, const char *key, size_t n, size_t max_length);

/* A picture ends in a suffix by which plot.py knows what to draw. path: NULL if there is none. */
void klf_rule_picture(klf_rules *rules, const char *path);

/* A file that is written must be no other one of the run: with --force it would replace what the run reads. Paths may be NULL.
 */
void klf_rule_written(klf_rules *rules, const char *key, const char *path, const char *other_key, const char *other);

#endif
