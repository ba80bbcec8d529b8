/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as YAML (config_text.h): what is kept in result files, and what `klflow run` reads back to the same config. */
#include "run/config_text.h"

#include "klflow/kl_config.h"
#include "run/numbers.h"
#include "run/spacing.h"

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

/* Evenly spaced values are written as such: a million of them make one line, not ten megabytes. */
static bool write_spacing(FILE *out, const klf_option *option, const void *value)
{
    const klf_list_real *list = value;
    klf_spacing          spacing;
    if (option->type != KLF_OPTION_REALS || !klf_spacing_find(list->n, list->v, &spacing))
        return false;
    write_real(out, spacing.start);
    putc(':', out);
    write_real(out, spacing.stop);
    fprintf(out, ":%zu\n", spacing.count);
    return true;
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

static void write_option(FILE *out, const klf_option *option, const void *config, const char *omitted, const char *indent)
{
    klf_label key = klf_option_key(option);
    if (omitted == NULL && klf_option_is_unset(option, config))
        omitted = option->otherwise;
    if (omitted != NULL) {
        fprintf(out, "%s# %s: %s\n", indent, key.text, omitted);
        return;
    }
    const void *value = (const char *)config + option->offset;
    size_t      n = list_length(option, value);
    fprintf(out, "%s%s: ", indent, key.text);
    if (write_spacing(out, option, value))
        return;
    fputs(n > 1 ? "[" : "", out);
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? ", " : "", out);
        write_item(out, option, value, i);
    }
    fputs(n > 1 ? "]\n" : "\n", out);
}

klf_status klf_config_text_write(const klf_section *section, const void *config,
                                 const char *(*reason)(const klf_option *option, const void *config),
                                 bool (*keep)(const klf_option *option), char **text)
{
    static const struct {
        unsigned    where;
        const char *indent;
    } part[] = {{KLF_IN_SECTION, "  "}, {KLF_IN_TOP, ""}};
    size_t length;
    *text = NULL;
    FILE *out = open_memstream(text, &length);
    if (out == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the text of the config");
    fprintf(out, "%s:\n", section->name);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        for (const klf_option *option = section->table; option < section->table + section->n; option++)
            if ((option->where & KLF_IN_RECORD) != 0 && (option->where & part[i].where) != 0 && (keep == NULL || keep(option)))
                write_option(out, option, config, reason != NULL ? reason(option, config) : NULL, part[i].indent);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*text);
        *text = NULL;
        return klf_fail(KLF_ERR_MEMORY, "no memory for the text of the config");
    }
    return KLF_OK;
}
