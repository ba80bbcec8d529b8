/* SPDX-License-Identifier: BSD-3-Clause */
/* Reals are written with the fewest digits that read back to the same double. */
#include "cli/json_line.h"

#include "run/numbers.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool first; /* stdout is one stream: there is one line at a time */

void klf_json_begin(void)
{
    first = true;
    putchar('{');
}

void klf_json_end(void)
{
    fputs("}\n", stdout);
}

static void print_text(const char *text)
{
    json_t *string = text != NULL ? json_string(text) : NULL;
    if (string == NULL && text != NULL) {
        char *copy = strdup(text);
        for (char *p = copy; p != NULL && *p != '\0'; p++)
            if ((unsigned char)*p >= 0x80)
                *p = '?';
        string = copy != NULL ? json_string(copy) : NULL;
        free(copy);
    }
    char *escaped = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
    fputs(escaped != NULL ? escaped : "null", stdout);
    free(escaped);
    json_decref(string);
}

static void print_real(double value)
{
    char text[KLF_REAL_TEXT] = "null";
    if (isfinite(value))
        klf_format_real(value, text);
    fputs(text, stdout);
}

static void print_key(const char *key)
{
    printf("%s\"%s\": ", first ? "" : ", ", key);
    first = false;
}

void klf_json_open(const char *key)
{
    print_key(key);
    putchar('{');
    first = true;
}

void klf_json_close(void)
{
    putchar('}');
    first = false;
}

void klf_json_text(const char *key, const char *value)
{
    print_key(key);
    print_text(value);
}

void klf_json_whole(const char *key, uint64_t value)
{
    print_key(key);
    printf("%" PRIu64, value);
}

void klf_json_real(const char *key, double value)
{
    print_key(key);
    print_real(value);
}

void klf_json_null(const char *key)
{
    print_key(key);
    fputs("null", stdout);
}

void klf_json_bool(const char *key, bool value)
{
    print_key(key);
    fputs(value ? "true" : "false", stdout);
}

/* The separator before element i of a list. */
static const char *before(size_t i)
{
    return i == 0 ? "[" : ", ";
}

static void print_reals(const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(before(i), stdout);
        print_real(value[i]);
    }
    fputs(n == 0 ? "[]" : "]", stdout);
}

void klf_json_reals(const char *key, const double *value, size_t n)
{
    print_key(key);
    print_reals(value, n);
}

void klf_json_rows(const char *key, const double *value, size_t n_rows, size_t n_columns)
{
    print_key(key);
    for (size_t i = 0; i < n_rows; i++) {
        fputs(before(i), stdout);
        print_reals(value + i * n_columns, n_columns);
    }
    fputs(n_rows == 0 ? "[]" : "]", stdout);
}

void klf_json_wholes(const char *key, const size_t *value, size_t n)
{
    print_key(key);
    for (size_t i = 0; i < n; i++)
        printf("%s%zu", before(i), value[i]);
    fputs(n == 0 ? "[]" : "]", stdout);
}

void klf_json_bools(const char *key, const bool *value, size_t n)
{
    print_key(key);
    for (size_t i = 0; i < n; i++)
        printf("%s%s", before(i), value[i] ? "true" : "false");
    fputs(n == 0 ? "[]" : "]", stdout);
}

void klf_json_texts(const char *key, const char *const *value, size_t n)
{
    print_key(key);
    for (size_t i = 0; i < n; i++) {
        fputs(before(i), stdout);
        print_text(value[i]);
    }
    fputs(n == 0 ? "[]" : "]", stdout);
}
