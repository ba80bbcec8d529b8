/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: config files and --set arguments of arbitrary bytes. Whatever is refused has a sentence and a place in the
 * file; whatever is accepted is complete, and its text reads back to itself. Corpus: yaml/. */
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

/* The config's text, or NULL if the file was refused. */
static char *load(const char *file, size_t length)
{
    klf_kl_config config;
    klf_problems  problems = {0};
    char         *text = NULL;
    klf_kl_config_init(&config);
    klf_option_set set = klf_kl_option_set(&config, KLF_IN_RUN);
    klf_status     st = klf_yaml_config_load(file, length, &set, &problems);
    require((st == KLF_OK && problems.n == 0) || (st == KLF_ERR_CONFIG && problems.n > 0));
    for (size_t i = 0; i < problems.n; i++) {
        require(problems.v[i].line >= 1 && problems.v[i].column >= 1);
        require(problems.v[i].sentence[0] != '\0' && strchr(problems.v[i].sentence, '\n') == NULL);
        require(memchr(file, '\0', length) != NULL || problems.v[i].line <= count_lines(file) + 1); /* or behind the end */
    }
    if (st == KLF_OK) {
        require(config.seed.n > 0 || config.network != NULL);
        require(config.n_mc >= 1 && config.backend != NULL);
        require(klf_kl_config_text(&config, &text) == KLF_OK);
    }
    klf_problems_free(&problems);
    klf_kl_config_free(&config);
    return text;
}

static void override(const char *assignment)
{
    klf_kl_config config;
    klf_kl_config_init(&config);
    klf_option_set set = klf_kl_option_set(&config, KLF_IN_RUN);
    klf_status     st = klf_options_override(&set, assignment);
    require(st == KLF_OK || (st == KLF_ERR_USAGE && strchr(klf_last_error(), '\n') == NULL));
    klf_kl_config_free(&config);
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
