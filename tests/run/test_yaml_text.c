/* SPDX-License-Identifier: BSD-3-Clause */
/* What libfyaml must not see. Bytes: against the boundaries of UTF-8 (RFC 3629) and of YAML's printable characters. */
#include "run/yaml_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const allowed[] = {
    "",
    "\t\n\r ~",
    "\xc2\x85\xc2\xa0\xdf\xbf",             /* U+0085, U+00A0, U+07FF */
    "\xe0\xa0\x80\xed\x9f\xbf",             /* U+0800, U+D7FF */
    "\xee\x80\x80\xef\xbf\xbd\xef\xbb\xbf", /* U+E000, U+FFFD, U+FEFF */
    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",     /* U+10000, U+10FFFF */
};

static const struct {
    const char *text, *sentence;
} refused[] = {
    {"\x80", "the byte 0x80 is not text in UTF-8"},
    {"\xff", "the byte 0xff is not text in UTF-8"},
    {"\xc1\xbf", "the byte 0xc1 is not text in UTF-8"},             /* U+007F the long way */
    {"\xe0\x9f\xbf", "the byte 0xe0 is not text in UTF-8"},         /* U+07FF the long way */
    {"\xf0\x8f\xbf\xbf", "the byte 0xf0 is not text in UTF-8"},     /* U+FFFF the long way */
    {"\xf4\x90\x80\x80", "the byte 0xf4 is not text in UTF-8"},     /* U+110000 */
    {"\xf8\x88\x80\x80\x80", "the byte 0xf8 is not text in UTF-8"}, /* five bytes */
    {"\xc3", "the byte 0xc3 is not text in UTF-8"},                 /* the end of the file comes too early */
    {"\xe2\x82", "the byte 0xe2 is not text in UTF-8"},
    {"\xc3(", "the byte 0xc3 is not text in UTF-8"},
    {"\xf0\x90\x80(", "the byte 0xf0 is not text in UTF-8"},
    {"\x01", "the character U+0001 is not allowed in YAML; remove it"},
    {"\x1f", "the character U+001F is not allowed in YAML; remove it"},
    {"\x7f", "the character U+007F is not allowed in YAML; remove it"},
    {"\xc2\x84", "the character U+0084 is not allowed in YAML; remove it"},
    {"\xc2\x9f", "the character U+009F is not allowed in YAML; remove it"},
    {"\xed\xa0\x80", "the character U+D800 is not allowed in YAML; remove it"},
    {"\xed\xbf\xbf", "the character U+DFFF is not allowed in YAML; remove it"},
    {"\xef\xbf\xbe", "the character U+FFFE is not allowed in YAML; remove it"},
};

static void boundaries(void **state)
{
    (void)state;
    klf_yaml_refusal bad;
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (!klf_yaml_text_check(allowed[i], strlen(allowed[i]), &bad))
            fail_msg("text %zu: %s", i, bad.sentence);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(klf_yaml_text_check(refused[i].text, strlen(refused[i].text), &bad));
        assert_string_equal(bad.sentence, refused[i].sentence);
    }
    assert_false(klf_yaml_text_check("a\0b", 3, &bad));
    assert_string_equal(bad.sentence, "the character U+0000 is not allowed in YAML; remove it");
}

/* Lines end at \n, \r and \r\n; columns count characters, not bytes. */
static void places(void **state)
{
    static const struct {
        const char *text;
        int         line, column;
    } cases[] = {{"\xff", 1, 1},     {"ab\xff", 1, 3},     {"\xc3\xa9\xff", 1, 2},
                 {"a\nb\xff", 2, 2}, {"a\r\nb\xff", 2, 2}, {"a\rb\r\xff", 3, 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        klf_yaml_refusal bad;
        assert_false(klf_yaml_text_check(cases[i].text, strlen(cases[i].text), &bad));
        assert_int_equal(bad.line, cases[i].line);
        assert_int_equal(bad.column, cases[i].column);
    }
}

/* A question mark is an explicit key where it stands first and alone. */
static void explicit_keys(void **state)
{
    static const char *const fine[] = {"a: ?", "a: b ? c", "?a: 3", "- ?a", "# ? a", "a: '\n", "-? a", "a?\n"};
    static const struct {
        const char *text;
        int         line, column;
    } keys[] = {{"?", 1, 1}, {"? a", 1, 1}, {"a:\n  ?\tb", 2, 3}, {"- ? a", 1, 3}, {"a:\r\n - - ?\n", 2, 6}, {"\t?\r", 1, 2}};
    klf_yaml_refusal bad;
    (void)state;
    for (size_t i = 0; i < COUNT(fine); i++)
        if (!klf_yaml_text_check(fine[i], strlen(fine[i]), &bad))
            fail_msg("\"%s\": %s", fine[i], bad.sentence);
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_false(klf_yaml_text_check(keys[i].text, strlen(keys[i].text), &bad));
        assert_string_equal(bad.sentence, "a key must be a plain word, without a question mark before it");
        assert_int_equal(bad.line, keys[i].line);
        assert_int_equal(bad.column, keys[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(boundaries), cmocka_unit_test(places), cmocka_unit_test(explicit_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
