/* SPDX-License-Identifier: BSD-3-Clause */
/* What a config file may ask for: each command that a file can stand in for is a section of that name, with the command's
 * options as its keys. A file has exactly one section, with output: and plot: beside it. */
#ifndef KLFLOW_RUN_SECTION_H
#define KLFLOW_RUN_SECTION_H

#include "run/options.h"

/* A rule that a config breaks: the keys concerned (other may be NULL) and the sentence. */
typedef void klf_complaint(void *arg, const char *key, const char *other, const char *sentence);

typedef struct klf_section {
    const char       *name; /* "kl": of the key in a file, and of the command */
    const klf_option *table;
    size_t            n;           /* rows of the table */
    size_t            config_size; /* of the config that the table describes */
    size_t            config_file; /* offset in it of a const char *: the file that all this came from; NULL: none. Not owned */
    klf_status (*init)(void *config);
    void (*free)(void *config);
    /* Checks the rules between options and puts defaults in. complain, which may be NULL, hears of every broken rule; the
     * status is KLF_ERR_USAGE with the sentence of the first. */
    klf_status (*check)(void *config, klf_complaint *complain, void *arg);
    /* The complete config as YAML that reads back to it; the caller frees the text. */
    klf_status (*text)(const void *config, char **text);
} klf_section;

extern const klf_section klf_kl_section, klf_ising1d_section, klf_ising2d_section, klf_meanfield_section;

/* All of them; the first is that of a file that names none. */
enum { KLF_N_SECTIONS = 4 };
extern const klf_section *const klf_sections[KLF_N_SECTIONS];

/* The section of that name; NULL: there is none. */
const klf_section *klf_section_find(const char *name);

/* "kl, ising1d or meanfield": for sentences. */
klf_label klf_section_names(void);

/* A set over the section's table with nothing given yet. config must be initialised. */
klf_option_set klf_section_options(const klf_section *section, void *config, unsigned where);

#endif
