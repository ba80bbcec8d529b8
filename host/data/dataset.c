/* SPDX-License-Identifier: BSD-3-Clause */
/* From a reference to images, alone or with their labels: finds the files, has them read, checks that they belong together and
 * have what was asked for, and makes pixels of their bytes. */
#include "klflow/dataset.h"

#include "core/quote.h"
#include "data/image_files.h"
#include "data/raw_images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CIFAR10_CLASSES = 10, MNIST_CLASSES = 10, REDUCED_SIDE = 28 };

static const char *const cifar10_names[CIFAR10_CLASSES] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                           "dog",      "frog",       "horse", "ship", "truck"};

/* The labels that a reader wants beside IDX images; CIFAR-10 has them anyway. */
typedef struct wanted_labels {
    enum { NO_LABELS, LABELS_IF_FOUND, LABELS_NEEDED } use;
    const char *path; /* NULL: beside the images */
} wanted_labels;

static bool is_cifar10(const klf_image_spec *spec)
{
    return spec->kind == KLF_IMAGES_CIFAR10 || spec->kind == KLF_IMAGES_CIFAR10_32;
}

static klf_status check_range(const klf_image_spec *spec, size_t total)
{
    const klf_path_quote name = klf_quoted_path(spec->path);
    if (total == 0)
        return klf_fail(KLF_ERR_DATA, "%s is empty: its header promises 0 images; give another file", name.text);
    if (spec->first < total && spec->count <= total - spec->first)
        return KLF_OK;
    char asked[64];
    if (spec->count > 1)
        snprintf(asked, sizeof asked, "images %zu-%zu were", spec->first, spec->first + spec->count - 1);
    else
        snprintf(asked, sizeof asked, "image %zu was", spec->first);
    return klf_fail(KLF_ERR_USAGE, "%s has %zu images, numbered 0 to %zu, but %s asked for", name.text, total, total - 1,
                    asked);
}

static klf_status fail_no_labels(const char *images)
{
    char                *beside = klf_labels_name(images);
    const klf_path_quote name = klf_quoted_path(images), expected = klf_quoted_path(beside ? beside : "");
    const bool           known = beside != NULL;
    free(beside);
    if (known)
        return klf_fail(KLF_ERR_NOINPUT, "the labels of %s are missing: expected %s beside it, plain or .gz", name.text,
                        expected.text);
    return klf_fail(KLF_ERR_NOINPUT,
                    "the name of %s does not tell its labels' file: call it ...images-idx3-ubyte, or name the labels",
                    name.text);
}

static klf_status read_idx_labels(const klf_image_spec *spec, const klf_image_files *files, wanted_labels wanted,
                                  klf_kept_range range, klf_raw_images *raw)
{
    const char *path = wanted.path ? wanted.path : files->labels;
    if (wanted.use == NO_LABELS || (!path && wanted.use == LABELS_IF_FOUND))
        return KLF_OK;
    if (!path)
        return fail_no_labels(files->image[0]);
    const size_t most = spec->kind == KLF_IMAGES_MNIST ? MNIST_CLASSES : KLF_MAX_CLASSES;
    klf_status   st = klf_idx_read_labels(path, range, most, raw);
    if (st == KLF_OK && raw->n_labels != raw->total)
        st = klf_fail(KLF_ERR_DATA, "%s has %zu labels, but %s has %zu images: give the labels that belong to the images",
                      klf_quoted_path(path).text, raw->n_labels, klf_quoted_path(files->image[0]).text, raw->total);
    return st;
}

/* The images of a reference, and their labels if they are wanted. */
static klf_status read_raw(const klf_image_spec *spec, wanted_labels wanted, klf_raw_images *raw)
{
    const klf_kept_range range = {spec->first, spec->count};
    klf_image_files      files = {0};
    klf_status           st = KLF_OK;
    if (is_cifar10(spec) && wanted.path)
        return klf_fail(KLF_ERR_USAGE, "the labels of CIFAR-10 are in its batches: leave out the file of labels, %s",
                        klf_quoted_path(wanted.path).text);
    KLF_TRY(klf_image_files_find(spec, &files));
    if (is_cifar10(spec)) {
        for (size_t i = 0; i < files.n; i++)
            KLF_TRY(klf_cifar10_read(files.image[i], range, raw));
    } else {
        KLF_TRY(klf_idx_read_images(files.image[0], range, raw));
        KLF_TRY(read_idx_labels(spec, &files, wanted, range, raw));
    }
    /* An index out of range is reported only once the files are known to be whole: before that their counts mean nothing. */
    KLF_TRY(check_range(spec, raw->total));
done:
    klf_image_files_free(&files);
    return st;
}

/* The side that the pixels are reduced to; 0: they stay as they are. */
static size_t reduced_side(const klf_image_spec *spec)
{
    return spec->kind == KLF_IMAGES_CIFAR10 ? REDUCED_SIDE : 0;
}

static size_t n_kept(const klf_raw_images *raw)
{
    return raw->byte.n / (raw->n_planes * raw->rows * raw->cols);
}

static klf_status no_memory(const klf_image_spec *spec, double bytes)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory for the images of %s (%.0f MB): ask for fewer of them",
                    klf_quoted_path(spec->path).text, bytes / 1e6);
}

klf_status klf_images_read(const klf_image_spec *spec, klf_images *out)
{
    klf_status     st = KLF_OK;
    klf_raw_images raw = {0};
    *out = (klf_images){0};
    KLF_TRY(read_raw(spec, (wanted_labels){.use = NO_LABELS}, &raw));

    const size_t side = reduced_side(spec), count = n_kept(&raw);
    const size_t rows = side ? side : raw.rows, cols = side ? side : raw.cols;
    if (!(out->pixel = malloc(count * rows * cols * sizeof *out->pixel))) {
        st = no_memory(spec, (double)(count * rows * cols * sizeof *out->pixel));
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        klf_raw_images_pixels(&raw, side, i, out->pixel + i * rows * cols);
    out->count = count;
    out->rows = rows;
    out->cols = cols;
done:
    klf_raw_images_free(&raw);
    return st;
}

void klf_images_free(klf_images *images)
{
    free(images->pixel);
    *images = (klf_images){0};
}

static klf_status make_float_pixels(const klf_image_spec *spec, const klf_raw_images *raw, klf_dataset *out)
{
    const size_t side = reduced_side(spec);
    out->count = n_kept(raw);
    out->rows = side ? side : raw->rows;
    out->cols = side ? side : raw->cols;
    const size_t n = out->rows * out->cols;
    double      *image = malloc(n * sizeof *image);
    out->pixel = malloc(out->count * n * sizeof *out->pixel);
    if (!image || !out->pixel) {
        free(image);
        return no_memory(spec, (double)(out->count * n * sizeof *out->pixel));
    }
    for (size_t i = 0; i < out->count; i++) {
        klf_raw_images_pixels(raw, side, i, image);
        for (size_t j = 0; j < n; j++)
            out->pixel[i * n + j] = (float)image[j];
    }
    free(image);
    return KLF_OK;
}

/* Labels and files become the data set's own. */
static void move_labels_and_files(klf_raw_images *raw, klf_dataset *out)
{
    out->label = raw->label.v;
    raw->label = (klf_byte_list){0};
    out->file = raw->file;
    out->n_files = raw->n_files;
    raw->file = NULL;
    raw->n_files = 0;
}

klf_status klf_dataset_read(const klf_image_spec *spec, const char *labels_path, bool need_labels, klf_dataset *out)
{
    klf_status          st = KLF_OK;
    klf_raw_images      raw = {0};
    const wanted_labels wanted = {.use = need_labels || labels_path ? LABELS_NEEDED : LABELS_IF_FOUND, .path = labels_path};
    *out = (klf_dataset){0};
    KLF_TRY(read_raw(spec, wanted, &raw));
    KLF_TRY(make_float_pixels(spec, &raw, out));
    move_labels_and_files(&raw, out);
    if (is_cifar10(spec)) {
        out->n_classes = CIFAR10_CLASSES;
        out->class_name = cifar10_names;
    } else if (out->label) {
        out->n_classes = spec->kind == KLF_IMAGES_MNIST ? MNIST_CLASSES : raw.largest_label + 1;
    }
    if (!(out->source = klf_image_spec_text(spec)))
        st = no_memory(spec, 0.0);
done:
    klf_raw_images_free(&raw);
    if (st != KLF_OK)
        klf_dataset_free(out);
    return st;
}

klf_status klf_dataset_read_labels(const char *path, klf_dataset *out)
{
    klf_status     st = KLF_OK;
    klf_raw_images raw = {0};
    *out = (klf_dataset){0};
    KLF_TRY(klf_idx_read_labels(path, (klf_kept_range){0}, KLF_MAX_CLASSES, &raw));
    if (raw.n_labels == 0) {
        st = klf_fail(KLF_ERR_DATA, "%s is empty: its header promises 0 labels; give another file", klf_quoted_path(path).text);
        goto done;
    }
    if (!(out->source = strdup(path))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the name of %s", klf_quoted_path(path).text);
        goto done;
    }
    out->count = raw.n_labels;
    out->n_classes = raw.largest_label + 1;
    move_labels_and_files(&raw, out);
done:
    klf_raw_images_free(&raw);
    return st;
}

void klf_dataset_free(klf_dataset *data)
{
    for (size_t i = 0; i < data->n_files; i++)
        free(data->file[i].path);
    free(data->file);
    free(data->pixel);
    free(data->label);
    free(data->source);
    *data = (klf_dataset){0};
}
