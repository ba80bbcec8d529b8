/* SPDX-License-Identifier: BSD-3-Clause */
/* Evenly spaced values, written short and found again (spacing.h). */
#include "run/spacing.h"

#include "run/numbers.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool klf_spacing_is_meant(const char *text)
{
    return strchr(text, ':') != NULL;
}

bool klf_spacing_parse(const char *text, klf_spacing *out)
{
    char        parts[128]; /* nobody writes more digits than fit */
    klf_spacing spacing;
    uint64_t    count;
    size_t      length = strlen(text);
    if (length >= sizeof parts)
        return false;
    memcpy(parts, text, length + 1);
    char *stop = strchr(parts, ':'), *number = stop != NULL ? strchr(stop + 1, ':') : NULL;
    if (number == NULL)
        return false;
    *stop++ = '\0';
    *number++ = '\0';
    if (!klf_parse_real(parts, &spacing.start) || !klf_parse_real(stop, &spacing.stop) || !klf_parse_whole(number, &count))
        return false;
    if (spacing.start == spacing.stop || count < 2 || count > KLF_SPACING_MAX_COUNT)
        return false;
    spacing.count = (size_t)count;
    *out = spacing;
    return true;
}

double klf_spacing_value(const klf_spacing *spacing, size_t i)
{
    static const double NOTHING = 1e-15; /* of the larger end: what is left where two products should cancel */
    char                text[32];
    double              last = (double)(spacing->count - 1);
    if (i == 0 || i + 1 == spacing->count)
        return (i == 0 ? spacing->start : spacing->stop) + 0.0; /* "-0" is 0 */
    /* Weighted ends and not START + i STEP: their difference may overflow. */
    double value = spacing->start * ((last - (double)i) / last) + spacing->stop * ((double)i / last);
    if (fabs(value) <= NOTHING * fmax(fabs(spacing->start), fabs(spacing->stop)))
        return 0.0;
    snprintf(text, sizeof text, "%.15g", value);
    return strtod(text, NULL);
}

bool klf_spacing_find(size_t n, const double *list, klf_spacing *out)
{
    if (n < 4 || n > KLF_SPACING_MAX_COUNT || list[0] == list[n - 1])
        return false;
    klf_spacing spacing = {list[0], list[n - 1], n};
    for (size_t i = 1; i + 1 < n; i++)
        if (klf_spacing_value(&spacing, i) != list[i])
            return false;
    *out = spacing;
    return true;
}
