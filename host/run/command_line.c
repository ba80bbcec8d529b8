/* SPDX-License-Identifier: BSD-3-Clause */
/* argv against option tables. Names are matched exactly: an abbreviation that works today would change its meaning, or stop to
 * work, with the next option that is added. */
#include "run/options.h"

#include "core/quote.h"
#include "klflow/status.h"
#include "run/text.h"

#include <assert.h>
#include <string.h>

typedef struct cursor {
    klf_option_set *sets;
    size_t          n_sets;
    int             argc, next;
    char          **argv;
} cursor;

/* The set that has the option, and the option's index in it. */
static klf_option_set *find_option(const cursor *c, const char *name, size_t length, size_t *index)
{
    for (klf_option_set *set = c->sets; set < c->sets + c->n_sets; set++)
        for (size_t i = 0; i < set->n; i++)
            if ((set->table[i].where & set->where) != 0 && strlen(set->table[i].name) == length &&
                strncmp(set->table[i].name, name, length) == 0) {
                *index = i;
                return set;
            }
    return NULL;
}

static klf_option_set *find_letter(const cursor *c, char letter, size_t *index)
{
    for (klf_option_set *set = c->sets; set < c->sets + c->n_sets; set++)
        for (size_t i = 0; i < set->n; i++)
            if ((set->table[i].where & set->where) != 0 && set->table[i].letter == letter) {
                *index = i;
                return set;
            }
    return NULL;
}

/* The row that the word names as a key, where keys are set by --set: `klflow run`. */
static const klf_option *find_key(const cursor *c, const char *word)
{
    char   key[64];
    size_t n = strlen(word);
    if (n >= sizeof key)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        key[i] = (char)(word[i] == '-' ? '_' : word[i]);
    const klf_option *found = NULL;
    for (const klf_option_set *set = c->sets; set < c->sets + c->n_sets && found == NULL; set++)
        if ((set->where & KLF_IN_RUN) != 0)
            found = klf_option_find(set->table, set->n, KLF_IN_SECTION | KLF_IN_TOP, key);
    return found;
}

static klf_status unknown_option(const cursor *c, const char *argument)
{
    char   written[64] = ""; /* without =value; longer than any option, so that a cut one matches none */
    size_t length = strcspn(argument, "=");
    memcpy(written, argument, length < sizeof written ? length : sizeof written - 1);
    klf_suggestion suggestion = {.word = written + strspn(written, "-")};
    for (const klf_option_set *set = c->sets; set < c->sets + c->n_sets; set++)
        for (size_t i = 0; i < set->n; i++)
            if ((set->table[i].where & set->where) != 0)
                klf_suggestion_offer(&suggestion, set->table[i].name);
    klf_suggestion_offer(&suggestion, "help");
    klf_quote quote = klf_quoted(written);
    quote.text[strlen(quote.text) - 1] = '\0'; /* options are printed bare */
    const klf_option *key = find_key(c, suggestion.word);
    if (key != NULL)
        return klf_fail(KLF_ERR_USAGE, "unknown option %s; here it is a key: --set %s=%s", quote.text + 1,
                        klf_option_key(key).text, key->metavar != NULL ? key->metavar : "true");
    if (suggestion.best == NULL)
        return klf_fail(KLF_ERR_USAGE, "unknown option %s; --help lists the options", quote.text + 1);
    return klf_fail(KLF_ERR_USAGE, "unknown option %s; did you mean --%s?", quote.text + 1, suggestion.best);
}

static klf_status take_option(cursor *c, klf_option_set *set, size_t index, const char *value)
{
    const klf_option *option = &set->table[index];
    klf_label         label = klf_option_flag_label(option);
    bool              repeated = set->origin[index].from == KLF_FROM_COMMAND;
    if (repeated && option->type != KLF_OPTION_TEXTS)
        return klf_fail(KLF_ERR_USAGE, "%s is given twice", label.text);
    set->origin[index].from = KLF_FROM_COMMAND;
    if (option->type == KLF_OPTION_FLAG) {
        if (value != NULL)
            return klf_fail(KLF_ERR_USAGE, "%s takes no value", label.text);
        return klf_option_add(option, set->target, "true", label.text);
    }
    if (value == NULL) {
        /* A negative number may follow, another option may not. */
        if (c->next == c->argc || strncmp(c->argv[c->next], "--", 2) == 0)
            return klf_fail(KLF_ERR_USAGE, "%s needs a value (%s)", label.text, option->metavar);
        value = c->argv[c->next++];
    }
    return repeated ? klf_option_add(option, set->target, value, label.text)
                    : klf_option_assign(option, set->target, value, label.text);
}

static klf_status take_argument(cursor *c, klf_arguments *arguments)
{
    const char     *argument = c->argv[c->next++];
    klf_option_set *set = NULL;
    size_t          index = 0;
    if (argument[0] != '-' || argument[1] == '\0') {
        if (arguments->n_positional == arguments->max_positional)
            return klf_fail(KLF_ERR_USAGE, "unexpected argument %s", klf_quoted(argument).text);
        arguments->positional[arguments->n_positional++] = argument;
        return KLF_OK;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        arguments->help = true;
        return KLF_OK;
    }
    if (argument[1] != '-') {
        if (argument[2] == '\0')
            set = find_letter(c, argument[1], &index);
        return set != NULL ? take_option(c, set, index, NULL) : unknown_option(c, argument);
    }
    const char *name = argument + 2;
    size_t      length = strcspn(name, "=");
    set = find_option(c, name, length, &index);
    if (set == NULL)
        return unknown_option(c, argument);
    return take_option(c, set, index, name[length] == '=' ? name + length + 1 : NULL);
}

klf_status klf_options_parse(klf_option_set *sets, size_t n_sets, int argc, char **argv, klf_arguments *arguments)
{
    cursor     c = {.sets = sets, .n_sets = n_sets, .argc = argc, .argv = argv};
    klf_status st = KLF_OK;
    assert(arguments->max_positional <= sizeof arguments->positional / sizeof arguments->positional[0]);
    while (c.next < c.argc && st == KLF_OK && !arguments->help)
        st = take_argument(&c, arguments);
    return st;
}

klf_status klf_options_override(klf_option_set *set, const char *assignment)
{
    size_t      prefix = strlen(set->section);
    bool        in_section = strncmp(assignment, set->section, prefix) == 0 && assignment[prefix] == '.';
    const char *key = in_section ? assignment + prefix + 1 : assignment;
    size_t      length = strcspn(key, "=");
    if (key[length] == '\0' || length == 0)
        return klf_fail(KLF_ERR_USAGE, "--set needs KEY=VALUE, not %s", klf_quoted(assignment).text);
    char name[64] = ""; /* longer than any key, so that a cut one matches none */
    memcpy(name, key, length < sizeof name ? length : sizeof name - 1);
    const klf_option *option = klf_option_find(set->table, set->n, KLF_IN_SECTION | KLF_IN_TOP, name);
    if (option == NULL) {
        klf_label      label[KLF_MAX_OPTIONS];
        klf_suggestion suggestion = {.word = name};
        for (size_t i = 0; i < set->n; i++) {
            label[i] = klf_option_key(&set->table[i]);
            klf_suggestion_offer(&suggestion, label[i].text);
        }
        return klf_fail(KLF_ERR_USAGE, "unknown key %s in --set%s%s%s", klf_quoted(name).text,
                        suggestion.best ? "; did you mean " : "", suggestion.best ? suggestion.best : "",
                        suggestion.best ? "?" : "");
    }
    if (in_section && (option->where & KLF_IN_SECTION) == 0)
        return klf_fail(KLF_ERR_USAGE, "'%s' belongs at the top level, beside %s:, so it is --set %s=VALUE", name, set->section,
                        name);
    klf_origin *origin = &set->origin[option - set->table];
    bool        repeated = origin->from == KLF_FROM_COMMAND;
    const char *value = key + length + 1;
    if (repeated && option->type != KLF_OPTION_TEXTS)
        return klf_fail(KLF_ERR_USAGE, "%s is given twice on the command line", name);
    origin->from = KLF_FROM_COMMAND;
    return repeated ? klf_option_add(option, set->target, value, name) : klf_option_assign(option, set->target, value, name);
}
