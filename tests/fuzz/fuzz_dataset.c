/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: batches of CIFAR-10 and IDX files of labels (beside five images that are right) on arbitrary bytes.
 * Whatever is accepted keeps the promises of klflow/dataset.h. Corpus: dataset/. The files live in memory (memfd_create, so
 * Linux only). */
#define _GNU_SOURCE
#include "klflow/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { N_IMAGES = 5, PIXELS = 12 };

static void require(int holds)
{
    if (!holds)
        abort();
}

typedef struct memory_file {
    int  descriptor;
    char path[64];
} memory_file;

static memory_file open_memory(const char *name, const uint8_t *data, size_t size)
{
    memory_file file = {.descriptor = memfd_create(name, 0)};
    require(file.descriptor >= 0 && write(file.descriptor, data, size) == (ssize_t)size);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

static void check(klf_status st, klf_dataset *data, const char *path, size_t count)
{
    if (st == KLF_OK) {
        require(data->count > 0 && (count == 0 || data->count == count) && data->label != NULL && data->source != NULL);
        for (size_t i = 0; i < data->count; i++)
            require(data->label[i] < data->n_classes);
        for (size_t i = 0; data->pixel != NULL && i < data->count * data->rows * data->cols; i++)
            require(data->pixel[i] >= 0.0F && data->pixel[i] <= 1.0F);
    } else {
        require((st == KLF_ERR_DATA || st == KLF_ERR_USAGE) && data->pixel == NULL && data->label == NULL);
        require(strstr(klf_last_error(), path) != NULL);
    }
    klf_dataset_free(data);
}

static void try_batch(char *path, klf_image_kind kind, size_t first, size_t count)
{
    const klf_image_spec spec = {.kind = kind, .path = path, .first = first, .count = count};
    klf_dataset          data;
    const klf_status     st = klf_dataset_read(&spec, NULL, true, &data);
    check(st, &data, path, count);
}

static void try_labels(const char *path)
{
    static const uint8_t images[16 + N_IMAGES * PIXELS] = {0, 0, 8, 3, 0, 0, 0, N_IMAGES, 0, 0, 0, 3, 0, 0, 0, 4};
    memory_file          file = open_memory("images", images, sizeof images);
    for (int kind = KLF_IMAGES_MNIST; kind <= KLF_IMAGES_IDX; kind++) {
        const klf_image_spec spec = {.kind = (klf_image_kind)kind, .path = file.path, .first = 1, .count = 3};
        klf_dataset          data;
        const klf_status     st = klf_dataset_read(&spec, path, true, &data);
        require(st == KLF_OK || st == KLF_ERR_DATA);
        check(st, &data, path, 3);
    }
    close(file.descriptor);
    klf_dataset      alone;
    const klf_status st = klf_dataset_read_labels(path, &alone);
    check(st, &alone, path, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory_file file = open_memory("dataset", data, size);
    try_batch(file.path, KLF_IMAGES_CIFAR10, 0, 0);
    try_batch(file.path, KLF_IMAGES_CIFAR10_32, 1, 1);
    try_labels(file.path);
    close(file.descriptor);
    return 0;
}
