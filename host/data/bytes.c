/* SPDX-License-Identifier: BSD-3-Clause */
/* A file's bytes, plain or gzip'ed (one member or several in a row, as gzip writes and concatenation makes). */
#include "data/bytes.h"

#include "core/quote.h"

#include <zlib.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACKED_BYTES = 1 << 16,    /* read at a time */
    GZIP_WINDOW_BITS = 15 + 16 /* zlib: the largest window, gzip wrapper with its checksum */
};
static const unsigned char gzip_magic[2] = {0x1f, 0x8b};
static const char          try_again[] = "copy or download the file again";

struct klf_bytes {
    FILE          *file;
    klf_path_quote name; /* the path as it stands in sentences */
    bool           gzip;
    bool           member_ended; /* the gzip member is complete; another one may follow */
    uint64_t       unpacked;
    uLong          crc32;  /* of what was unpacked */
    z_stream       stream; /* next_in, avail_in: what is left of packed[], for plain files too */
    unsigned char  packed[PACKED_BYTES];
};

/* Makes sure that packed bytes are at hand, unless the file is at its end. */
static klf_status refill(klf_bytes *b)
{
    if (b->stream.avail_in > 0)
        return KLF_OK;
    errno = 0;
    b->stream.next_in = b->packed;
    b->stream.avail_in = (uInt)fread(b->packed, 1, sizeof b->packed, b->file);
    if (ferror(b->file) && errno == EISDIR)
        return klf_fail(KLF_ERR_NOINPUT, "%s is a folder, not a file", b->name.text);
    if (ferror(b->file))
        return klf_fail(KLF_ERR_NOINPUT, "%s cannot be read: %s", b->name.text, strerror(errno));
    return KLF_OK;
}

klf_status klf_bytes_open(const char *path, klf_bytes **out)
{
    klf_status st = KLF_OK;
    klf_bytes *b = calloc(1, sizeof *b);
    *out = NULL;
    if (!b)
        return klf_fail(KLF_ERR_MEMORY, "no memory to read %s", klf_quoted_path(path).text);
    b->name = klf_quoted_path(path);
    b->crc32 = crc32(0, NULL, 0);
    if (!(b->file = fopen(path, "rb"))) {
        st = klf_fail(KLF_ERR_NOINPUT, "%s cannot be opened: %s", b->name.text, strerror(errno));
        goto done;
    }
    KLF_TRY(refill(b));
    if (b->stream.avail_in >= sizeof gzip_magic && memcmp(b->packed, gzip_magic, sizeof gzip_magic) == 0) {
        if (inflateInit2(&b->stream, GZIP_WINDOW_BITS) != Z_OK) {
            st = klf_fail(KLF_ERR_MEMORY, "no memory to unpack %s", b->name.text);
            goto done;
        }
        b->gzip = true;
    }
    *out = b;
    b = NULL;
done:
    klf_bytes_close(b);
    return st;
}

uint32_t klf_bytes_crc32(const klf_bytes *b)
{
    return (uint32_t)b->crc32;
}

void klf_bytes_close(klf_bytes *b)
{
    if (!b)
        return;
    if (b->gzip)
        inflateEnd(&b->stream);
    if (b->file)
        fclose(b->file);
    free(b);
}

static void copy_plain(z_stream *stream)
{
    const uInt n = stream->avail_in < stream->avail_out ? stream->avail_in : stream->avail_out;
    memcpy(stream->next_out, stream->next_in, n);
    stream->next_in += n;
    stream->avail_in -= n;
    stream->next_out += n;
    stream->avail_out -= n;
}

/* One step of unpacking, with packed bytes at hand. */
static klf_status unpack(klf_bytes *b)
{
    if (b->member_ended) {
        if (b->stream.next_in[0] != gzip_magic[0])
            return klf_fail(KLF_ERR_DATA,
                            "%s is oversized: something that is not gzip follows its gzip data (%" PRIu64
                            " bytes unpacked); %s",
                            b->name.text, b->unpacked, try_again);
        inflateReset(&b->stream);
    }
    const int zs = inflate(&b->stream, Z_NO_FLUSH);
    if (zs == Z_MEM_ERROR)
        return klf_fail(KLF_ERR_MEMORY, "no memory to unpack %s", b->name.text);
    if (zs != Z_OK && zs != Z_STREAM_END)
        return klf_fail(KLF_ERR_DATA, "%s is damaged: its gzip data are wrong behind unpacked byte %" PRIu64 " (%s); %s",
                        b->name.text, b->unpacked, b->stream.msg ? b->stream.msg : zError(zs), try_again);
    b->member_ended = zs == Z_STREAM_END;
    return KLF_OK;
}

klf_status klf_bytes_read(klf_bytes *b, size_t n, unsigned char *buffer, size_t *got)
{
    klf_status st = KLF_OK;
    *got = 0;
    while (*got < n) {
        KLF_TRY(refill(b));
        if (b->stream.avail_in == 0)
            break;
        const uInt room = n - *got < UINT_MAX ? (uInt)(n - *got) : UINT_MAX;
        b->stream.next_out = buffer + *got;
        b->stream.avail_out = room;
        if (b->gzip)
            KLF_TRY(unpack(b));
        else
            copy_plain(&b->stream);
        const uInt n_new = room - b->stream.avail_out;
        b->crc32 = crc32(b->crc32, buffer + *got, n_new);
        *got += n_new;
        b->unpacked += n_new;
    }
    /* The checksum behind the last unpacked byte counts as well: without it the member has not ended. */
    if (*got < n && b->gzip && !b->member_ended)
        st = klf_fail(KLF_ERR_DATA, "%s is truncated: its gzip data break off after %" PRIu64 " unpacked bytes; %s",
                      b->name.text, b->unpacked, try_again);
done:
    return st;
}
