/* SPDX-License-Identifier: BSD-3-Clause */
/* Quoting for messages (quote.h). No cut divides a UTF-8 character. */
#include "core/quote.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void klf_make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            c[0] = c[1] = '?';
    }
}

klf_quote klf_quoted(const char *text)
{
    enum { LONGEST = 60 };
    klf_quote    quote;
    const size_t length = strnlen(text, LONGEST + 1);
    size_t       n = length <= LONGEST ? length : LONGEST;
    while (length > LONGEST && n > 0 && continues_character(text[n]))
        n--;
    snprintf(quote.text, sizeof quote.text, "'%.*s%s'", (int)n, text, length > LONGEST ? "..." : "");
    klf_make_printable(quote.text);
    return quote;
}

klf_path_quote klf_quoted_path(const char *path)
{
    enum { LONGEST = 255 };
    klf_path_quote quote;
    const size_t   length = strlen(path);
    const char    *from = length > LONGEST ? path + length - LONGEST : path;
    while (continues_character(*from) && from > path)
        from++;
    snprintf(quote.text, sizeof quote.text, "'%s%s'", from > path ? "..." : "", from);
    klf_make_printable(quote.text);
    return quote;
}
