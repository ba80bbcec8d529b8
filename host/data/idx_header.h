/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of an IDX file: two zero bytes, the element type, the number of dimensions, and a big-endian 32-bit count for each
 * dimension. The first four bytes as one number are called its magic. */
#ifndef KLFLOW_DATA_IDX_HEADER_H
#define KLFLOW_DATA_IDX_HEADER_H

#include "data/bytes.h"

enum { KLF_IDX_LABELS = 0x0801, KLF_IDX_IMAGES = 0x0803, KLF_IDX_MAX_HEADER = 16 };

typedef struct klf_idx_header {
    size_t   n_bytes;    /* of the header */
    uint32_t n;          /* images or labels */
    uint32_t rows, cols; /* of images; 1 of labels */
} klf_idx_header;

/* Reads it off the front of a file, which must be of the magic asked for: KLF_ERR_DATA with a sentence on what it is instead.
 * name: the file's, quoted. */
klf_status klf_idx_read_header(klf_bytes *bytes, const char *name, uint32_t magic, klf_idx_header *header);

uint32_t klf_big_endian(const unsigned char *byte);

#endif
