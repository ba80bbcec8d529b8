/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules that configs share (rules.h). */
#include "run/rules.h"

#include "core/quote.h"
#include "run/numbers.h"
#include "run/same_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void klf_rule_broken(klf_rules *rules, const char *key, const char *other, const char *format, ...)
{
    char    sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (rules->complain != NULL)
        rules->complain(rules->arg, key, other, sentence);
    if (rules->status == KLF_OK)
        rules->status = klf_fail(KLF_ERR_USAGE, "%s", sentence);
}

void klf_rule_list_length(klf_rules *rules, const char *key, size_t n, size_t max_length)
{
    if (n > max_length)
        klf_rule_broken(rules, key, NULL, "%s lists %zu values; a sweep takes up to %zu", key, n, max_length);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void klf_rule_reals(klf_rules *rules, const char *key, const klf_list_real *list, size_t max_length)
{
    klf_rule_list_length(rules, key, list->n, max_length);
    if (list->n < 2 || list->n > max_length)
        return;
    double *sorted = malloc(list->n * sizeof *sorted);
    if (sorted == NULL) {
        rules->status = klf_fail(KLF_ERR_MEMORY, "no memory to check the %zu values of %s", list->n, key);
        return;
    }
    memcpy(sorted, list->v, list->n * sizeof *sorted);
    qsort(sorted, list->n, sizeof *sorted, compare);
    size_t i = 1;
    while (i < list->n && sorted[i] != sorted[i - 1])
        i++;
    if (i < list->n) { /* equal values would be the same point twice */
        char text[KLF_REAL_TEXT];
        klf_format_real(sorted[i], text);
        klf_rule_broken(rules, key, NULL, "%s lists %s twice", key, text);
    }
    free(sorted);
}

void klf_rule_picture(klf_rules *rules, const char *path)
{
    static const char *const suffixes[] = {".png", ".svg", ".pdf"};
    size_t                   n = path != NULL ? strlen(path) : 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (n > strlen(suffixes[i]) && strcmp(path + n - strlen(suffixes[i]), suffixes[i]) == 0)
            return;
    if (path != NULL)
        klf_rule_broken(rules, "plot", NULL, "plot must end in .png, .svg or .pdf, unlike %s", klf_quoted(path).text);
}

void klf_rule_written(klf_rules *rules, const char *key, const char *path, const char *other_key, const char *other)
{
    if (path != NULL && other != NULL && klf_same_file(path, other))
        klf_rule_broken(rules, key, other_key, "%s and %s are the same file, %s", other_key, key, klf_quoted(path).text);
}
