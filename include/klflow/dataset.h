/* SPDX-License-Identifier: BSD-3-Clause */
/** Data sets: images with their labels, split into those that train and those that validate.
 *
 *      klf_image_spec spec = {0};
 *      klf_dataset    data = {0};
 *      klf_split      split;
 *      KLF_TRY(klf_image_spec_parse("mnist:data/mnist", false, &spec));
 *      KLF_TRY(klf_dataset_read(&spec, NULL, true, &data));                              // data.label [60000]
 *      KLF_TRY(klf_split_make(data.count, KLF_SPLIT_DEFAULT, KLF_SPLIT_DEFAULT, &split)); // 50,000 and 10,000
 */
#ifndef KLFLOW_DATASET_H
#define KLFLOW_DATASET_H

#include "klflow/images.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file that a data set was read from. */
typedef struct klf_data_file {
    char    *path;  /**< owned */
    uint32_t crc32; /**< of the unpacked bytes, so that it is the same for plain and gzip'ed files (`gzip -lv` shows it) */
} klf_data_file;

enum { KLF_MAX_CLASSES = 256 };

typedef struct klf_dataset {
    size_t         count, rows, cols;
    float         *pixel; /**< [count][rows * cols], in [0, 1], as klf_images_read makes them; owned */
    unsigned char *label; /**< [count], below n_classes; NULL: read without; owned */
    size_t n_classes;     /**< 10 of MNIST and CIFAR-10; of KLF_IMAGES_IDX the largest label of the file plus 1; 0: no labels */
    const char *const *class_name; /**< [n_classes], static; NULL: they have none */
    char              *source;     /**< the reference as text; owned */
    size_t             n_files;
    klf_data_file *file; /**< [n_files] in the order of reading: images, then labels if they have a file of their own; owned */
} klf_dataset;

/** Reads the images of a reference with their labels.
 *
 *  Labels of IDX images are in a file of their own: labels_path, or, if that is NULL, the file beside the images whose name has
 *  "labels-idx1" in place of "images-idx3" (plain or .gz). If there is none: KLF_ERR_NOINPUT, or, unless need_labels, a data
 * set without labels. CIFAR-10's labels are in its records: there a labels_path is KLF_ERR_USAGE.
 *
 *  Errors are those of klf_images_read, for both files; KLF_ERR_DATA also if there are not as many labels as images, and for a
 *  label that the kind does not have. */
klf_status klf_dataset_read(const klf_image_spec *spec, const char *labels_path, bool need_labels, klf_dataset *out);

/** Reads a file of labels alone, of any classes: count, label, n_classes, source and file are set, pixel is NULL. */
klf_status klf_dataset_read_labels(const char *path, klf_dataset *out);

/** Accepts one that is zero. */
void klf_dataset_free(klf_dataset *data);

/** Which images train and which validate: the first ones and the last ones, never the same. */
typedef struct klf_split {
    size_t n_train;     /**< images 0 .. n_train - 1 */
    size_t valid_first; /**< images valid_first .. valid_first + n_valid - 1, the last ones */
    size_t n_valid;
} klf_split;

#define KLF_SPLIT_DEFAULT SIZE_MAX

/** By default the last sixth validates (at least one image) and everything before it trains: 50,000 and 10,000 of MNIST's
 * 60,000. A given n_valid may be 0. KLF_ERR_USAGE if n_train is 0, or the two are more than there are. */
klf_status klf_split_make(size_t count, size_t n_train, size_t n_valid, klf_split *out);

#ifdef __cplusplus
}
#endif
#endif
