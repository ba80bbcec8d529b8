/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32 over texts (text_checksum.h). */
#include "store/text_checksum.h"

#include <string.h>

#include <zlib.h>

int64_t klf_text_checksum(int64_t before, size_t n, const char *const *text)
{
    uLong crc = (uLong)before;
    for (size_t i = 0; i < n; i++) {
        const char *characters = text[i] ? text[i] : "";
        crc = crc32_z(crc, (const Bytef *)characters, strlen(characters) + 1);
    }
    return (int64_t)crc;
}
