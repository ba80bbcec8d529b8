/* SPDX-License-Identifier: BSD-3-Clause */
/* What `klflow data` computes: a data set is read and counted. */
#ifndef KLFLOW_RUN_DATA_RUN_H
#define KLFLOW_RUN_DATA_RUN_H

#include "klflow/dataset.h"

typedef struct klf_data_config {
    const char *what;   /* a reference (mnist:FILE, cifar10:DIR, ...), a file or a folder */
    char       *labels; /* NULL: beside the images */
    bool        one;    /* only image number `index`, counted as in references */
    uint64_t    index;
} klf_data_config;

/* Mean and mean square are those of the pixels in [0, 1], over all images. */
typedef struct klf_data_result {
    klf_image_kind kind;
    klf_dataset    data; /* pixel is NULL of a file of labels alone, label NULL of images without */
    double         mean, mean_square;
    size_t         class_count[KLF_MAX_CLASSES];
    bool           can_split; /* there are two images at least */
    klf_split      split;     /* the default one */
    size_t         train_class_count[KLF_MAX_CLASSES], valid_class_count[KLF_MAX_CLASSES];
} klf_data_result;

/* Errors are those of klf_dataset_read; images need no labels unless some were named. A file or folder without a kind is taken
 * for what its name, its content or its files say. *out needs klf_data_free, also after a failure. */
klf_status klf_data_run(const klf_data_config *config, klf_data_result *out);
void       klf_data_free(klf_data_result *result);

#endif
