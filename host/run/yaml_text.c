/* SPDX-License-Identifier: BSD-3-Clause */
/* libfyaml 0.7.12 stops in silence at bytes that are not UTF-8 and, in a line that begins with %, goes round for ever; with
 * some explicit keys it frees memory that it uses again. */
#include "run/yaml_text.h"

#include <stdint.h>
#include <stdio.h>

/* The bytes of the character at text and its code point; 0 if it is not UTF-8 in shortest form. A surrogate comes out as
 * itself. */
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

/* What is wrong with the character of `bytes` bytes (0: it is none) at c; false if nothing is. */
static bool is_refused(const unsigned char *c, size_t bytes, uint32_t code, char *sentence, size_t size)
{
    if (bytes == 0)
        snprintf(sentence, size, "the byte 0x%02x is not text in UTF-8", *c);
    else if (!is_printable(code))
        snprintf(sentence, size, "the character U+%04X is not allowed in YAML; remove it", (unsigned)code);
    else
        return false;
    return true;
}

static bool is_blank(uint32_t code)
{
    return code == ' ' || code == '\t';
}

bool klf_yaml_text_check(const char *text, size_t length, klf_yaml_refusal *refusal)
{
    const unsigned char *c = (const unsigned char *)text;
    bool                 leads = true; /* only blanks and the dashes of lists before it on its line */
    *refusal = (klf_yaml_refusal){.line = 1, .column = 1};
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        size_t   n = decode(c + i, length - i, &code);
        if (is_refused(c + i, n, code, refusal->sentence, sizeof refusal->sentence))
            return false;
        i += n;
        uint32_t next = i < length ? c[i] : '\n';
        bool     alone = is_blank(next) || next == '\n' || next == '\r';
        if (leads && alone && code == '?') {
            snprintf(refusal->sentence, sizeof refusal->sentence,
                     "a key must be a plain word, without a question mark before it");
            return false;
        }
        refusal->column++;
        leads = leads && (is_blank(code) || (alone && code == '-'));
        if (code == '\n' || (code == '\r' && next != '\n')) {
            *refusal = (klf_yaml_refusal){.line = refusal->line + 1, .column = 1};
            leads = true;
        }
    }
    return true;
}
