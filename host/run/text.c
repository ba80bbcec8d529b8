/* SPDX-License-Identifier: BSD-3-Clause */
/* Suggestions by edit distance (optimal string alignment). */
#include "run/text.h"

#include <string.h>

enum { LONGEST_WORD = 40 };

static char folded(char c)
{
    if (c == '-')
        return '_';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][LONGEST_WORD + 1]; /* rows i, i-1, i-2 of the table, in turn */
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char x = folded(a[i - 1]), y = folded(b[j - 1]);
            now[j] = min2(min2(up[j], now[j - 1]) + 1, up[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y)
                now[j] = min2(now[j], up2[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

void klf_suggestion_offer(klf_suggestion *suggestion, const char *candidate)
{
    size_t n = strlen(suggestion->word), m = strlen(candidate);
    if (n == 0 || n > LONGEST_WORD || m > LONGEST_WORD)
        return;
    /* One error, or a third of a longer word: half of a short one is no slip. An abbreviation of at least three letters counts
     * as one error. */
    size_t distance = edit_distance(suggestion->word, n, candidate, m);
    if (n >= 3 && n < m && edit_distance(suggestion->word, n, candidate, n) == 0)
        distance = 1;
    if ((distance > 1 && distance > n / 3) || distance >= n || (suggestion->best != NULL && distance >= suggestion->distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}
