/* SPDX-License-Identifier: BSD-3-Clause */
/** Images from IDX files (MNIST, Fashion-MNIST, EMNIST), plain or gzip'ed, pixels scaled to [0, 1].
 *
 *      klf_image_spec spec = {0};
 *      klf_images     images = {0};
 *      KLF_TRY(klf_image_spec_parse("mnist:train-images-idx3-ubyte.gz:0-99", true, &spec));
 *      KLF_TRY(klf_images_read(&spec, &images));             // images.pixel [100][28 * 28]
 */
#ifndef KLFLOW_IMAGES_H
#define KLFLOW_IMAGES_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A reference to images of a file, as on the command line: "mnist:PATH:49983", "idx:PATH:0-99", "mnist:PATH" (all of them). */
typedef struct klf_image_spec {
    char  *path;  /**< owned */
    size_t first; /**< index of the first image */
    size_t count; /**< number of images; 0: all of the file from first on */
} klf_image_spec;

/** Splits at the last colon. KLF_ERR_USAGE with a sentence if it is malformed (unknown kind, no path, A > B, not an index).
 *  need_index: an index or range is required ("--input"), else it may be left out ("--dataset"). */
klf_status klf_image_spec_parse(const char *text, bool need_index, klf_image_spec *out);
void       klf_image_spec_free(klf_image_spec *spec);

typedef struct klf_images {
    size_t  count, rows, cols;
    double *pixel; /**< [count][rows * cols], in [0, 1]; owned */
} klf_images;

/** Reads the images of a spec. The whole file is read and checked, also behind the wanted images: KLF_ERR_NOINPUT if it cannot
 *  be opened; KLF_ERR_DATA for a wrong magic number, a truncated, oversized or corrupt file; KLF_ERR_USAGE if an index is out
 *  of range (the sentence says how many images there are). */
klf_status klf_images_read(const klf_image_spec *spec, klf_images *out);
void       klf_images_free(klf_images *images);

#ifdef __cplusplus
}
#endif
#endif
