/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds out what was given, reads it, and sums over pixels and labels, in double and image by image. */
#include "run/data_run.h"

#include "core/quote.h"
#include "data/bytes.h"
#include "data/idx_header.h"
#include "data/image_files.h"

#include <string.h>

/* Whether a file begins as an IDX file of labels; what cannot be read is reported by the reader of images. */
static bool holds_labels(const char *path)
{
    klf_bytes    *bytes = NULL;
    unsigned char magic[4];
    size_t        got = 0;
    const bool    read = klf_bytes_open(path, &bytes) == KLF_OK && klf_bytes_read(bytes, sizeof magic, magic, &got) == KLF_OK;
    klf_bytes_close(bytes);
    return read && got == sizeof magic && klf_big_endian(magic) == KLF_IDX_LABELS;
}

/* A reference from what was given. One image is asked for by its number in the files, within the range if there is one. */
static klf_status find_spec(const klf_data_config *config, klf_image_spec *spec)
{
    klf_status st = KLF_OK;
    if (klf_image_spec_has_kind(config->what)) {
        KLF_TRY(klf_image_spec_parse(config->what, false, spec));
    } else {
        if (config->what[0] == '\0') {
            st = klf_fail(KLF_ERR_USAGE, "an empty name is no file");
            goto done;
        }
        KLF_TRY(klf_image_files_guess_kind(config->what, &spec->kind));
        if (!(spec->path = strdup(config->what)))
            st = klf_fail(KLF_ERR_MEMORY, "no memory for the name of %s", klf_quoted_path(config->what).text);
    }
    if (!config->one)
        goto done;
    if (spec->count > 0 && (config->index < spec->first || config->index - spec->first >= spec->count)) {
        st = klf_fail(KLF_ERR_USAGE, "image %llu is not among the images %zu-%zu of %s", (unsigned long long)config->index,
                      spec->first, spec->first + spec->count - 1, klf_quoted_path(config->what).text);
        goto done;
    }
    spec->first = (size_t)config->index;
    spec->count = 1;
done:
    return st;
}

static void sum_pixels(klf_data_result *r)
{
    const size_t n = r->data.rows * r->data.cols;
    double       sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < r->data.count; i++) {
        const float *x = r->data.pixel + i * n;
        double       image_sum = 0.0, image_squares = 0.0;
        for (size_t j = 0; j < n; j++) {
            image_sum += (double)x[j];
            image_squares += (double)x[j] * (double)x[j];
        }
        sum += image_sum;
        squares += image_squares;
    }
    r->mean = sum / ((double)r->data.count * (double)n);
    r->mean_square = squares / ((double)r->data.count * (double)n);
}

static void count_classes(klf_data_result *r)
{
    for (size_t i = 0; i < r->data.count; i++) {
        r->class_count[r->data.label[i]]++;
        if (r->can_split && i < r->split.n_train)
            r->train_class_count[r->data.label[i]]++;
        if (r->can_split && i >= r->split.valid_first)
            r->valid_class_count[r->data.label[i]]++;
    }
}

klf_status klf_data_run(const klf_data_config *config, klf_data_result *out)
{
    klf_status     st = KLF_OK;
    klf_image_spec spec = {0};
    memset(out, 0, sizeof *out);
    if (!klf_image_spec_has_kind(config->what) && !config->one && !config->labels && holds_labels(config->what)) {
        out->kind = KLF_IMAGES_IDX;
        KLF_TRY(klf_dataset_read_labels(config->what, &out->data));
    } else {
        KLF_TRY(find_spec(config, &spec));
        out->kind = spec.kind;
        KLF_TRY(klf_dataset_read(&spec, config->labels, false, &out->data));
        sum_pixels(out);
    }
    out->can_split = out->data.count >= 2;
    if (out->can_split)
        KLF_TRY(klf_split_make(out->data.count, KLF_SPLIT_DEFAULT, KLF_SPLIT_DEFAULT, &out->split));
    if (out->data.label)
        count_classes(out);
done:
    klf_image_spec_free(&spec);
    return st;
}

void klf_data_free(klf_data_result *result)
{
    klf_dataset_free(&result->data);
}
