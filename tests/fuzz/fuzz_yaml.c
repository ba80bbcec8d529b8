/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: config files and --set arguments of arbitrary bytes. Whatever is refused has a sentence and a place in the
 * file; whatever is accepted is complete, and its text reads back to itself. Corpus: yaml/. */
#include "run/kl_options.h"
#include "run/yaml_config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds)
{
    if (!holds)
        abort();
}

/* At least as many lines as YAML sees: a bare return breaks one, and so do a few characters beyond ASCII. */
static int count_lines(const char *text)
{
    int lines = 1;
    for (; *text != '\0'; text++)
        lines += *text == '\n' || *text == '\r' || (unsigned char)*text >= 0x80;
    return lines;
}

static void *make_config(const klf_section *section, klf_option_set *set)
{
    void *config = calloc(1, section->config_size);
    require(config != NULL && section->init(config) == KLF_OK);
    *set = klf_section_options(section, config, KLF_IN_RUN);
    return config;
}

/* The config's text, or NULL if the file was refused. */
static char *load(const char *file, size_t length)
{
    klf_problems       problems = {0};
    klf_option_set     set;
    const klf_section *section = klf_yaml_config_section(file, length);
    void              *config = make_config(section, &set);
    char              *text = NULL;
    klf_status         st = klf_yaml_config_load(file, length, section, &set, &problems);
    require((st == KLF_OK && problems.n == 0) || (st == KLF_ERR_CONFIG && problems.n > 0));
    for (size_t i = 0; i < problems.n; i++) {
        require(problems.v[i].line >= 1 && problems.v[i].column >= 1);
        require(problems.v[i].sentence[0] != '\0' && strchr(problems.v[i].sentence, '\n') == NULL);
        require(memchr(file, '\0', length) != NULL || problems.v[i].line <= count_lines(file) + 1); /* or behind the end */
    }
    if (st == KLF_OK && section == &klf_kl_section) {
        const klf_kl_config *kl = config;
        require(kl->seed.n > 0 || kl->network != NULL);
        require(kl->n_mc >= 1 && kl->backend != NULL);
    }
    if (st == KLF_OK)
        require(section->text(config, &text) == KLF_OK);
    klf_problems_free(&problems);
    section->free(config);
    free(config);
    return text;
}

static void override(const char *assignment)
{
    for (size_t i = 0; i < KLF_N_SECTIONS; i++) {
        klf_option_set set;
        void          *config = make_config(klf_sections[i], &set);
        klf_status     st = klf_options_override(&set, assignment);
        require(st == KLF_OK || (st == KLF_ERR_USAGE && strchr(klf_last_error(), '\n') == NULL));
        klf_sections[i]->free(config);
        free(config);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *file = malloc(size + 1);
    require(file != NULL);
    memcpy(file, data, size);
    file[size] = '\0';
    char *text = load(file, size);
    if (text != NULL) {
        char *again = load(text, strlen(text));
        require(again != NULL && strcmp(text, again) == 0);
        free(again);
    }
    override(file);
    free(text);
    free(file);
    return 0;
}
