/* SPDX-License-Identifier: BSD-3-Clause */
/* The axes of a sweep by name, and their values by text, as klflow plot has them. */
#include "run/axis_select.h"

#include "core/quote.h"
#include "run/numbers.h"
#include "run/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAR_W, VAR_B, DEPTH, SEED, INPUT };

static const char *const axis_name[KLF_N_AXES] = {"var_w", "var_b", "depth", "seed", "input"};

static size_t size_of(const klf_kl_sweep *s, size_t axis)
{
    const size_t size[KLF_N_AXES] = {s->n_var_w, s->n_var_b, s->n_depth, s->n_seed, s->n_input};
    return size[axis];
}

static bool matches(const klf_kl_sweep *s, size_t axis, size_t i, const char *text)
{
    static const double SAME = 1e-9;
    double              real;
    uint64_t            whole;
    if (axis == INPUT)
        return strcmp(s->input[i], text) == 0;
    if (axis == DEPTH || axis == SEED)
        return klf_parse_whole(text, &whole) && whole == (axis == DEPTH ? s->depth : s->seed)[i];
    const double value = (axis == VAR_W ? s->var_w : s->var_b)[i];
    return klf_parse_real(text, &real) && fabs(real - value) <= SAME * fabs(value);
}

static void append(char *list, size_t size, const char *text)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", text);
}

static klf_status none_of_that_value(const klf_kl_sweep *s, size_t axis, const char *text)
{
    enum { SHOWN = 8 };
    char   list[512] = "";
    size_t n = size_of(s, axis);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        char value[KLF_REAL_TEXT];
        if (axis == DEPTH || axis == SEED)
            snprintf(value, sizeof value, "%" PRIu64, (axis == DEPTH ? s->depth : s->seed)[i]);
        else if (axis != INPUT)
            klf_format_real((axis == VAR_W ? s->var_w : s->var_b)[i], value);
        append(list, sizeof list, axis == INPUT ? klf_quoted(s->input[i]).text : value);
    }
    return klf_fail(KLF_ERR_USAGE, "--select: there is no %s of %s in the file, which has %s%s", axis_name[axis],
                    klf_quoted(text).text, list, n > SHOWN ? ", ..." : "");
}

static klf_status find_axis(const char *assignment, size_t *axis, const char **value)
{
    size_t length = strcspn(assignment, "=");
    if (assignment[length] == '\0' || assignment[length + 1] == '\0')
        return klf_fail(KLF_ERR_USAGE, "--select takes AXIS=VALUE, such as var_w=1.5, not %s", klf_quoted(assignment).text);
    *value = assignment + length + 1;
    for (*axis = 0; *axis < KLF_N_AXES; (*axis)++)
        if (strlen(axis_name[*axis]) == length && strncmp(axis_name[*axis], assignment, length) == 0)
            return KLF_OK;
    char name[64] = "";
    memcpy(name, assignment, length < sizeof name ? length : sizeof name - 1);
    klf_suggestion suggestion = {.word = name};
    for (size_t i = 0; i < KLF_N_AXES; i++)
        klf_suggestion_offer(&suggestion, axis_name[i]);
    return klf_fail(KLF_ERR_USAGE, "--select: there is no axis %s; the axes are var_w, var_b, depth, seed and input%s%s%s",
                    klf_quoted(name).text, suggestion.best ? "; did you mean " : "", suggestion.best ? suggestion.best : "",
                    suggestion.best ? "?" : "");
}

klf_status klf_axis_choose(const klf_kl_sweep *sweep, const klf_list_text *select, klf_axis_choice *out)
{
    klf_status st = KLF_OK;
    bool      *wanted[KLF_N_AXES] = {NULL}, named[KLF_N_AXES] = {false};
    *out = (klf_axis_choice){0};
    for (size_t axis = 0; axis < KLF_N_AXES; axis++) {
        wanted[axis] = calloc(size_of(sweep, axis), sizeof **wanted);
        out->index[axis] = calloc(size_of(sweep, axis), sizeof **out->index);
        if (wanted[axis] == NULL || out->index[axis] == NULL) {
            st = klf_fail(KLF_ERR_MEMORY, "no memory for the axes of a sweep");
            goto done;
        }
    }
    for (size_t k = 0; k < select->n; k++) {
        size_t      axis;
        const char *value = NULL;
        bool        any = false;
        KLF_TRY(find_axis(select->v[k], &axis, &value));
        for (size_t i = 0; i < size_of(sweep, axis); i++)
            if (matches(sweep, axis, i, value))
                any = wanted[axis][i] = true;
        named[axis] = true;
        if (!any) {
            st = none_of_that_value(sweep, axis, value);
            goto done;
        }
    }
    for (size_t axis = 0; axis < KLF_N_AXES; axis++)
        for (size_t i = 0; i < size_of(sweep, axis); i++)
            if (!named[axis] || wanted[axis][i])
                out->index[axis][out->n[axis]++] = i;
done:
    for (size_t axis = 0; axis < KLF_N_AXES; axis++)
        free(wanted[axis]);
    if (st != KLF_OK)
        klf_axis_choice_free(out);
    return st;
}

void klf_axis_choice_free(klf_axis_choice *choice)
{
    for (size_t axis = 0; axis < KLF_N_AXES; axis++)
        free(choice->index[axis]);
    *choice = (klf_axis_choice){0};
}

const klf_kl_point *klf_axis_point(const klf_kl_sweep *s, const size_t index[KLF_N_AXES])
{
    size_t at = 0;
    for (size_t axis = 0; axis < KLF_N_AXES; axis++)
        at = at * size_of(s, axis) + index[axis];
    return &s->point[at];
}
