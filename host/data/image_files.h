/* SPDX-License-Identifier: BSD-3-Clause */
/* Which files a reference to images means. */
#ifndef KLFLOW_DATA_IMAGE_FILES_H
#define KLFLOW_DATA_IMAGE_FILES_H

#include "klflow/images.h"

typedef struct klf_image_files {
    size_t n;      /* files of images; at least one */
    char **image;  /* [n], owned */
    char  *labels; /* of IDX images: what was found beside them, owned; NULL: nothing, or CIFAR-10 */
} klf_image_files;

/* Looks into folders, and for labels beside IDX images; that files can be opened is not checked. KLF_ERR_NOINPUT if a folder
 * has no images of the kind; KLF_ERR_USAGE if it has several sets of them. */
klf_status klf_image_files_find(const klf_image_spec *spec, klf_image_files *out);
void       klf_image_files_free(klf_image_files *files);

/* The kind of images in a file or folder that was given without one: CIFAR-10 of a file whose name ends in .bin or .bin.gz and
 * of a folder with batches and no IDX images, else KLF_IMAGES_IDX. KLF_ERR_NOINPUT if a folder has neither. */
klf_status klf_image_files_guess_kind(const char *path, klf_image_kind *kind);

/* The name of an IDX file of labels that belongs to one of images ("train-images-idx3-ubyte" -> "train-labels-idx1-ubyte"), to
 * be freed; NULL if the name does not tell. */
char *klf_labels_name(const char *images);

#endif
