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

/* How many units of large pixel j lie in small pixel i: 8i .. 8i+8 meets 7j .. 7j+7. */
static uint32_t overlap(size_t i, size_t j)
{
    const size_t begin = SMALL_UNITS * i > LARGE_UNITS * j ? SMALL_UNITS * i : LARGE_UNITS * j;
    const size_t small_end = SMALL_UNITS * (i + 1), large_end = LARGE_UNITS * (j + 1);
    const size_t end = small_end < large_end ? small_end : large_end;
    return end > begin ? (uint32_t)(end - begin) : 0;
}

/* A small pixel meets at most two large ones in each direction, from the one in which it begins. The sum of 64 units of area
 * with the largest luma stays below 2^32: 64 * 255000. */
static void reduce(const uint32_t *luma, double scale, double *pixel)
{
    for (size_t y = 0; y < SMALL_SIDE; y++)
        for (size_t x = 0; x < SMALL_SIDE; x++) {
            const size_t top = SMALL_UNITS * y / LARGE_UNITS, left = SMALL_UNITS * x / LARGE_UNITS;
            uint32_t     sum = 0;
            for (size_t v = top; v < top + 2 && v < LARGE_SIDE; v++)
                for (size_t u = left; u < left + 2 && u < LARGE_SIDE; u++)
                    sum += overlap(y, v) * overlap(x, u) * luma[v * LARGE_SIDE + u];
            pixel[y * SMALL_SIDE + x] = sum / (scale * (SMALL_UNITS * SMALL_UNITS));
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
