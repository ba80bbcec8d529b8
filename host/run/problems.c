/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing list of problems. Running out of memory is remembered instead of reported: the list is itself an error report. */
#include "run/problems.h"

#include <stdlib.h>
#include <string.h>

void klf_problems_add(klf_problems *problems, int line, int column, const char *sentence)
{
    if (problems->n == KLF_MAX_PROBLEMS) {
        problems->more = true;
        return;
    }
    klf_problem *larger = realloc(problems->v, (problems->n + 1) * sizeof *larger);
    char        *copy = strdup(sentence);
    if (larger != NULL)
        problems->v = larger;
    if (larger == NULL || copy == NULL) {
        free(copy);
        problems->lost = true;
        return;
    }
    problems->v[problems->n++] = (klf_problem){.line = line, .column = column, .sentence = copy};
}

static int by_position(const void *a, const void *b)
{
    const klf_problem *p = a, *q = b;
    if (p->line != q->line)
        return p->line < q->line ? -1 : 1;
    if (p->column != q->column)
        return p->column < q->column ? -1 : 1;
    return strcmp(p->sentence, q->sentence);
}

void klf_problems_sort(klf_problems *problems)
{
    if (problems->n > 1)
        qsort(problems->v, problems->n, sizeof *problems->v, by_position);
}

void klf_problems_free(klf_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++)
        free(problems->v[i].sentence);
    free(problems->v);
    *problems = (klf_problems){0};
}
