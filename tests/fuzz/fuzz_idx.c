/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: the image reader (plain and gzip) and the parser of image references on arbitrary bytes. Whatever they
 * accept must keep its promises. Corpus: idx/. The file lives in memory (memfd_create, so Linux only). */
#define _GNU_SOURCE
#include "klflow/images.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds)
{
    if (!holds)
        abort();
}

static void try_reference(const uint8_t *data, size_t size)
{
    char text[64] = {0};
    memcpy(text, data, size < sizeof text ? size : sizeof text - 1);
    for (int need_index = 0; need_index < 2; need_index++) {
        klf_image_spec   spec;
        const klf_status st = klf_image_spec_parse(text, need_index, &spec);
        require(st == KLF_OK || (st == KLF_ERR_USAGE && klf_last_error()[0] != '\0'));
        require((spec.path != NULL) == (st == KLF_OK) && (st != KLF_OK || !need_index || spec.count > 0));
        klf_image_spec_free(&spec);
    }
}

static void try_file(const char *path, size_t first, size_t count)
{
    char                 name[64];
    const klf_image_spec spec = {.path = strcpy(name, path), .first = first, .count = count};
    klf_images           images;
    const klf_status     st = klf_images_read(&spec, &images);
    if (st == KLF_OK) {
        require(images.count > 0 && (count == 0 || images.count == count));
        for (size_t i = 0; i < images.count * images.rows * images.cols; i++)
            require(images.pixel[i] >= 0.0 && images.pixel[i] <= 1.0);
    } else {
        require((st == KLF_ERR_DATA || st == KLF_ERR_USAGE) && images.pixel == NULL && strstr(klf_last_error(), path));
    }
    klf_images_free(&images);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char      path[64];
    const int memory_file = memfd_create("idx", 0);
    require(memory_file >= 0 && write(memory_file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory_file);
    try_file(path, 0, 0);
    try_file(path, 1, 2);
    close(memory_file);
    try_reference(data, size);
    return 0;
}
