/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a header is short; saying what a file is that was taken for another one is most of this. */
#include "data/idx_header.h"

#include <inttypes.h>
#include <stdbool.h>

enum { IDX_UBYTE = 0x08, MAX_IMAGE_PIXELS = 1 << 24 /* 4096 x 4096: a header that claims more is damaged */ };

uint32_t klf_big_endian(const unsigned char *byte)
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

/* Why a magic number is not the wanted one, as one sentence. */
static klf_status fail_magic(const char *name, uint32_t magic, uint32_t wanted)
{
    const char *type = element_type(magic >> 8);
    const bool  images = wanted == KLF_IDX_IMAGES;
    const char *what = images ? "images" : "labels", *file = images ? "images-idx3-ubyte" : "labels-idx1-ubyte";
    if (magic == KLF_IDX_LABELS)
        return klf_fail(KLF_ERR_DATA,
                        "%s holds labels (magic 2049), not images (magic 2051): give the ...-images-idx3-ubyte file", name);
    if (magic == KLF_IDX_IMAGES)
        return klf_fail(KLF_ERR_DATA,
                        "%s holds images (magic 2051), not labels (magic 2049): give the ...-labels-idx1-ubyte file", name);
    if (type && magic >> 8 != IDX_UBYTE)
        return klf_fail(KLF_ERR_DATA,
                        "%s is an IDX file of %s (magic %" PRIu32 "), %s are unsigned bytes (magic %" PRIu32 "): convert it",
                        name, type, magic, what, wanted);
    if (type)
        return klf_fail(
            KLF_ERR_DATA,
            "%s is an IDX file of %" PRIu32 " dimensions (magic %" PRIu32 "), %s have %" PRIu32 " (magic %" PRIu32 "): %s",
            name, magic & 0xff, magic, what, wanted & 0xff, wanted, images ? "count, rows, columns" : "their count");
    return klf_fail(KLF_ERR_DATA,
                    "%s is not an IDX file of %s: it begins with magic number %" PRIu32 " (0x%08" PRIx32 "), expected %" PRIu32
                    " (0x%08" PRIx32 "); give an ...-%s file, plain or .gz%s",
                    name, what, magic, magic, wanted, wanted, file, images ? ", or CIFAR-10 as cifar10:FILE" : "");
}

klf_status klf_idx_read_header(klf_bytes *bytes, const char *name, uint32_t magic, klf_idx_header *header)
{
    const bool    images = magic == KLF_IDX_IMAGES;
    const size_t  n_bytes = images ? 16 : 8;
    unsigned char raw[KLF_IDX_MAX_HEADER];
    size_t        got = 0;
    klf_status    st = klf_bytes_read(bytes, n_bytes, raw, &got);
    if (st != KLF_OK)
        return st;
    /* What the file is matters more than how long it is, so the magic number comes first. */
    const uint32_t found = got >= 4 ? klf_big_endian(raw) : magic;
    if (found != magic)
        return fail_magic(name, found, magic);
    if (got < n_bytes)
        return klf_fail(
            KLF_ERR_DATA,
            "%s is truncated: the header of an IDX file of %s has %zu bytes, found %zu; copy or download the file again", name,
            images ? "images" : "labels", n_bytes, got);
    *header = (klf_idx_header){.n_bytes = n_bytes, .n = klf_big_endian(raw + 4), .rows = 1, .cols = 1};
    if (!images)
        return KLF_OK;
    header->rows = klf_big_endian(raw + 8);
    header->cols = klf_big_endian(raw + 12);
    if (header->rows == 0 || header->cols == 0 || header->rows > MAX_IMAGE_PIXELS / header->cols)
        return klf_fail(KLF_ERR_DATA,
                        "%s has a damaged header: it promises images of %" PRIu32 " x %" PRIu32
                        " pixels, expected 1 to %d pixels",
                        name, header->rows, header->cols, MAX_IMAGE_PIXELS);
    return KLF_OK;
}
