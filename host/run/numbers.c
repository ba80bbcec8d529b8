/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar is checked here, character by character, because strtod and strtoull accept far more than a config file should
 * (hex, infinities, leading spaces, signs on unsigned numbers) and stop early without a word. */
#include "run/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* One decimal number, taken apart. */
typedef struct decimal {
    bool        negative;
    const char *digits;   /* mantissa: digits and at most one point */
    size_t      n;        /* characters of it */
    long        fraction; /* digits behind the point */
    long        exponent;
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Far beyond any double and any count; a longer exponent changes nothing. */
enum { EXPONENT_LIMIT = 100000 };

static const char *scan_exponent(const char *p, long *exponent)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++)
        if (*exponent < EXPONENT_LIMIT)
            *exponent = 10 * *exponent + (*p - '0');
    if (negative)
        *exponent = -*exponent;
    return p;
}

static bool scan(const char *text, decimal *out)
{
    *out = (decimal){.negative = *text == '-'};
    const char *p = text;
    if (*p == '-' || *p == '+')
        p++;
    out->digits = p;
    size_t n_digits = 0;
    bool   point = false;
    for (; is_digit(*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        n_digits++;
        if (point)
            out->fraction++;
    }
    out->n = (size_t)(p - out->digits);
    if (n_digits == 0)
        return false;
    if (*p == 'e' || *p == 'E') {
        p = scan_exponent(p + 1, &out->exponent);
        if (p == NULL)
            return false;
    }
    return *p == '\0';
}

bool klf_parse_real(const char *text, double *out)
{
    decimal number;
    if (!scan(text, &number))
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool klf_parse_whole(const char *text, uint64_t *out)
{
    decimal number;
    if (!scan(text, &number) || number.negative)
        return false;
    /* value = digits x 10^power, with trailing zeros of the digits moved into the power. */
    long   power = number.exponent - number.fraction;
    size_t n = number.n;
    for (; n > 0 && (number.digits[n - 1] == '0' || number.digits[n - 1] == '.'); n--)
        if (number.digits[n - 1] == '0')
            power++;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (number.digits[i] == '.')
            continue;
        uint64_t digit = (uint64_t)(number.digits[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (value != 0 && power < 0)
        return false;
    for (; value != 0 && power > 0; power--) {
        if (value > UINT64_MAX / 10)
            return false;
        value *= 10;
    }
    *out = value;
    return true;
}

void klf_format_real(double value, char text[KLF_REAL_TEXT])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, KLF_REAL_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}
