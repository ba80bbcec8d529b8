/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at every character before libfyaml does: 0.7.12 stops in silence at bytes that are not UTF-8, and in a line that begins
 * with % it never stops. */
#include "run/yaml_characters.h"

#include <stdint.h>
#include <stdio.h>

/* The bytes of the character at text and its code point; 0 if it is not UTF-8 in shortest form. A surrogate comes out as itself. */
static size_t decode(const unsigned char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned              c = text[0];
    size_t                n = c < 0x80 ? 1 : c >> 5 == 0x06 ? 2 : c >> 4 == 0x0e ? 3 : c >> 3 == 0x1e ? 4 : 0;
    if (n == 0 || n > length)
        return 0;
    *code = n == 1 ? c : c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    return *code >= smallest[n] && *code <= 0x10ffff ? n : 0;
}

static bool is_printable(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0x7f) || code == 0x85 ||
           (code >= 0xa0 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe) || code >= 0x10000;
}

bool klf_yaml_characters_check(const char *text, size_t length, klf_bad_character *bad)
{
    const unsigned char *c = (const unsigned char *)text;
    *bad = (klf_bad_character){.line = 1, .column = 1};
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t   n = decode(c + i, length - i, &code);
        if (n == 0) {
            snprintf(bad->sentence, sizeof bad->sentence, "the byte 0x%02x is not text in UTF-8", c[i]);
            return false;
        }
        if (!is_printable(code)) {
            snprintf(bad->sentence, sizeof bad->sentence, "the character U+%04X is not allowed in YAML; remove it", (unsigned)code);
            return false;
        }
        i += n;
        bad->column++;
        if (code == '\n' || (code == '\r' && !(i < length && c[i] == '\n'))) {
            bad->line++;
            bad->column = 1;
        }
    }
    return true;
}
