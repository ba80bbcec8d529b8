/* SPDX-License-Identifier: BSD-3-Clause */
/* Two columns: the option and its value, and what it does with its default. */
#include "cli/help.h"

#include "cli/wrap.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMN = 26 };

static void print_option(const klf_option *option)
{
    char left[64], text[512];
    int  n = snprintf(left, sizeof left, "  --%s%s%s", option->name, option->metavar ? " " : "",
                     option->metavar ? option->metavar : "");
    if (option->letter != '\0')
        n = snprintf(left, sizeof left, "  -%c, --%s %s", option->letter, option->name, option->metavar);
    const char *fallback = option->value != NULL ? option->value : option->otherwise;
    if (option->type == KLF_OPTION_FLAG || fallback == NULL)
        snprintf(text, sizeof text, "%s", option->help);
    else
        snprintf(text, sizeof text, "%s [%s]", option->help, fallback);
    fputs(left, stdout);
    printf("%*s", n < TEXT_COLUMN ? TEXT_COLUMN - n : 1, "");
    klf_wrap_print(text, n < TEXT_COLUMN ? TEXT_COLUMN : (size_t)n + 1, TEXT_COLUMN);
}

void klf_help_print(const char *usage, const klf_option_set *sets, size_t n_sets)
{
    size_t length = strcspn(usage, "\n");
    printf("usage: %.*s\n%s%s\n", (int)length, usage, usage[length] == '\n' ? "\n" : "",
           usage + length + (usage[length] == '\n'));
    const char *group = NULL, *printed = NULL;
    for (const klf_option_set *set = sets; set < sets + n_sets; set++) {
        group = "Options";
        for (const klf_option *option = set->table; option < set->table + set->n; option++) {
            if (option->group != NULL)
                group = option->group;
            if ((option->where & set->where) == 0)
                continue;
            if (printed == NULL || strcmp(group, printed) != 0)
                printf("\n%s\n", group);
            printed = group;
            print_option(option);
        }
    }
}
