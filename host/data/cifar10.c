/* SPDX-License-Identifier: BSD-3-Clause */
/* A binary batch of CIFAR-10: records of 3073 bytes and nothing else, each a label from 0 to 9 and then the red, the green and
 * the blue plane of 32 x 32 bytes. There is no header, so what a file is shows in its length and its labels alone; whatever is
 * often taken for a batch is recognized by how it begins. */
#include "core/quote.h"
#include "data/idx_header.h"
#include "data/raw_images.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 32,
    N_PLANES = 3,
    IMAGE_BYTES = N_PLANES * SIDE * SIDE,
    RECORD_BYTES = 1 + IMAGE_BYTES,
    N_CLASSES = 10,
    STREAM_RECORDS = 64,
    TAR_MAGIC_AT = 257,
    TAR_MAGIC_BYTES = 5
};

/* What a file is that cannot be a batch; n bytes of its beginning are at hand. NULL: nothing known. */
static const char *what_else(const unsigned char *byte, size_t n)
{
    if (n >= 4 && klf_big_endian(byte) == KLF_IDX_IMAGES)
        return "an IDX file: write mnist: in place of cifar10:";
    if (n >= 4 && klf_big_endian(byte) == KLF_IDX_LABELS)
        return "an IDX file of labels: a batch has its labels in its records";
    if (n >= TAR_MAGIC_AT + TAR_MAGIC_BYTES && memcmp(byte + TAR_MAGIC_AT, "ustar", TAR_MAGIC_BYTES) == 0)
        return "a tar archive: unpack it and give its folder";
    if (n >= 2 && byte[0] == 0x80 && byte[1] >= 2 && byte[1] <= 5)
        return "a Python pickle: get CIFAR-10's binary version (cifar-10-binary.tar.gz)";
    return NULL;
}

/* A file that is being read. Its beginning is kept, and asked what it is once something is wrong: a batch may begin with any
 * bytes from 0 to 9 and then any at all. */
typedef struct batch {
    const char   *name; /* quoted */
    uint64_t      n;    /* records so far */
    size_t        n_beginning;
    unsigned char beginning[TAR_MAGIC_AT + TAR_MAGIC_BYTES];
} batch;

static klf_status fail_label(const batch *b, unsigned label)
{
    const char *other = what_else(b->beginning, b->n_beginning);
    if (other)
        return klf_fail(KLF_ERR_DATA, "%s is no binary batch of CIFAR-10 but %s", b->name, other);
    return klf_fail(KLF_ERR_DATA,
                    "%s is no binary batch of CIFAR-10, or damaged: the label of record %" PRIu64
                    " is %u, expected 0 to %d at the head of each %d bytes",
                    b->name, b->n, label, N_CLASSES - 1, RECORD_BYTES);
}

static klf_status fail_rest(const batch *b, size_t rest)
{
    const char *other = what_else(b->beginning, b->n_beginning);
    if (other)
        return klf_fail(KLF_ERR_DATA, "%s is no binary batch of CIFAR-10 but %s", b->name, other);
    return klf_fail(KLF_ERR_DATA,
                    "%s is cut, or no binary batch of CIFAR-10: expected whole records of %d bytes, found %" PRIu64
                    " of them and %zu bytes more; copy or download the file again",
                    b->name, RECORD_BYTES, b->n, rest);
}

static klf_status take_record(klf_raw_images *raw, batch *b, klf_kept_range range, const unsigned char *record)
{
    const size_t index = raw->total++;
    klf_status   st = KLF_OK;
    if (record[0] >= N_CLASSES)
        return fail_label(b, record[0]);
    b->n++;
    raw->largest_label = record[0] > raw->largest_label ? record[0] : raw->largest_label;
    if (index < range.first || (range.count != 0 && index - range.first >= range.count))
        return KLF_OK;
    KLF_TRY(klf_byte_list_append(&raw->label, b->name, UINT64_MAX, record, 1));
    KLF_TRY(klf_byte_list_append(&raw->byte, b->name, UINT64_MAX, record + 1, IMAGE_BYTES));
done:
    return st;
}

static klf_status read_records(klf_bytes *bytes, batch *b, klf_kept_range range, klf_raw_images *raw)
{
    const size_t   room = (size_t)STREAM_RECORDS * RECORD_BYTES;
    unsigned char *buffer = malloc(room);
    klf_status     st = KLF_OK;
    size_t         got = room;
    if (!buffer) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory to read %s", b->name);
        goto done;
    }
    while (got == room) {
        KLF_TRY(klf_bytes_read(bytes, room, buffer, &got));
        if (b->n == 0) {
            b->n_beginning = got < sizeof b->beginning ? got : sizeof b->beginning;
            memcpy(b->beginning, buffer, b->n_beginning);
        }
        for (size_t i = 0; i < got / RECORD_BYTES; i++)
            KLF_TRY(take_record(raw, b, range, buffer + i * RECORD_BYTES));
        const size_t rest = got % RECORD_BYTES;
        if (rest != 0) {
            st = fail_rest(b, rest);
            goto done;
        }
    }
    if (b->n == 0)
        st = klf_fail(KLF_ERR_DATA, "%s is empty: a binary batch of CIFAR-10 has records of %d bytes", b->name, RECORD_BYTES);
done:
    free(buffer);
    return st;
}

klf_status klf_cifar10_read(const char *path, klf_kept_range range, klf_raw_images *raw)
{
    klf_status           st = KLF_OK;
    klf_bytes           *bytes = NULL;
    const klf_path_quote name = klf_quoted_path(path);
    raw->rows = raw->cols = SIDE;
    raw->n_planes = N_PLANES;
    KLF_TRY(klf_bytes_open(path, &bytes));
    batch b = {.name = name.text};
    KLF_TRY(read_records(bytes, &b, range, raw));
    KLF_TRY(klf_raw_images_add_file(raw, path, bytes));
    raw->n_labels = raw->total;
done:
    klf_bytes_close(bytes);
    return st;
}
