/* SPDX-License-Identifier: BSD-3-Clause */
/* Quotes: one short line of whole characters, without any that a terminal obeys. */
#include "core/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_whole_character(const char *quote)
{
    const char *euro = strchr(quote, '\xe2');
    assert_true(euro == NULL || memcmp(euro, "\xe2\x82\xac", 3) == 0);
    assert_null(strchr(euro ? euro + 3 : quote, '\x82'));
    assert_int_equal(quote[strlen(quote) - 1], '\'');
}

static void quotes_keep_one_short_line(void **state)
{
    (void)state;
    assert_string_equal(klf_quoted("abc").text, "'abc'");
    assert_string_equal(klf_quoted("a\nb\x1b[31m").text, "'a?b?[31m'");
    char text[500];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n < sizeof text - 3; n++) { /* a character of three bytes across the cut */
        memset(text, 'x', sizeof text);
        memcpy(text + n, "\xe2\x82\xac", 3);
        text[sizeof text - 1] = '\0';
        assert_whole_character(klf_quoted(text).text);
        assert_whole_character(klf_quoted_path(text).text);
    }
}

static void paths_show_their_end(void **state)
{
    (void)state;
    char path[400];
    memset(path, 'd', sizeof path);
    strcpy(path + sizeof path - 6, "/a.h5");
    const klf_path_quote quote = klf_quoted_path(path);
    assert_int_equal(strlen(quote.text), 1 + 3 + 255 + 1);
    assert_memory_equal(quote.text, "'...d", 5);
    assert_string_equal(quote.text + strlen(quote.text) - 6, "/a.h5'");
    assert_string_equal(klf_quoted_path("/tmp/\x1b[2J.h5").text, "'/tmp/?[2J.h5'");
    assert_string_equal(klf_quoted_path("").text, "''");
}

static void characters_that_terminals_obey(void **state)
{
    (void)state;
    char text[] = "a\tb\x7f"
                  "c\xc2\x9b"
                  "d\xc2\xa0"
                  "e\xc3\xa9";
    klf_make_printable(text);
    assert_string_equal(text, "a?b?c??d\xc2\xa0"
                              "e\xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_keep_one_short_line),
        cmocka_unit_test(paths_show_their_end),
        cmocka_unit_test(characters_that_terminals_obey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
