/* SPDX-License-Identifier: BSD-3-Clause */
/* Words are put on a line while they fit; one that is longer than a line has one of its own. */
#include "cli/wrap.h"

#include <stdio.h>
#include <string.h>

enum { LINE_WIDTH = 79 };

void klf_wrap_print(const char *text, size_t column, size_t indent)
{
    for (const char *word = text; *word != '\0';) {
        size_t length = *word == '[' ? strlen(word) : strcspn(word, " "); /* in --help the default, at the end */
        if (column > indent && column + 1 + length > LINE_WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        }
        column += (size_t)printf("%s%.*s", column > indent ? " " : "", (int)length, word);
        word += length + strspn(word + length, " ");
    }
    putchar('\n');
}
