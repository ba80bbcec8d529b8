/* SPDX-License-Identifier: BSD-3-Clause */
/* Images from an IDX file: two zero bytes, the element type, the number of dimensions, a big-endian 32-bit count for each
 * dimension, the elements row-major. The file streams through a buffer and is checked to its end, but only the wanted images
 * are kept; memory grows with the pixels that were really there, never on the word of the header. */
#include "core/quote.h"
#include "data/bytes.h"
#include "klflow/images.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IDX_UBYTE = 0x08,
    IDX_LABELS = 0x0801,
    IDX_IMAGES = 0x0803,
    HEADER_BYTES = 16,
    MAX_IMAGE_PIXELS = 1 << 24, /* 4096 x 4096: a header that claims more is damaged */
    STREAM_BYTES = 1 << 18
};
static const double WHITE = 255.0;

typedef struct idx_header {
    uint32_t n_images, rows, cols;
} idx_header;

static uint32_t big_endian(const unsigned char *byte)
{
    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

static const char *element_type(uint32_t code)
{
    switch (code) {
    case IDX_UBYTE: return "unsigned bytes";
    case 0x09: return "signed bytes";
    case 0x0b: return "16-bit integers";
    case 0x0c: return "32-bit integers";
    case 0x0d: return "floats";
    case 0x0e: return "doubles";
    default: return NULL;
    }
}

/* Why a magic number is not that of images, as one sentence. */
static klf_status fail_magic(const char *name, uint32_t magic)
{
    const char *type = element_type(magic >> 8);
    if (magic == IDX_LABELS)
        return klf_fail(KLF_ERR_DATA,
                        "%s holds labels (magic 2049), not images (magic 2051): give the ...-images-idx3-ubyte file", name);
    if (type && magic >> 8 != IDX_UBYTE)
        return klf_fail(KLF_ERR_DATA,
                        "%s is an IDX file of %s (magic %" PRIu32 "), images are unsigned bytes (magic 2051): convert it", name,
                        type, magic);
    if (type)
        return klf_fail(KLF_ERR_DATA,
                        "%s is an IDX file of %" PRIu32 " dimensions (magic %" PRIu32
                        "), images have 3 (magic 2051): count, rows, columns",
                        name, magic & 0xff, magic);
    return klf_fail(KLF_ERR_DATA,
                    "%s is not an IDX file of images: it begins with magic number %" PRIu32 " (0x%08" PRIx32
                    "), expected 2051 (0x00000803); "
                    "give an ...-images-idx3-ubyte file, plain or .gz",
                    name, magic, magic);
}

static klf_status read_header(klf_bytes *bytes, const char *name, idx_header *header)
{
    unsigned char raw[HEADER_BYTES];
    size_t        got = 0;
    klf_status    st = klf_bytes_read(bytes, sizeof raw, raw, &got);
    if (st != KLF_OK)
        return st;
    /* What the file is matters more than how long it is, so the magic number comes first. */
    const uint32_t magic = got >= 4 ? big_endian(raw) : IDX_IMAGES;
    if (magic != IDX_IMAGES)
        return fail_magic(name, magic);
    if (got < sizeof raw)
        return klf_fail(
            KLF_ERR_DATA,
            "%s is truncated: the header of an IDX file of images has %d bytes, found %zu; copy or download the file again",
            name, HEADER_BYTES, got);
    *header = (idx_header){big_endian(raw + 4), big_endian(raw + 8), big_endian(raw + 12)};
    if (header->rows == 0 || header->cols == 0 || header->rows > MAX_IMAGE_PIXELS / header->cols)
        return klf_fail(KLF_ERR_DATA,
                        "%s has a damaged header: it promises images of %" PRIu32 " x %" PRIu32
                        " pixels, expected 1 to %d pixels",
                        name, header->rows, header->cols, MAX_IMAGE_PIXELS);
    return KLF_OK;
}

typedef struct pixel_list {
    size_t  n, room;
    double *v;
} pixel_list;

/* Appends n pixels to a list that will never need more than `most`. */
static klf_status append(pixel_list *list, const char *name, uint64_t most, const unsigned char *byte, size_t n)
{
    if (n > list->room - list->n) {
        const uint64_t need = (uint64_t)list->n + n, twice = 2 * (uint64_t)list->room;
        const uint64_t room = need > twice ? need : twice < most ? twice : most;
        double        *v = room <= SIZE_MAX / sizeof *v ? realloc(list->v, (size_t)room * sizeof *v) : NULL;
        if (!v)
            return klf_fail(KLF_ERR_MEMORY, "no memory for the images of %s (%.0f MB): ask for fewer of them", name,
                            (double)most * sizeof *v / 1e6);
        list->v = v;
        list->room = (size_t)room;
    }
    for (size_t i = 0; i < n; i++)
        list->v[list->n + i] = byte[i] / WHITE;
    list->n += n;
    return KLF_OK;
}

/* Streams all pixels of the file, keeps those from begin to end - 1, and checks that the file ends where the header says. */
static klf_status read_pixels(klf_bytes *bytes, const char *name, const idx_header *header, uint64_t begin, uint64_t end,
                              pixel_list *kept)
{
    const uint64_t total = (uint64_t)header->n_images * header->rows * header->cols;
    unsigned char *buffer = malloc(STREAM_BYTES);
    klf_status     st = KLF_OK;
    size_t         got = 0;
    if (!buffer) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory to read %s", name);
        goto done;
    }
    for (uint64_t at = 0; at < total; at += got) {
        const size_t n = total - at < STREAM_BYTES ? (size_t)(total - at) : STREAM_BYTES;
        KLF_TRY(klf_bytes_read(bytes, n, buffer, &got));
        if (got < n) {
            st = klf_fail(KLF_ERR_DATA,
                          "%s is truncated: %" PRIu32 " images of %" PRIu32 " x %" PRIu32 " pixels make %" PRIu64
                          " bytes, found %" PRIu64 "; copy or download the file again",
                          name, header->n_images, header->rows, header->cols, HEADER_BYTES + total, HEADER_BYTES + at + got);
            goto done;
        }
        const uint64_t from = at > begin ? at : begin, to = at + n < end ? at + n : end;
        if (from < to)
            KLF_TRY(append(kept, name, end - begin, buffer + (from - at), (size_t)(to - from)));
    }
    KLF_TRY(klf_bytes_read(bytes, 1, buffer, &got));
    if (got > 0)
        st = klf_fail(KLF_ERR_DATA,
                      "%s is oversized: %" PRIu32 " images of %" PRIu32 " x %" PRIu32 " pixels make %" PRIu64
                      " bytes, found more; copy or download the file again",
                      name, header->n_images, header->rows, header->cols, HEADER_BYTES + total);
done:
    free(buffer);
    return st;
}

static klf_status check_range(const klf_image_spec *spec, const char *name, uint32_t n_images)
{
    if (n_images == 0)
        return klf_fail(KLF_ERR_DATA, "%s is empty: its header promises 0 images; give another file", name);
    if (spec->first < n_images && spec->count <= n_images - spec->first)
        return KLF_OK;
    char asked[64];
    if (spec->count > 1)
        snprintf(asked, sizeof asked, "images %zu-%zu were", spec->first, spec->first + spec->count - 1);
    else
        snprintf(asked, sizeof asked, "image %zu was", spec->first);
    return klf_fail(KLF_ERR_USAGE, "%s has %" PRIu32 " images, numbered 0 to %" PRIu32 ", but %s asked for", name, n_images,
                    n_images - 1, asked);
}

klf_status klf_images_read(const klf_image_spec *spec, klf_images *out)
{
    klf_status st = KLF_OK;
    klf_bytes *bytes = NULL;
    idx_header header = {0};
    pixel_list kept = {0};

    const klf_path_quote name = klf_quoted_path(spec->path);
    *out = (klf_images){0};
    KLF_TRY(klf_bytes_open(spec->path, &bytes));
    KLF_TRY(read_header(bytes, name.text, &header));

    /* An index out of range is reported only once the file is known to be whole: before that its count means nothing. */
    const uint64_t n_pixels = (uint64_t)header.rows * header.cols;
    const size_t   first = spec->first < header.n_images ? spec->first : header.n_images;
    const size_t   left = header.n_images - first;
    const size_t   count = spec->count == 0 || spec->count > left ? left : spec->count;
    KLF_TRY(read_pixels(bytes, name.text, &header, first * n_pixels, (first + count) * n_pixels, &kept));
    KLF_TRY(check_range(spec, name.text, header.n_images));

    *out = (klf_images){.count = count, .rows = header.rows, .cols = header.cols, .pixel = kept.v};
    kept.v = NULL;
done:
    free(kept.v);
    klf_bytes_close(bytes);
    return st;
}

void klf_images_free(klf_images *images)
{
    free(images->pixel);
    *images = (klf_images){0};
}
