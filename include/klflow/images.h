/* SPDX-License-Identifier: BSD-3-Clause */
/** Images from IDX files (MNIST, Fashion-MNIST, EMNIST) and CIFAR-10's binary batches, plain or gzip'ed, as grey pixels in [0,
 * 1].
 *
 *      klf_image_spec spec = {0};
 *      klf_images     images = {0};
 *      KLF_TRY(klf_image_spec_parse("mnist:train-images-idx3-ubyte.gz:0-99", true, &spec));
 *      KLF_TRY(klf_images_read(&spec, &images));             // images.pixel [100][28 * 28]
 *
 *  Images with their labels, as training takes them: klflow/dataset.h.
 */
#ifndef KLFLOW_IMAGES_H
#define KLFLOW_IMAGES_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a reference begins with. */
typedef enum klf_image_kind {
    KLF_IMAGES_MNIST,      /**< "mnist:", an IDX file; its labels are 0 to 9 */
    KLF_IMAGES_IDX,        /**< "idx:", the same with labels 0 to 255 */
    KLF_IMAGES_CIFAR10,    /**< "cifar10:", batches of 3073-byte records, made grey and reduced to 28 x 28 pixels */
    KLF_IMAGES_CIFAR10_32, /**< "cifar10-32:", the same, kept at 32 x 32 pixels */
} klf_image_kind;

/** A reference to images, as on the command line: "mnist:PATH:49983", "cifar10:PATH:0-99", "mnist:PATH" (all of them).
 *
 *  PATH is a file or a folder. Of a folder IDX kinds take its training images (...train-images-idx3-ubyte, plain or .gz), CIFAR
 *  kinds its data_batch_1, 2, ... and then its test_batch (.bin or .bin.gz), also from a subfolder cifar-10-batches-bin. CIFAR
 *  kinds also take several files with commas between. Images are numbered from 0, through all files of a reference. */
typedef struct klf_image_spec {
    klf_image_kind kind;
    char          *path;  /**< owned */
    size_t         first; /**< index of the first image */
    size_t         count; /**< number of images; 0: all from first on */
} klf_image_spec;

/** Splits at the last colon. KLF_ERR_USAGE with a sentence if it is malformed (unknown kind, no path, A > B, not an index).
 *  need_index: an index or range is required ("--input"), else it may be left out ("--dataset"). */
klf_status klf_image_spec_parse(const char *text, bool need_index, klf_image_spec *out);
void       klf_image_spec_free(klf_image_spec *spec);

/** Whether a text begins with a known kind and a colon. */
bool klf_image_spec_has_kind(const char *text);

/** The reference as text again, in memory that the caller frees; NULL if there is none left. */
char *klf_image_spec_text(const klf_image_spec *spec);

typedef struct klf_images {
    size_t  count, rows, cols;
    double *pixel; /**< [count][rows * cols], in [0, 1]; owned */
} klf_images;

/** Reads the images of a reference. Every file is read and checked to its end, also behind the wanted images: KLF_ERR_NOINPUT
 * if one is missing or cannot be opened; KLF_ERR_DATA if it is of another kind, truncated, oversized or corrupt; KLF_ERR_USAGE
 * if an index is out of range (the sentence says how many images there are).
 *
 *  Colour is made grey by the luma of Rec. 601, Y = 0.299 R + 0.587 G + 0.114 B, and 32 x 32 pixels are reduced to 28 x 28 by
 *  averaging over areas: each of the new pixels is the mean over the 8/7 x 8/7 old ones that it covers. Both are computed in
 * whole numbers and rounded once. */
klf_status klf_images_read(const klf_image_spec *spec, klf_images *out);
void       klf_images_free(klf_images *images);

#ifdef __cplusplus
}
#endif
#endif
