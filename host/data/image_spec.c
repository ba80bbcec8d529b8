/* SPDX-License-Identifier: BSD-3-Clause */
/* References to images as users write them: KIND:PATH, KIND:PATH:N or KIND:PATH:A-B. The path may hold colons itself: what
 * stands behind the last colon is the index. Where an index may be left out, a tail that does not read as one belongs to the
 * path, unless it is empty. */
#include "core/quote.h"
#include "klflow/images.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each kind begins a reference with its name and a colon. */
static const char *const kinds[] = {
    [KLF_IMAGES_MNIST] = "mnist",
    [KLF_IMAGES_IDX] = "idx",
    [KLF_IMAGES_CIFAR10] = "cifar10",
    [KLF_IMAGES_CIFAR10_32] = "cifar10-32",
};

/* Behind the colon of a known kind, or NULL. */
static const char *skip_kind(const char *text, klf_image_kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t length = strlen(kinds[i]);
        if (strncmp(text, kinds[i], length) == 0 && text[length] == ':') {
            *kind = (klf_image_kind)i;
            return text + length + 1;
        }
    }
    return NULL;
}

bool klf_image_spec_has_kind(const char *text)
{
    klf_image_kind kind;
    return skip_kind(text, &kind) != NULL;
}

/* Reads decimal digits. Returns what follows them, or NULL where there are none. Saturates above any index that an IDX file
 * can have: its counts are 32 bits wide. */
static const char *read_index(const char *text, uint64_t *index)
{
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (*index = 0; isdigit((unsigned char)*text); text++)
        *index = *index > UINT32_MAX ? *index : *index * 10 + (uint64_t)(*text - '0');
    return text;
}

/* "N" or "A-B", nothing behind it. */
static int read_range(const char *text, uint64_t *first, uint64_t *last)
{
    const char *rest = read_index(text, first);
    *last = *first;
    if (rest && *rest == '-')
        rest = read_index(rest + 1, last);
    return rest && *rest == '\0';
}

klf_status klf_image_spec_parse(const char *text, bool need_index, klf_image_spec *out)
{
    *out = (klf_image_spec){0};
    klf_image_kind       kind = KLF_IMAGES_MNIST;
    const klf_path_quote shown = klf_quoted_path(text);
    const char          *path = skip_kind(text, &kind), *index = need_index ? ":INDEX" : "";
    if (!path)
        return klf_fail(KLF_ERR_USAGE, "%s does not name images: write mnist:FILE%s, idx:FILE%s or cifar10:FILE%s", shown.text,
                        index, index, index);

    uint64_t    first = 0, last = 0;
    const char *colon = strrchr(path, ':');
    const int   has_range = colon && read_range(colon + 1, &first, &last);
    if (!has_range && (need_index || (colon && colon[1] == '\0')))
        return klf_fail(KLF_ERR_USAGE, "%s does not say which image: write %s:FILE:N or %s:FILE:A-B", shown.text, kinds[kind],
                        kinds[kind]);
    if (has_range && (first > UINT32_MAX || last > UINT32_MAX))
        return klf_fail(KLF_ERR_USAGE, "the image index in %s is too large: there are at most %" PRIu32 " images", shown.text,
                        UINT32_MAX);
    if (has_range && first > last)
        return klf_fail(KLF_ERR_USAGE, "the range of images in %s runs backwards: write %" PRIu64 "-%" PRIu64, shown.text, last,
                        first);

    const size_t length = has_range ? (size_t)(colon - path) : strlen(path);
    if (length == 0)
        return klf_fail(KLF_ERR_USAGE, "%s has no file name: write %s:FILE%s", shown.text, kinds[kind], index);
    if (!(out->path = strndup(path, length)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for the file name in %s", shown.text);
    out->kind = kind;
    if (has_range) {
        out->first = (size_t)first;
        out->count = (size_t)(last - first + 1);
    }
    return KLF_OK;
}

void klf_image_spec_free(klf_image_spec *spec)
{
    free(spec->path);
    *spec = (klf_image_spec){0};
}

char *klf_image_spec_text(const klf_image_spec *spec)
{
    char range[64] = "";
    if (spec->count > 1)
        snprintf(range, sizeof range, ":%zu-%zu", spec->first, spec->first + spec->count - 1);
    else if (spec->count == 1)
        snprintf(range, sizeof range, ":%zu", spec->first);
    const size_t size = strlen(kinds[spec->kind]) + strlen(spec->path) + sizeof range + 2;
    char        *text = malloc(size);
    if (text)
        snprintf(text, size, "%s:%s%s", kinds[spec->kind], spec->path, range);
    return text;
}
