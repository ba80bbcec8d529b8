/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels without images have no size, mean and split; images without labels have no classes. */
#include "cli/data_output.h"

#include "cli/json_line.h"
#include "cli/picture.h"
#include "core/quote.h"
#include "klflow/build_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_name(const klf_data_result *r)
{
    if (r->data.pixel == NULL)
        return "labels";
    return r->kind == KLF_IMAGES_CIFAR10 || r->kind == KLF_IMAGES_CIFAR10_32 ? "cifar10" : "idx";
}

static const char *kind_in_words(const klf_data_result *r)
{
    if (r->data.pixel == NULL)
        return "labels of an IDX file";
    if (r->kind == KLF_IMAGES_CIFAR10)
        return "CIFAR-10 with labels, made grey and reduced from 32 x 32";
    if (r->kind == KLF_IMAGES_CIFAR10_32)
        return "CIFAR-10 with labels, made grey";
    return r->data.label != NULL ? "images of an IDX file, with labels" : "images of an IDX file, without labels";
}

/* ---- JSON ---- */

static void print_json_files(const klf_dataset *data)
{
    const char **path = calloc(data->n_files, sizeof *path);
    size_t      *crc32 = calloc(data->n_files, sizeof *crc32);
    for (size_t i = 0; path != NULL && crc32 != NULL && i < data->n_files; i++) {
        path[i] = data->file[i].path;
        crc32[i] = data->file[i].crc32;
    }
    if (path != NULL && crc32 != NULL) {
        klf_json_texts("file", path, data->n_files);
        klf_json_wholes("crc32", crc32, data->n_files);
    }
    free(path);
    free(crc32);
}

static void print_json_image(const klf_data_config *config, const klf_dataset *data)
{
    const size_t n = data->rows * data->cols;
    double      *pixel = malloc(n * sizeof *pixel);
    klf_json_whole("index", config->index);
    if (data->label != NULL)
        klf_json_whole("label", data->label[0]);
    else
        klf_json_null("label");
    for (size_t i = 0; pixel != NULL && i < n; i++)
        pixel[i] = (double)data->pixel[i];
    if (pixel != NULL)
        klf_json_reals("pixel", pixel, n);
    free(pixel);
}

static void print_json_classes(const klf_data_result *r)
{
    const klf_dataset *data = &r->data;
    klf_json_whole("n_classes", data->n_classes);
    klf_json_wholes("class_count", r->class_count, data->n_classes);
    if (data->class_name != NULL)
        klf_json_texts("class_name", data->class_name, data->n_classes);
    if (!r->can_split || data->pixel == NULL)
        return;
    klf_json_wholes("train_class_count", r->train_class_count, data->n_classes);
    klf_json_wholes("valid_class_count", r->valid_class_count, data->n_classes);
}

void klf_data_print_json(const klf_data_config *config, const klf_data_result *result)
{
    const klf_dataset *data = &result->data;
    klf_json_begin();
    klf_json_text("kind", kind_name(result));
    klf_json_text("source", data->source);
    klf_json_whole("count", data->count);
    if (data->pixel != NULL) {
        klf_json_whole("rows", data->rows);
        klf_json_whole("cols", data->cols);
        klf_json_real("mean", result->mean);
        klf_json_real("mean_square", result->mean_square);
    }
    if (config->one) {
        print_json_image(config, data);
    } else {
        if (data->pixel != NULL && result->can_split) {
            klf_json_whole("n_train", result->split.n_train);
            klf_json_whole("n_valid", result->split.n_valid);
        }
        if (data->label != NULL)
            print_json_classes(result);
    }
    print_json_files(data);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}

/* ---- for people ---- */

/* A name that a user gave or a folder holds, as a line. */
static void print_printable(const char *name)
{
    char *copy = strdup(name);
    if (copy != NULL)
        klf_make_printable(copy);
    puts(copy != NULL ? copy : "?");
    free(copy);
}

/* The class's number and, where it has one, its name. */
static void print_class(const klf_dataset *data, size_t c)
{
    if (data->class_name != NULL)
        printf("%3zu %-10s", c, data->class_name[c]);
    else
        printf("%5zu", c);
}

static void print_classes(const klf_data_result *r)
{
    const klf_dataset *data = &r->data;
    const bool         split = r->can_split && data->pixel != NULL;
    printf("\n%s%10s%s\n", data->class_name != NULL ? "class         " : "class", data->pixel != NULL ? "images" : "labels",
           split ? "     train  validate" : "");
    for (size_t c = 0; c < data->n_classes; c++) {
        print_class(data, c);
        printf("%10zu", r->class_count[c]);
        if (split)
            printf("%10zu%10zu", r->train_class_count[c], r->valid_class_count[c]);
        putchar('\n');
    }
}

void klf_data_print_table(const klf_data_result *result)
{
    const klf_dataset *data = &result->data;
    print_printable(data->source);
    printf("kind         %s\n", kind_in_words(result));
    if (data->pixel != NULL) {
        printf("images       %zu of %zu x %zu = %zu pixels, values from 0 to 1\n", data->count, data->rows, data->cols,
               data->rows * data->cols);
        printf("mean         %.6f\nmean square  %.6f\n", result->mean, result->mean_square);
        if (result->can_split)
            printf("split        by default the first %zu train and the last %zu validate\n", result->split.n_train,
                   result->split.n_valid);
    } else {
        printf("labels       %zu, of %zu classes\n", data->count, data->n_classes);
    }
    for (size_t i = 0; i < data->n_files; i++) {
        printf("%-13scrc32 %08" PRIx32 "  ", i == 0 ? "files" : "", data->file[i].crc32);
        print_printable(data->file[i].path);
    }
    if (data->label != NULL)
        print_classes(result);
}

void klf_data_print_image(const klf_data_config *config, const klf_data_result *result)
{
    const klf_dataset *data = &result->data;
    klf_picture_print(data->pixel, data->rows, data->cols, klf_screen_of_stdout());
    printf("image %" PRIu64, config->index);
    if (data->label != NULL)
        printf(", label %u", data->label[0]);
    if (data->label != NULL && data->class_name != NULL)
        printf(" (%s)", data->class_name[data->label[0]]);
    printf(", %zu x %zu pixels, mean %.4f, mean square %.4f\n", data->rows, data->cols, result->mean, result->mean_square);
}
