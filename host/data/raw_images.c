/* SPDX-License-Identifier: BSD-3-Clause */
/* What the readers fill, and how its bytes become grey pixels. The pixels are sums of whole numbers, divided once: whatever the
 * order of summation, a pixel is the double that is closest to the exact value. */
#include "data/raw_images.h"

#include "core/quote.h"

#include <stdlib.h>
#include <string.h>

enum {
    WHITE = 255,
    RED = 299, /* Rec. 601, in thousandths */
    GREEN = 587,
    BLUE = 114,
    LUMA = RED + GREEN + BLUE,
    LARGE_SIDE = 32,
    SMALL_SIDE = 28,
    /* A large pixel is 7 units wide, a small one 8; the widths of both images are the same 224. */
    LARGE_UNITS = 7,
    SMALL_UNITS = 8
};

klf_status klf_byte_list_append(klf_byte_list *list, const char *name, uint64_t most, const unsigned char *byte, size_t n)
{
    if (n > list->room - list->n) {
        const uint64_t need = (uint64_t)list->n + n, twice = 2 * (uint64_t)list->room;
        const uint64_t room = need > twice ? need : twice < most ? twice : most;
        unsigned char *v = room <= SIZE_MAX ? realloc(list->v, (size_t)room) : NULL;
        if (!v)
            return klf_fail(KLF_ERR_MEMORY, "no memory for the images of %s (%.0f MB): ask for fewer of them", name,
                            (double)room / 1e6);
        list->v = v;
        list->room = (size_t)room;
    }
    if (n > 0)
        memcpy(list->v + list->n, byte, n);
    list->n += n;
    return KLF_OK;
}

void klf_raw_images_free(klf_raw_images *raw)
{
    for (size_t i = 0; i < raw->n_files; i++)
        free(raw->file[i].path);
    free(raw->file);
    free(raw->byte.v);
    free(raw->label.v);
    *raw = (klf_raw_images){0};
}

klf_status klf_raw_images_add_file(klf_raw_images *raw, const char *path, const klf_bytes *bytes)
{
    char          *copy = strdup(path);
    klf_data_file *file = copy ? realloc(raw->file, (raw->n_files + 1) * sizeof *file) : NULL;
    if (!file) {
        free(copy);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the name of %s", klf_quoted_path(path).text);
    }
    raw->file = file;
    raw->file[raw->n_files++] = (klf_data_file){.path = copy, .crc32 = klf_bytes_crc32(bytes)};
    return KLF_OK;
}

/* The luma of a colour image [3][n] times 255 * LUMA. */
static void mix(const unsigned char *byte, size_t n, uint32_t *luma)
{
    for (size_t i = 0; i < n; i++)
        luma[i] = (uint32_t)RED * byte[i] + (uint32_t)GREEN * byte[n + i] + (uint32_t)BLUE * byte[2 * n + i];
}

/* A small pixel lies in two large ones in each direction: in 1 to 7 units of the one where it begins, and for the rest of its 8
 * in the next. The sum over 64 units of area stays below 2^32 with the largest luma, 255000. */
static void reduce(const uint32_t *luma, double scale, double *pixel)
{
    for (uint32_t y = 0; y < SMALL_SIDE; y++) {
        const uint32_t  row = SMALL_UNITS * y / LARGE_UNITS, upper = LARGE_UNITS * (row + 1) - SMALL_UNITS * y;
        const uint32_t *above = luma + (size_t)row * LARGE_SIDE, *below = above + LARGE_SIDE;
        for (uint32_t x = 0; x < SMALL_SIDE; x++) {
            const uint32_t col = SMALL_UNITS * x / LARGE_UNITS, left = LARGE_UNITS * (col + 1) - SMALL_UNITS * x;
            const uint32_t right = SMALL_UNITS - left, lower = SMALL_UNITS - upper;
            const uint32_t sum = upper * (left * above[col] + right * above[col + 1]) +
                                 lower * (left * below[col] + right * below[col + 1]);
            *pixel++ = sum / (scale * (SMALL_UNITS * SMALL_UNITS));
        }
    }
}

void klf_raw_images_pixels(const klf_raw_images *raw, size_t side, size_t index, double *pixel)
{
    const size_t         n = raw->rows * raw->cols;
    const unsigned char *byte = raw->byte.v + index * raw->n_planes * n;
    if (raw->n_planes == 1) {
        for (size_t i = 0; i < n; i++)
            pixel[i] = byte[i] / (double)WHITE;
        return;
    }
    uint32_t luma[LARGE_SIDE * LARGE_SIDE];
    mix(byte, n, luma);
    if (side == SMALL_SIDE)
        reduce(luma, (double)WHITE * LUMA, pixel);
    else
        for (size_t i = 0; i < n; i++)
            pixel[i] = luma[i] / ((double)WHITE * LUMA);
}
