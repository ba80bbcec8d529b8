/* SPDX-License-Identifier: BSD-3-Clause */
/* docs/config.md has the option tables' row of every key of every section, word by word. With --rows the program prints them,
 * to paste. */
#include "run/section.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A help line as a cell: a bar would end it. */
static void escape(const char *text, char *cell, size_t size)
{
    size_t n = 0;
    for (; *text != '\0' && n + 2 < size; text++) {
        if (*text == '|')
            cell[n++] = '\\';
        cell[n++] = *text;
    }
    cell[n] = '\0';
}

/* "| `var_w` | 1.5 | 1 | a number >= 0, or a list | variance of ... |" */
static void make_row(const klf_option *option, char *row, size_t size)
{
    char help[400];
    escape(option->help, help, sizeof help);
    snprintf(row, size, "| `%s` | %s | %s | %s%s | %s |", klf_option_key(option).text,
             option->value != NULL ? option->value : option->otherwise, option->unit, klf_option_range(option).text,
             option->type == KLF_OPTION_REALS ? ", START:STOP:COUNT, or a list"
             : klf_option_is_list(option)     ? ", or a list"
                                              : "",
             help);
}

static void config_md_has_every_key(void **state)
{
    (void)state;
    static char text[100000];
    FILE       *file = fopen(KLFLOW_SOURCE_DIR "/docs/config.md", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (size_t k = 0; k < KLF_N_SECTIONS; k++)
        for (size_t i = 0; i < klf_sections[k]->n; i++) {
            char row[1000];
            if ((klf_sections[k]->table[i].where & (KLF_IN_SECTION | KLF_IN_TOP)) == 0)
                continue;
            make_row(&klf_sections[k]->table[i], row, sizeof row);
            if (strstr(text, row) == NULL)
                fail_msg("docs/config.md lacks this row of %s:\n%s", klf_sections[k]->name, row);
        }
}

static void print_rows(void)
{
    for (size_t k = 0; k < KLF_N_SECTIONS; k++) {
        printf("%s\n", klf_sections[k]->name);
        for (size_t i = 0; i < klf_sections[k]->n; i++) {
            char row[1000];
            if ((klf_sections[k]->table[i].where & (KLF_IN_SECTION | KLF_IN_TOP)) == 0)
                continue;
            make_row(&klf_sections[k]->table[i], row, sizeof row);
            puts(row);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--rows") == 0)
        print_rows();
    const struct CMUnitTest tests[] = {cmocka_unit_test(config_md_has_every_key)};
    return argc == 2 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
