/* SPDX-License-Identifier: BSD-3-Clause */
/* Options as data. One table of rows describes every option of a command: its name, type, range, default and help line. The
 * command line, the keys of a YAML file, --help, the effective config and the tables in docs/ are all made from it.
 *
 *     klf_option_set set = {.table = klf_kl_options, .n = KLF_KL_N_OPTIONS, .where = KLF_IN_KL, .target = &config};
 *     st = klf_options_parse(&set, 1, argc, argv, &arguments);
 */
#ifndef KLFLOW_RUN_OPTIONS_H
#define KLFLOW_RUN_OPTIONS_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum klf_option_type {
    KLF_OPTION_FLAG,   /* bool; takes no value on the command line, true or false in YAML */
    KLF_OPTION_TEXT,   /* char *, owned; NULL: not given. With choices: one of them */
    KLF_OPTION_CHOICE, /* an enum; its value is the index in choices */
    KLF_OPTION_REAL,   /* double */
    KLF_OPTION_WHOLE,  /* uint64_t, or int64_t where max allows */
    KLF_OPTION_REALS,  /* klf_list_real; an element START:STOP:COUNT stands for several (run/spacing.h) */
    KLF_OPTION_WHOLES, /* klf_list_uint */
    KLF_OPTION_TEXTS,  /* klf_list_text; repeated on the command line, a list in YAML */
} klf_option_type;

/* Where a row may be used. */
enum {
    KLF_IN_KL = 1,       /* klflow kl --name */
    KLF_IN_RUN = 2,      /* klflow run FILE --name */
    KLF_IN_SECTION = 4,  /* under kl:, or the section it belongs to, in YAML */
    KLF_IN_TOP = 8,      /* at the top level of YAML */
    KLF_IN_RECORD = 16,  /* in the effective config: it says what is computed, not how it is reported */
    KLF_IN_COMMAND = 32, /* an option of another command, with a table of its own */
};

typedef struct klf_option {
    const char        *name; /* "var-w": --var-w on the command line, var_w in YAML */
    char               letter;
    klf_option_type    type;
    unsigned           where;
    size_t             offset;       /* of the value in the target */
    size_t             given_offset; /* of a bool to set with it; 0: none */
    uint64_t           min, max;     /* WHOLE(S); max of REALS: values of a list that has START:STOP:COUNT; 0: a million */
    bool               positive;     /* REAL(S): > 0, otherwise >= 0 */
    bool               either_sign;  /* REAL(S): any finite number */
    const char *const *choices;      /* NULL-terminated */
    const char *const *unlisted;     /* TEXT: further choices, which help and messages leave out; NULL-terminated */
    const char *const *misnomers;    /* of choices: a word that is none, and the one it means, ...; NULL-terminated */
    klf_status (*check)(const char *text); /* TEXT(S): a rule of its own, with its sentence; NULL: none */
    const char *metavar, *unit;
    const char *value;     /* the default, as on the command line; NULL: none */
    const char *otherwise; /* what happens if there is no default, in words */
    const char *help;
    const char *group; /* heading in --help; NULL: that of the row before */
} klf_option;

/* Who set an option, for messages and for who wins. */
typedef struct klf_origin {
    enum { KLF_NOT_GIVEN, KLF_FROM_COMMAND, KLF_FROM_FILE } from;
    bool refused;      /* its value was wrong: already reported */
    int  line, column; /* KLF_FROM_FILE: of the key */
} klf_origin;

enum { KLF_MAX_OPTIONS = 40 };

typedef struct klf_option_set {
    const klf_option *table;
    size_t            n;       /* <= KLF_MAX_OPTIONS */
    const char       *section; /* of a config file whose keys these are; NULL: they are options of a command only */
    unsigned          where;
    void             *target;
    klf_origin        origin[KLF_MAX_OPTIONS];
} klf_option_set;

typedef struct klf_label {
    char text[48];
} klf_label;

/* "--var-w" and "var_w". */
klf_label klf_option_flag_label(const klf_option *option);
klf_label klf_option_key(const klf_option *option);

typedef struct klf_range {
    char text[200];
} klf_range;

/* What values an option takes, in words that follow "must be": "a whole number from 1 to 100000", "wide or taper". */
klf_range klf_option_range(const klf_option *option);

/* The row of that name or key usable in `where`; NULL if there is none. */
const klf_option *klf_option_find(const klf_option *table, size_t n, unsigned where, const char *name);

/* True if the option holds a list. */
bool klf_option_is_list(const klf_option *option);

/* True if the target has no value for it: an empty list, NULL, NaN, a zero where 0 is out of range. */
bool klf_option_is_unset(const klf_option *option, const void *target);

/* Sets one value, or appends one to a list, START:STOP:COUNT as many as it stands for. `label` names the option in the sentence
 * of a failure (KLF_ERR_USAGE). */
klf_status klf_option_add(const klf_option *option, void *target, const char *text, const char *label);

/* Sets the whole value from one text, as on the command line: lists of numbers are comma separated. Replaces what was there. */
klf_status klf_option_assign(const klf_option *option, void *target, const char *text, const char *label);

/* Frees a list or text and leaves it empty. */
void klf_option_clear(const klf_option *option, void *target);

/* For targets without rules of their own: every option at its default, and all that they own freed. */
klf_status klf_options_init(klf_option_set *set);
void       klf_options_free(klf_option_set *set);

typedef struct klf_arguments {
    bool        help; /* --help or -h was seen; the rest was not looked at */
    size_t      max_positional, n_positional;
    const char *positional[2];
} klf_arguments;

/* Parses argv[0] .. argv[argc - 1] (the command's name left out) into the targets of the sets. Exact long names, --name value
 * or
 * --name=value. KLF_ERR_USAGE and one sentence at the first mistake. arguments->max_positional is set by the caller. */
klf_status klf_options_parse(klf_option_set *sets, size_t n_sets, int argc, char **argv, klf_arguments *arguments);

/* Sets one option from "key=value", or "kl.key=value" for a key of that (the set's) section, as klflow run --set does. The
 * value is written as on the command line; where that repeats an option to make a list, this is repeated. */
klf_status klf_options_override(klf_option_set *set, const char *assignment);

#endif
