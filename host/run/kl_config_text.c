/* SPDX-License-Identifier: BSD-3-Clause */
/* A complete config as YAML: what is kept in result files, and what `klflow run` reads back to the same config. */
#include "run/kl_options.h"
#include "run/numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Always quoted, so that no path is mistaken for a number, a null or an alias. */
static void write_text(FILE *out, const char *text)
{
    putc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20 || *p == 0x7f)
            fprintf(out, "\\x%02x", (unsigned)*p);
        else
            putc(*p, out);
    }
    putc('"', out);
}

static void write_real(FILE *out, double value)
{
    char text[KLF_REAL_TEXT];
    klf_format_real(value, text);
    fputs(text, out);
}

static size_t list_length(const klf_option *option, const void *value)
{
    switch (option->type) {
    case KLF_OPTION_REALS: return ((const klf_list_real *)value)->n;
    case KLF_OPTION_WHOLES: return ((const klf_list_uint *)value)->n;
    case KLF_OPTION_TEXTS: return ((const klf_list_text *)value)->n;
    default: return 1;
    }
}

static void write_item(FILE *out, const klf_option *option, const void *value, size_t i)
{
    int index;
    switch (option->type) {
    case KLF_OPTION_FLAG: fputs(*(const bool *)value ? "true" : "false", out); break;
    case KLF_OPTION_TEXT:
        if (option->choices != NULL)
            fputs(*(char *const *)value, out);
        else
            write_text(out, *(char *const *)value);
        break;
    case KLF_OPTION_CHOICE:
        memcpy(&index, value, sizeof index);
        fputs(option->choices[index], out);
        break;
    case KLF_OPTION_REAL: write_real(out, *(const double *)value); break;
    case KLF_OPTION_WHOLE: fprintf(out, "%" PRIu64, *(const uint64_t *)value); break;
    case KLF_OPTION_REALS: write_real(out, ((const klf_list_real *)value)->v[i]); break;
    case KLF_OPTION_WHOLES: fprintf(out, "%" PRIu64, ((const klf_list_uint *)value)->v[i]); break;
    case KLF_OPTION_TEXTS: write_text(out, ((const klf_list_text *)value)->v[i]); break;
    }
}

/* What another option makes meaningless is left out, as it would be refused in a file. */
static const char *reason_to_omit(const klf_option *option, const klf_kl_config *config)
{
    bool architecture = option->offset == offsetof(klf_kl_config, architecture);
    if (architecture && config->network != NULL)
        return "that of the network file";
    if (architecture && config->widths.n > 0)
        return "not used with explicit widths";
    if (!klf_option_is_unset(option, config))
        return NULL;
    return option->otherwise != NULL ? option->otherwise : "that of the network file";
}

static void write_option(FILE *out, const klf_option *option, const klf_kl_config *config, const char *indent)
{
    const char *omitted = reason_to_omit(option, config);
    klf_label   key = klf_option_key(option);
    if (omitted != NULL) {
        fprintf(out, "%s# %s: %s\n", indent, key.text, omitted);
        return;
    }
    const void *value = (const char *)config + option->offset;
    size_t      n = list_length(option, value);
    fprintf(out, "%s%s: %s", indent, key.text, n > 1 ? "[" : "");
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? ", " : "", out);
        write_item(out, option, value, i);
    }
    fputs(n > 1 ? "]\n" : "\n", out);
}

static bool numbers_depend_on(const klf_option *option)
{
    return option->offset != offsetof(klf_kl_config, threads) && option->offset != offsetof(klf_kl_config, output) &&
           option->offset != offsetof(klf_kl_config, plot);
}

static klf_status write_config(const klf_kl_config *config, bool whole, char **text)
{
    size_t length;
    *text = NULL;
    FILE *out = open_memstream(text, &length);
    if (out == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the text of the config");
    fputs("kl:\n", out);
    for (const klf_option *option = klf_kl_options; option < klf_kl_options + KLF_KL_N_OPTIONS; option++)
        if ((option->where & KLF_IN_RECORD) != 0 && (option->where & KLF_IN_SECTION) != 0 &&
            (whole || numbers_depend_on(option)))
            write_option(out, option, config, "  ");
    for (const klf_option *option = klf_kl_options; option < klf_kl_options + KLF_KL_N_OPTIONS; option++)
        if ((option->where & KLF_IN_RECORD) != 0 && (option->where & KLF_IN_TOP) != 0 && (whole || numbers_depend_on(option)))
            write_option(out, option, config, "");
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*text);
        *text = NULL;
        return klf_fail(KLF_ERR_MEMORY, "no memory for the text of the config");
    }
    return KLF_OK;
}

klf_status klf_kl_config_text(const klf_kl_config *config, char **text)
{
    return write_config(config, true, text);
}

klf_status klf_kl_config_identity(const klf_kl_config *config, char **text)
{
    return write_config(config, false, text);
}
