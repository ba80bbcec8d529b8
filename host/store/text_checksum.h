/* SPDX-License-Identifier: BSD-3-Clause */
/* A checksum of the texts of a dataset. HDF5 keeps the characters of variable-length text in a heap that has none. */
#ifndef KLFLOW_STORE_TEXT_CHECKSUM_H
#define KLFLOW_STORE_TEXT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The attribute of a text dataset that holds it. */
#define KLF_TEXT_CHECKSUM "crc32"

/* CRC-32 of the texts with the zero byte behind each, going on from that of the texts before them; 0 at the start. NULL, which
 * is how HDF5 reads an empty text, counts as empty. */
int64_t klf_text_checksum(int64_t before, size_t n, const char *const *text);

#endif
