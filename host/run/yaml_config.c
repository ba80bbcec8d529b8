/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the YAML tree against the option table. Deliberately strict: no anchors, aliases, tags or second documents, numbers
 * unquoted, and nothing converted in silence. libfyaml parses; every judgement about values is made here. */
#include "run/yaml_config.h"

#include "core/quote.h"
#include "run/text.h"
#include "run/yaml_parser.h"
#include "run/yaml_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct walker {
    const klf_section *section;
    klf_option_set    *set;
    void              *scratch; /* a config that takes values that the command line overrides, to check them all the same */
    klf_problems      *problems;
    int                line, column; /* of the section, for rules that no key of the file is to blame for */
} walker;

typedef struct position {
    int line, column;
} position;

/* Where a node begins; for a list or mapping that is its first scalar. */
static position position_of(struct fy_node *node, position fallback)
{
    while (node != NULL && !fy_node_is_scalar(node)) {
        struct fy_node_pair *pair = fy_node_is_mapping(node) ? fy_node_mapping_get_by_index(node, 0) : NULL;
        node = fy_node_is_mapping(node) ? (pair != NULL ? fy_node_pair_key(pair) : NULL)
                                        : fy_node_sequence_get_by_index(node, 0);
    }
    struct fy_token      *token = node != NULL ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;
    enum fy_node_style    style = mark != NULL ? fy_node_get_style(node) : FYNS_ANY;
    if (mark == NULL || style == FYNS_LITERAL || style == FYNS_FOLDED) /* block scalars: their second line */
        return fallback;
    /* The mark of these is behind the quote or the asterisk. */
    bool shifted = style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED || style == FYNS_ALIAS;
    return (position){mark->line + 1, mark->column + 1 - (shifted && mark->column > 0)};
}

static void complain_at(walker *w, position at, const char *sentence)
{
    klf_problems_add(w->problems, at.line, at.column, sentence);
}

#define COMPLAIN(w, at, ...)                                                                                                   \
    do {                                                                                                                       \
        char sentence_[512];                                                                                                   \
        snprintf(sentence_, sizeof sentence_, __VA_ARGS__);                                                                    \
        complain_at(w, at, sentence_);                                                                                         \
    } while (0)

static bool is_plain(struct fy_node *node)
{
    return fy_node_get_style(node) == FYNS_PLAIN;
}

static bool is_null(struct fy_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node == NULL || fy_node_is_null(node))
        return true;
    if (!fy_node_is_scalar(node) || !is_plain(node))
        return false;
    size_t      length = 0;
    const char *text = fy_node_get_scalar(node, &length);
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (text == NULL || (strlen(nulls[i]) == length && memcmp(nulls[i], text, length) == 0))
            return true;
    return false;
}

/* Block scalars, and flow scalars that go on in the next line. Beside being of no use here, libfyaml 0.7.12 gives some folded
 * ones a length that is too large. */
static bool spans_lines(struct fy_node *node)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    if (token == NULL)
        return false;
    enum fy_node_style    style = fy_node_get_style(node);
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
    return style == FYNS_LITERAL || style == FYNS_FOLDED || (start != NULL && end != NULL && start->line != end->line);
}

/* True, with a problem noted, for YAML that has no place in a config. */
static bool is_fancy(walker *w, struct fy_node *node, position at)
{
    if (node == NULL)
        return false;
    if (fy_node_is_alias(node))
        complain_at(w, at, "aliases are not used in configs; write the value out");
    else if (fy_node_get_anchor(node) != NULL)
        complain_at(w, at, "anchors are not used in configs; remove it");
    else if (fy_node_get_tag_token(node) != NULL)
        complain_at(w, at, "tags are not used in configs; remove it");
    else if (spans_lines(node))
        complain_at(w, at, "a key or value must be on one line");
    else
        return false;
    return true;
}

static bool wants_text(const klf_option *option)
{
    return option->type == KLF_OPTION_TEXT || option->type == KLF_OPTION_TEXTS || option->type == KLF_OPTION_CHOICE;
}

/* One scalar into the option. False if it is refused. */
static bool take_scalar(walker *w, const klf_option *option, void *target, struct fy_node *node, position at)
{
    klf_label key = klf_option_key(option);
    if (is_fancy(w, node, at))
        return false;
    if (is_null(node)) {
        COMPLAIN(w, at, "%s has no value; it must be %s, or be left out", key.text, klf_option_range(option).text);
        return false;
    }
    if (!fy_node_is_scalar(node)) {
        COMPLAIN(w, at, "%s must be %s, not a %s", key.text, klf_option_range(option).text,
                 fy_node_is_mapping(node)     ? "mapping"
                 : klf_option_is_list(option) ? "list in a list"
                                              : "list");
        return false;
    }
    char *text = klf_yaml_scalar(node);
    if (text == NULL) {
        COMPLAIN(w, at, "%s has a NUL character in its value", key.text);
        return false;
    }
    bool good = false;
    if (!is_plain(node) && !wants_text(option))
        COMPLAIN(w, at, "%s must be %s, not the quoted text %s", key.text, klf_option_range(option).text,
                 klf_quoted(text).text);
    else if (klf_option_add(option, target, text, key.text) != KLF_OK)
        complain_at(w, at, klf_last_error());
    else
        good = true;
    free(text);
    return good;
}

static bool take_list(walker *w, const klf_option *option, void *target, struct fy_node *list, position key_at)
{
    if (fy_node_sequence_is_empty(list)) {
        COMPLAIN(w, key_at, "%s is an empty list", klf_option_key(option).text);
        return false;
    }
    bool  good = true;
    void *iterator = NULL;
    for (struct fy_node *item; !w->problems->more && (item = fy_node_sequence_iterate(list, &iterator)) != NULL;)
        good = take_scalar(w, option, target, item, position_of(item, key_at)) && good;
    return good;
}

static void take_value(walker *w, const klf_option *option, struct fy_node *value, position key_at)
{
    klf_origin *origin = &w->set->origin[option - w->set->table];
    bool        overridden = origin->from == KLF_FROM_COMMAND;
    void       *target = overridden ? w->scratch : w->set->target;
    bool        good;
    klf_option_clear(option, target);
    if (value != NULL && fy_node_is_sequence(value) && klf_option_is_list(option) && !is_fancy(w, value, key_at))
        good = take_list(w, option, target, value, key_at);
    else
        good = take_scalar(w, option, target, value,
                           value != NULL && fy_node_is_scalar(value) ? position_of(value, key_at) : key_at);
    if (!overridden)
        *origin = (klf_origin){.from = KLF_FROM_FILE, .refused = !good, .line = key_at.line, .column = key_at.column};
}

/* What to say about a key that does not belong in `where`. */
static void unknown_key(walker *w, unsigned where, const char *key, position at)
{
    const klf_option_set *set = w->set;
    unsigned              elsewhere = where == KLF_IN_TOP ? KLF_IN_SECTION : KLF_IN_TOP;
    if (klf_option_find(set->table, set->n, elsewhere, key) != NULL) {
        COMPLAIN(w, at, where == KLF_IN_TOP ? "'%s' belongs under %s:" : "'%s' belongs at the top level, beside %s:", key,
                 w->section->name);
        return;
    }
    klf_label      label[KLF_MAX_OPTIONS];
    klf_suggestion suggestion = {.word = key};
    for (size_t i = 0; where == KLF_IN_TOP && i < KLF_N_SECTIONS; i++)
        klf_suggestion_offer(&suggestion, klf_sections[i]->name);
    for (size_t i = 0; i < set->n; i++)
        if ((set->table[i].where & where) != 0) {
            label[i] = klf_option_key(&set->table[i]);
            klf_suggestion_offer(&suggestion, label[i].text);
        }
    klf_quote quote = klf_quoted(key);
    if (suggestion.best != NULL)
        COMPLAIN(w, at, "unknown key %s; did you mean '%s'?", quote.text, suggestion.best);
    else if (where == KLF_IN_TOP)
        COMPLAIN(w, at, "unknown key %s; the top level has %s, and beside it output and plot", quote.text,
                 klf_section_names().text);
    else
        COMPLAIN(w, at, "unknown key %s; `klflow %s --help` lists them", quote.text, w->section->name);
}

static void walk_section(walker *w, struct fy_node *section, unsigned where);

/* True if an earlier pair of the mapping has the same key. */
static bool is_repeated(struct fy_node *mapping, const struct fy_node_pair *pair, const char *key)
{
    void                *iterator = NULL;
    struct fy_node_pair *earlier;
    while ((earlier = fy_node_mapping_iterate(mapping, &iterator)) != NULL && earlier != pair) {
        struct fy_node *node = fy_node_pair_key(earlier);
        size_t          length = 0;
        const char     *text = node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar(node, &length) : NULL;
        if (text != NULL && strlen(key) == length && memcmp(text, key, length) == 0)
            return true;
    }
    return false;
}

static void take_pair(walker *w, struct fy_node *mapping, struct fy_node_pair *pair, unsigned where, position section_at)
{
    struct fy_node *key_node = fy_node_pair_key(pair), *value = fy_node_pair_value(pair);
    position        at = position_of(key_node, position_of(value, section_at));
    if (is_fancy(w, key_node, at))
        return;
    char *key = key_node != NULL && fy_node_is_scalar(key_node) ? klf_yaml_scalar(key_node) : NULL;
    if (key == NULL || *key == '\0') {
        complain_at(w, at, "a key must be a plain word");
        free(key);
        return;
    }
    const klf_option  *option = klf_option_find(w->set->table, w->set->n, where, key);
    const klf_section *section = where == KLF_IN_TOP ? klf_section_find(key) : NULL;
    if (section != NULL && section != w->section) {
        COMPLAIN(w, at, "a file has one section, and this one has %s: already", w->section->name);
    } else if (option == NULL && section == NULL) {
        unknown_key(w, where, key, at);
    } else if (is_repeated(mapping, pair, key)) {
        COMPLAIN(w, at, "'%s' is given twice", key);
    } else if (option != NULL) {
        take_value(w, option, value, at);
    } else if (!is_fancy(w, value, at)) {
        w->line = at.line;
        w->column = at.column;
        if (value != NULL && fy_node_is_mapping(value))
            walk_section(w, value, KLF_IN_SECTION);
        else if (!is_null(value))
            COMPLAIN(w, at, "%s must hold keys and values, one a line (  %s: %s)", key, klf_option_key(w->set->table).text,
                     w->set->table->value != NULL ? w->set->table->value : "...");
    }
    free(key);
}

static void walk_section(walker *w, struct fy_node *section, unsigned where)
{
    position             at = {w->line, w->column};
    void                *iterator = NULL;
    struct fy_node_pair *pair;
    while (!w->problems->more && (pair = fy_node_mapping_iterate(section, &iterator)) != NULL)
        take_pair(w, section, pair, where, at);
    bool has_section = fy_node_mapping_lookup_pair_by_string(section, w->section->name, FY_NT) != NULL;
    if (where == KLF_IN_TOP && !has_section && w->problems->n == 0) /* else it may be misspelt, which is said already */
        COMPLAIN(w, at, "there is no section: the file needs a key %s", klf_section_names().text);
}

static void walk_document(walker *w, struct fy_document *document)
{
    struct fy_node *root = document != NULL ? fy_document_root(document) : NULL;
    position        start = {1, 1};
    if (is_null(root))
        complain_at(w, start, "the file is empty; it needs at least the line \"kl:\"");
    else if (!is_fancy(w, root, position_of(root, start)) && fy_node_is_mapping(root))
        walk_section(w, root, KLF_IN_TOP);
    else if (w->problems->n == 0)
        COMPLAIN(w, position_of(root, start), "the file must hold a key %s, and beside it output and plot",
                 klf_section_names().text);
}

static void report_syntax_errors(walker *w, struct fy_diag *diag)
{
    void                 *iterator = NULL;
    struct fy_diag_error *error;
    size_t                n = 0;
    for (; (error = fy_diag_errors_iterate(diag, &iterator)) != NULL; n++)
        COMPLAIN(w, ((position){error->line > 0 ? error->line : 1, error->column > 0 ? error->column : 1}),
                 "this is not YAML: %s", error->msg);
    if (n == 0)
        complain_at(w, (position){1, 1}, "this is not YAML 1.2");
}

static klf_status parse(walker *w, const char *text, size_t length)
{
    klf_yaml_parser p;
    klf_status      st = klf_yaml_parser_create(text, length, &p);
    if (st != KLF_OK)
        return st;
    struct fy_document *document = fy_parse_load_document(p.parser);
    if (!fy_parser_get_stream_error(p.parser))
        walk_document(w, document);
    fy_parse_document_destroy(p.parser, document);
    document = document != NULL && !fy_parser_get_stream_error(p.parser) ? fy_parse_load_document(p.parser) : NULL;
    if (document != NULL)
        complain_at(w, position_of(fy_document_root(document), (position){1, 1}),
                    "a second document begins above this line; a config is one document");
    fy_parse_document_destroy(p.parser, document);
    if (fy_parser_get_stream_error(p.parser))
        report_syntax_errors(w, p.diag);
    klf_yaml_parser_destroy(&p);
    return KLF_OK;
}

static const klf_origin *origin_of(const walker *w, const char *key)
{
    const klf_option_set *set = w->set;
    const klf_option     *option = key != NULL ? klf_option_find(set->table, set->n, KLF_IN_SECTION | KLF_IN_TOP, key) : NULL;
    return option != NULL ? &set->origin[option - set->table] : NULL;
}

/* A broken rule is reported at the first of its keys that the file has, unless the value of one was refused already. */
static void report_rule(void *arg, const char *key, const char *other, const char *sentence)
{
    walker           *w = arg;
    const klf_origin *first = origin_of(w, key), *second = origin_of(w, other);
    if ((first != NULL && first->refused) || (second != NULL && second->refused))
        return;
    if (first != NULL && first->from != KLF_NOT_GIVEN)
        klf_problems_add(w->problems, first->line, first->column, sentence);
    else if (second != NULL && second->from != KLF_NOT_GIVEN)
        klf_problems_add(w->problems, second->line, second->column, sentence);
    else
        klf_problems_add(w->problems, w->line, w->column, sentence);
}

static klf_status read_and_check(walker *w, const char *text, size_t length)
{
    klf_yaml_refusal bad;
    klf_status       st = KLF_OK;
    if (klf_yaml_text_check(text, length, &bad))
        st = parse(w, text, length);
    else
        klf_problems_add(w->problems, bad.line, bad.column, bad.sentence);
    if (st == KLF_OK) {
        st = w->section->check(w->set->target, report_rule, w);
        if (w->problems->n > 0 && st != KLF_ERR_MEMORY)
            st = KLF_OK; /* it is among the problems */
    }
    return st;
}

klf_status klf_yaml_config_load(const char *text, size_t length, const klf_section *section, klf_option_set *set,
                                klf_problems *problems)
{
    walker w = {.section = section, .set = set, .problems = problems, .line = 1, .column = 1};
    w.scratch = calloc(1, section->config_size);
    klf_status st = w.scratch != NULL ? section->init(w.scratch) : klf_fail(KLF_ERR_MEMORY, "no memory to read the config");
    if (st == KLF_OK)
        st = read_and_check(&w, text, length);
    if (w.scratch != NULL)
        section->free(w.scratch);
    free(w.scratch);
    klf_problems_sort(problems);
    if (st != KLF_OK || (problems->n == 0 && !problems->lost))
        return st;
    if (problems->lost)
        return klf_fail(KLF_ERR_MEMORY, "no memory to list what is wrong with the config");
    if (problems->v[problems->n - 1].line == 0)
        return klf_fail(KLF_ERR_USAGE, "%s", problems->v[0].sentence);
    return klf_fail(KLF_ERR_CONFIG, "%s", problems->v[0].sentence);
}
