/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that is wrong with a text file, collected so that one run reports all of it. */
#ifndef KLFLOW_RUN_PROBLEMS_H
#define KLFLOW_RUN_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct klf_problem {
    int   line, column; /* from 1; line 0: not of the file but of the command line */
    char *sentence;
} klf_problem;

typedef struct klf_problems {
    size_t       n;
    klf_problem *v;
    bool         more; /* than KLF_MAX_PROBLEMS, so that it is no use to look for others */
    bool         lost; /* memory ran out: there are more than are listed */
} klf_problems;

/* Nobody reads further, and a file that is no config at all may have a million. */
enum { KLF_MAX_PROBLEMS = 100 };

/* Beyond KLF_MAX_PROBLEMS only sets `more`. */
void klf_problems_add(klf_problems *problems, int line, int column, const char *sentence);
/* By line, then column. */
void klf_problems_sort(klf_problems *problems);
void klf_problems_free(klf_problems *problems);

#endif
