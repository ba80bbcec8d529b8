/* SPDX-License-Identifier: BSD-3-Clause */
/* Images as the bytes that their files hold: what the readers of the formats have in common. */
#ifndef KLFLOW_DATA_RAW_IMAGES_H
#define KLFLOW_DATA_RAW_IMAGES_H

#include "data/bytes.h"
#include "klflow/dataset.h"

/* Grows with what was really read, never on the word of a header. */
typedef struct klf_byte_list {
    size_t         n, room;
    unsigned char *v;
} klf_byte_list;

/* Appends n bytes to a list that will never need more than `most`; name, quoted, is the file's in the sentence of a failure. */
klf_status klf_byte_list_append(klf_byte_list *list, const char *name, uint64_t most, const unsigned char *byte, size_t n);

/* Begins as {0}. */
typedef struct klf_raw_images {
    size_t         total;                /* images that the files hold; those kept are some of them */
    size_t         n_labels;             /* labels that the files hold */
    size_t         rows, cols, n_planes; /* n_planes: 1 of grey images, 3 of red, green and blue */
    klf_byte_list  byte;                 /* [kept][n_planes][rows * cols] */
    klf_byte_list  label;                /* [kept] */
    unsigned       largest_label;        /* of all that the files hold */
    size_t         n_files;
    klf_data_file *file; /* [n_files] */
} klf_raw_images;

void klf_raw_images_free(klf_raw_images *raw);

/* Adds a file that has been read to its end to the list. */
klf_status klf_raw_images_add_file(klf_raw_images *raw, const char *path, const klf_bytes *bytes);

/* Image number `index` of those kept as grey pixels [side * side] or, if side is 0, [rows * cols]; of 32 x 32 pixels side 28
 * makes 28 x 28. */
void klf_raw_images_pixels(const klf_raw_images *raw, size_t side, size_t index, double *pixel);

/* What is kept of a file: items first .. first + count - 1; count 0: all from first on. That there are not so many is no error
 * of the readers below. They read to the end of the file, check all of it, and add it to raw. */
typedef struct klf_kept_range {
    size_t first, count;
} klf_kept_range;

klf_status klf_idx_read_images(const char *path, klf_kept_range range, klf_raw_images *raw);

/* most_classes: a label that is not below it is an error. */
klf_status klf_idx_read_labels(const char *path, klf_kept_range range, size_t most_classes, klf_raw_images *raw);

/* Appends the records of a batch to those that raw has; the range counts through all of them. */
klf_status klf_cifar10_read(const char *path, klf_kept_range range, klf_raw_images *raw);

#endif
