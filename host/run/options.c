/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of options: where they lie in the target, their ranges in words, and setting them from text. */
#include "run/options.h"

#include "core/quote.h"
#include "klflow/kl_config.h"
#include "run/numbers.h"
#include "run/spacing.h"
#include "run/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

klf_label klf_option_flag_label(const klf_option *option)
{
    klf_label label;
    snprintf(label.text, sizeof label.text, "--%s", option->name);
    return label;
}

klf_label klf_option_key(const klf_option *option)
{
    klf_label label;
    snprintf(label.text, sizeof label.text, "%s", option->name);
    for (char *p = label.text; *p != '\0'; p++)
        if (*p == '-')
            *p = '_';
    return label;
}

static void append(klf_range *range, const char *text)
{
    size_t n = strlen(range->text);
    snprintf(range->text + n, sizeof range->text - n, "%s", text);
}

klf_range klf_option_range(const klf_option *option)
{
    klf_range range = {""};
    if (option->choices != NULL) {
        for (const char *const *choice = option->choices; *choice != NULL; choice++) {
            if (choice > option->choices)
                append(&range, choice[1] == NULL ? " or " : ", ");
            append(&range, *choice);
        }
        return range;
    }
    switch (option->type) {
    case KLF_OPTION_FLAG: append(&range, "true or false"); break;
    case KLF_OPTION_REAL:
    case KLF_OPTION_REALS:
        append(&range, option->either_sign ? "a finite number" : option->positive ? "a number > 0" : "a number >= 0");
        break;
    case KLF_OPTION_WHOLE:
    case KLF_OPTION_WHOLES:
        snprintf(range.text, sizeof range.text, "a whole number from %" PRIu64 " to %" PRIu64, option->min, option->max);
        break;
    case KLF_OPTION_TEXT:
    case KLF_OPTION_TEXTS:
    case KLF_OPTION_CHOICE: append(&range, "a text that is not empty"); break;
    }
    return range;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !(*a == '-' && *b == '_'))
            return false;
    return *a == *b;
}

const klf_option *klf_option_find(const klf_option *table, size_t n, unsigned where, const char *name)
{
    bool as_key = (where & (KLF_IN_SECTION | KLF_IN_TOP)) != 0;
    for (size_t i = 0; i < n; i++)
        if ((table[i].where & where) != 0 &&
            (as_key ? strchr(name, '-') == NULL && same_name(table[i].name, name) : strcmp(table[i].name, name) == 0))
            return &table[i];
    return NULL;
}

bool klf_option_is_list(const klf_option *option)
{
    return option->type == KLF_OPTION_REALS || option->type == KLF_OPTION_WHOLES || option->type == KLF_OPTION_TEXTS;
}

static const void *value_of(const klf_option *option, const void *target)
{
    return (const char *)target + option->offset;
}

static void *slot_of(const klf_option *option, void *target)
{
    return (char *)target + option->offset;
}

bool klf_option_is_unset(const klf_option *option, const void *target)
{
    const void *value = value_of(option, target);
    if (option->given_offset != 0 && option->value == NULL)
        return !*(const bool *)((const char *)target + option->given_offset);
    switch (option->type) {
    case KLF_OPTION_TEXT: return *(char *const *)value == NULL;
    case KLF_OPTION_REAL: return isnan(*(const double *)value);
    case KLF_OPTION_WHOLE: return *(const uint64_t *)value < option->min;
    case KLF_OPTION_REALS: return ((const klf_list_real *)value)->n == 0;
    case KLF_OPTION_WHOLES: return ((const klf_list_uint *)value)->n == 0;
    case KLF_OPTION_TEXTS: return ((const klf_list_text *)value)->n == 0;
    case KLF_OPTION_FLAG:
    case KLF_OPTION_CHOICE: break;
    }
    return false;
}

void klf_option_clear(const klf_option *option, void *target)
{
    void *slot = slot_of(option, target);
    switch (option->type) {
    case KLF_OPTION_TEXT:
        free(*(char **)slot);
        *(char **)slot = NULL;
        break;
    case KLF_OPTION_REALS:
        free(((klf_list_real *)slot)->v);
        *(klf_list_real *)slot = (klf_list_real){0};
        break;
    case KLF_OPTION_WHOLES:
        free(((klf_list_uint *)slot)->v);
        *(klf_list_uint *)slot = (klf_list_uint){0};
        break;
    case KLF_OPTION_TEXTS: {
        klf_list_text *list = slot;
        for (size_t i = 0; i < list->n; i++)
            free(list->v[i]);
        free(list->v);
        *list = (klf_list_text){0};
        break;
    }
    case KLF_OPTION_FLAG:
    case KLF_OPTION_CHOICE:
    case KLF_OPTION_REAL:
    case KLF_OPTION_WHOLE: break;
    }
}

static klf_status out_of_memory(const char *label)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory for the value of %s", label);
}

/* Appends `size` bytes to an array of *n elements. */
static klf_status grow(void **array, size_t *n, const void *element, size_t size, const char *label)
{
    char *larger = realloc(*array, (*n + 1) * size);
    if (larger == NULL)
        return out_of_memory(label);
    memcpy(larger + *n * size, element, size);
    *array = larger;
    (*n)++;
    return KLF_OK;
}

static klf_status refuse(const klf_option *option, const char *text, const char *label)
{
    klf_suggestion suggestion = {.word = text};
    for (const char *const *choice = option->choices; choice != NULL && *choice != NULL; choice++)
        klf_suggestion_offer(&suggestion, *choice);
    for (const char *const *word = option->misnomers; word != NULL && *word != NULL; word += 2)
        if (strcmp(word[0], text) == 0)
            suggestion.best = word[1];
    return klf_fail(KLF_ERR_USAGE, "%s must be %s, not %s%s%s%s", label, klf_option_range(option).text, klf_quoted(text).text,
                    suggestion.best ? "; did you mean " : "", suggestion.best ? suggestion.best : "",
                    suggestion.best ? "?" : "");
}

/* Index in the choices; -1 if it is none of them. */
static int choice_index(const klf_option *option, const char *text)
{
    for (int i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], text) == 0)
            return i;
    return -1;
}

static bool is_unlisted(const klf_option *option, const char *text)
{
    for (const char *const *choice = option->unlisted; choice != NULL && *choice != NULL; choice++)
        if (strcmp(*choice, text) == 0)
            return true;
    return false;
}

static bool is_in_range(const klf_option *option, double value)
{
    return option->either_sign || (option->positive ? value > 0 : value >= 0);
}

static bool parse_real(const klf_option *option, const char *text, double *out)
{
    return klf_parse_real(text, out) && is_in_range(option, *out);
}

static bool parse_whole(const klf_option *option, const char *text, uint64_t *out)
{
    return klf_parse_whole(text, out) && *out >= option->min && *out <= option->max;
}

static klf_status add_text(const klf_option *option, void *slot, const char *text, const char *label)
{
    if (*text == '\0' || (option->choices != NULL && choice_index(option, text) < 0 && !is_unlisted(option, text)))
        return refuse(option, text, label);
    klf_status checked = option->check != NULL ? option->check(text) : KLF_OK;
    if (checked != KLF_OK)
        return checked;
    char *copy = strdup(text);
    if (copy == NULL)
        return out_of_memory(label);
    if (option->type == KLF_OPTION_TEXT) {
        free(*(char **)slot);
        *(char **)slot = copy;
        return KLF_OK;
    }
    klf_list_text *list = slot;
    void          *array = list->v;
    klf_status     st = grow(&array, &list->n, &copy, sizeof copy, label);
    list->v = array;
    if (st != KLF_OK)
        free(copy);
    return st;
}

/* START:STOP:COUNT; values between two ends that are in range are in range too. */
static klf_status add_spacing(const klf_option *option, klf_list_real *list, const char *text, const char *label)
{
    klf_spacing spacing;
    size_t      most = option->max != 0 ? (size_t)option->max : KLF_SPACING_MAX_COUNT;
    if (!klf_spacing_parse(text, &spacing))
        return klf_fail(KLF_ERR_USAGE, "%s must be %s or START:STOP:COUNT, as in 0.1:1:10 for 0.1, 0.2, ... 1, not %s", label,
                        klf_option_range(option).text, klf_quoted(text).text);
    if (!is_in_range(option, spacing.start) || !is_in_range(option, spacing.stop))
        return refuse(option, text, label);
    if (spacing.count > most || list->n > most - spacing.count)
        return klf_fail(KLF_ERR_USAGE, "%s lists more than %zu values with %s", label, most, klf_quoted(text).text);
    double *larger = realloc(list->v, (list->n + spacing.count) * sizeof *larger);
    if (larger == NULL)
        return out_of_memory(label);
    for (size_t i = 0; i < spacing.count; i++)
        larger[list->n + i] = klf_spacing_value(&spacing, i);
    list->v = larger;
    list->n += spacing.count;
    return KLF_OK;
}

static klf_status add_real(const klf_option *option, void *slot, const char *text, const char *label)
{
    double value;
    if (option->type == KLF_OPTION_REALS && klf_spacing_is_meant(text))
        return add_spacing(option, slot, text, label);
    if (!parse_real(option, text, &value))
        return refuse(option, text, label);
    value += 0.0; /* "-0" is 0 */
    if (option->type == KLF_OPTION_REAL) {
        *(double *)slot = value;
        return KLF_OK;
    }
    klf_list_real *list = slot;
    void          *array = list->v;
    klf_status     st = grow(&array, &list->n, &value, sizeof value, label);
    list->v = array;
    return st;
}

static klf_status add_whole(const klf_option *option, void *slot, const char *text, const char *label)
{
    uint64_t value;
    if (!parse_whole(option, text, &value))
        return refuse(option, text, label);
    if (option->type == KLF_OPTION_WHOLE) {
        *(uint64_t *)slot = value;
        return KLF_OK;
    }
    klf_list_uint *list = slot;
    void          *array = list->v;
    klf_status     st = grow(&array, &list->n, &value, sizeof value, label);
    list->v = array;
    return st;
}

static klf_status add_word(const klf_option *option, void *slot, const char *text, const char *label)
{
    if (option->type == KLF_OPTION_FLAG) {
        bool on = strcmp(text, "true") == 0;
        if (!on && strcmp(text, "false") != 0)
            return refuse(option, text, label);
        *(bool *)slot = on;
        return KLF_OK;
    }
    int index = choice_index(option, text);
    if (index < 0)
        return refuse(option, text, label);
    memcpy(slot, &index, sizeof index); /* an enum has the size of int: asserted beside the table */
    return KLF_OK;
}

klf_status klf_option_add(const klf_option *option, void *target, const char *text, const char *label)
{
    void      *slot = slot_of(option, target);
    klf_status st = KLF_ERR_INTERNAL;
    switch (option->type) {
    case KLF_OPTION_TEXT:
    case KLF_OPTION_TEXTS: st = add_text(option, slot, text, label); break;
    case KLF_OPTION_REAL:
    case KLF_OPTION_REALS: st = add_real(option, slot, text, label); break;
    case KLF_OPTION_WHOLE:
    case KLF_OPTION_WHOLES: st = add_whole(option, slot, text, label); break;
    case KLF_OPTION_FLAG:
    case KLF_OPTION_CHOICE: st = add_word(option, slot, text, label); break;
    }
    if (st == KLF_OK && option->given_offset != 0)
        *(bool *)((char *)target + option->given_offset) = true;
    return st;
}

klf_status klf_option_assign(const klf_option *option, void *target, const char *text, const char *label)
{
    klf_option_clear(option, target);
    if (option->type != KLF_OPTION_REALS && option->type != KLF_OPTION_WHOLES)
        return klf_option_add(option, target, text, label);
    if (*text == '[')
        return klf_fail(KLF_ERR_USAGE, "%s: on the command line a list has no brackets and no blanks, as in 1,2,3; this is %s",
                        label, klf_quoted(text).text);
    char *copy = strdup(text);
    if (copy == NULL)
        return out_of_memory(label);
    klf_status st = KLF_OK;
    for (char *item = copy; item != NULL && st == KLF_OK;) {
        char *comma = strchr(item, ',');
        if (comma != NULL)
            *comma = '\0';
        st = klf_option_add(option, target, item, label);
        item = comma != NULL ? comma + 1 : NULL;
    }
    free(copy);
    return st;
}

klf_status klf_options_init(klf_option_set *set)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < set->n && st == KLF_OK; i++)
        if (set->table[i].value != NULL)
            st = klf_option_assign(&set->table[i], set->target, set->table[i].value, set->table[i].name);
    return st;
}

void klf_options_free(klf_option_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        klf_option_clear(&set->table[i], set->target);
}
