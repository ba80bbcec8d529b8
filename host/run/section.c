/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of sections (section.h). */
#include "run/section.h"

#include <stdio.h>
#include <string.h>

const klf_section *const klf_sections[KLF_N_SECTIONS] = {&klf_kl_section, &klf_ising1d_section, &klf_ising2d_section,
                                                         &klf_meanfield_section};

const klf_section *klf_section_find(const char *name)
{
    for (size_t i = 0; i < KLF_N_SECTIONS; i++)
        if (strcmp(klf_sections[i]->name, name) == 0)
            return klf_sections[i];
    return NULL;
}

klf_label klf_section_names(void)
{
    klf_label label = {""};
    size_t    n = 0;
    for (size_t i = 0; i < KLF_N_SECTIONS && n < sizeof label.text; i++) {
        const char *before = i == 0 ? "" : i + 1 < KLF_N_SECTIONS ? ", " : " or ";
        n += (size_t)snprintf(label.text + n, sizeof label.text - n, "%s%s", before, klf_sections[i]->name);
    }
    return label;
}

klf_option_set klf_section_options(const klf_section *section, void *config, unsigned where)
{
    return (klf_option_set){
        .table = section->table, .n = section->n, .section = section->name, .where = where, .target = config};
}
