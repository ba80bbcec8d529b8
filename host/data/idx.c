/* SPDX-License-Identifier: BSD-3-Clause */
/* Images and labels from IDX files: a header (idx_header.h), then the elements row-major. A file streams through a buffer and
 * is checked to its end, but only the wanted items are kept. */
#include "core/quote.h"
#include "data/idx_header.h"
#include "data/raw_images.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_BYTES = 1 << 18 };

/* "60000 images of 28 x 28 pixels" or "60000 labels". */
typedef struct promise {
    char text[80];
} promise;

static promise promise_of(const klf_idx_header *header, bool images)
{
    promise p;
    if (images)
        snprintf(p.text, sizeof p.text, "%" PRIu32 " images of %" PRIu32 " x %" PRIu32 " pixels", header->n, header->rows,
                 header->cols);
    else
        snprintf(p.text, sizeof p.text, "%" PRIu32 " labels", header->n);
    return p;
}

/* What labels are checked for; of images nothing is. */
typedef struct label_check {
    unsigned limit, largest;
} label_check;

static klf_status check_labels(label_check *check, const char *name, uint64_t at, const unsigned char *label, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (label[i] >= check->limit)
            return klf_fail(KLF_ERR_DATA,
                            "label %" PRIu64 " of %s is %u, expected 0 to %u; with more classes write idx: in place of mnist:",
                            at + i, name, label[i], check->limit - 1);
        check->largest = label[i] > check->largest ? label[i] : check->largest;
    }
    return KLF_OK;
}

/* Streams all elements of the file, keeps those of the wanted items, and checks that the file ends where the header says. */
static klf_status read_items(klf_bytes *bytes, const char *name, const klf_idx_header *header, klf_kept_range range,
                             label_check *labels, klf_byte_list *kept)
{
    const uint64_t item = (uint64_t)header->rows * header->cols, total = header->n * item;
    const uint64_t first = range.first < header->n ? range.first : header->n, left = header->n - first;
    const uint64_t count = range.count == 0 || range.count > left ? left : range.count;
    const uint64_t begin = first * item, end = (first + count) * item;
    const promise  promised = promise_of(header, labels == NULL);
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
                          "%s is truncated: %s make %" PRIu64 " bytes, found %" PRIu64 "; copy or download the file again",
                          name, promised.text, header->n_bytes + total, header->n_bytes + at + got);
            goto done;
        }
        if (labels)
            KLF_TRY(check_labels(labels, name, at, buffer, n));
        const uint64_t from = at > begin ? at : begin, to = at + n < end ? at + n : end;
        if (from < to)
            KLF_TRY(klf_byte_list_append(kept, name, end - begin, buffer + (from - at), (size_t)(to - from)));
    }
    KLF_TRY(klf_bytes_read(bytes, 1, buffer, &got));
    if (got > 0)
        st = klf_fail(KLF_ERR_DATA, "%s is oversized: %s make %" PRIu64 " bytes, found more; copy or download the file again",
                      name, promised.text, header->n_bytes + total);
done:
    free(buffer);
    return st;
}

klf_status klf_idx_read_images(const char *path, klf_kept_range range, klf_raw_images *raw)
{
    klf_status           st = KLF_OK;
    klf_bytes           *bytes = NULL;
    klf_idx_header       header;
    const klf_path_quote name = klf_quoted_path(path);
    KLF_TRY(klf_bytes_open(path, &bytes));
    KLF_TRY(klf_idx_read_header(bytes, name.text, KLF_IDX_IMAGES, &header));
    KLF_TRY(read_items(bytes, name.text, &header, range, NULL, &raw->byte));
    KLF_TRY(klf_raw_images_add_file(raw, path, bytes));
    raw->total = header.n;
    raw->rows = header.rows;
    raw->cols = header.cols;
    raw->n_planes = 1;
done:
    klf_bytes_close(bytes);
    return st;
}

klf_status klf_idx_read_labels(const char *path, klf_kept_range range, size_t most_classes, klf_raw_images *raw)
{
    klf_status           st = KLF_OK;
    klf_bytes           *bytes = NULL;
    klf_idx_header       header;
    label_check          check = {.limit = (unsigned)most_classes};
    const klf_path_quote name = klf_quoted_path(path);
    KLF_TRY(klf_bytes_open(path, &bytes));
    KLF_TRY(klf_idx_read_header(bytes, name.text, KLF_IDX_LABELS, &header));
    KLF_TRY(read_items(bytes, name.text, &header, range, &check, &raw->label));
    KLF_TRY(klf_raw_images_add_file(raw, path, bytes));
    raw->n_labels = header.n;
    raw->largest_label = check.largest;
done:
    klf_bytes_close(bytes);
    return st;
}
