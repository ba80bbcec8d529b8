/* SPDX-License-Identifier: BSD-3-Clause */
/** The bytes of a file from front to back, unpacked on the way if it is gzip'ed, in constant memory. zlib's gzread is not used
 *  because it ignores what follows the gzip data; here that is an error. */
#ifndef KLFLOW_DATA_BYTES_H
#define KLFLOW_DATA_BYTES_H

#include "klflow/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct klf_bytes klf_bytes;

/** KLF_ERR_NOINPUT if the file cannot be opened or read (a folder, for example). *out is NULL on failure. */
klf_status klf_bytes_open(const char *path, klf_bytes **out);

/** The next n bytes; fewer (*got < n) only at the end of the file. KLF_ERR_DATA if the gzip data are damaged, stop early (also
 *  if only their checksum is missing) or are followed by something else; KLF_ERR_NOINPUT if reading fails. */
klf_status klf_bytes_read(klf_bytes *bytes, size_t n, unsigned char *buffer, size_t *got);

/** CRC-32 of the bytes read so far. */
uint32_t klf_bytes_crc32(const klf_bytes *bytes);

/** Accepts NULL. */
void klf_bytes_close(klf_bytes *bytes);

#endif
