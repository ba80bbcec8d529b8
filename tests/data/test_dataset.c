/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels of IDX images: where they are found, what is refused; folders of data sets; splits; the real data sets. */
#include "klflow/dataset.h"
#include "scratch_files.h"
#include "test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { N = 6, SIDE = 2, AREA = SIDE * SIDE, IMAGES = 16 + N * AREA, LABELS = 8 + N };

static unsigned char images[IMAGES], labels[LABELS];

static int make_files(void **state)
{
    put_big_endian(images, 2051);
    put_big_endian(images + 4, N);
    put_big_endian(images + 8, SIDE);
    put_big_endian(images + 12, SIDE);
    put_big_endian(labels, 2049);
    put_big_endian(labels + 4, N);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < AREA; j++)
            images[16 + i * AREA + j] = (unsigned char)(40 * i + 11 * j);
        labels[8 + i] = (unsigned char)(9 - i);
    }
    return make_test_folder(state);
}

static int clear(void **state)
{
    (void)state;
    clear_test_folder();
    return 0;
}

static klf_status read_data(const char *kind, const char *name, const char *labels_name, klf_dataset *data)
{
    char text[1200];
    snprintf(text, sizeof text, "%s:%s", kind, scratch(name).text);
    klf_image_spec spec;
    assert_int_equal(klf_image_spec_parse(text, false, &spec), KLF_OK);
    klf_status st = klf_dataset_read(&spec, labels_name ? scratch(labels_name).text : NULL, true, data);
    klf_image_spec_free(&spec);
    if (st != KLF_OK)
        assert_true(data->pixel == NULL && data->label == NULL && data->file == NULL);
    return st;
}

/* All of it, from `first` on. */
static void check_data(klf_dataset *data, size_t first, size_t count)
{
    assert_int_equal(data->count, count);
    assert_true(data->rows == SIDE && data->cols == SIDE && data->n_files == 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(data->label[i], 9 - (i + first));
        for (size_t j = 0; j < AREA; j++)
            assert_true(data->pixel[i * AREA + j] == (float)(40 * (i + first) + 11 * j) / 255.0F);
    }
    klf_dataset_free(data);
    assert_null(data->label);
}

static void labels_beside(void **state)
{
    (void)state;
    static const struct {
        const char *images, *labels;
    } names[] = {
        {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
        {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"},
        {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"},
        {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"},
        {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
        {"emnist-digits-train-images-idx3-ubyte.gz", "emnist-digits-train-labels-idx1-ubyte.gz"},
        {"images-idx3-ubyte/test-images-idx3-ubyte", "images-idx3-ubyte/test-labels-idx1-ubyte"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        klf_dataset data;
        (strstr(names[i].images, ".gz") ? write_gzip : write_file)(names[i].images, images, IMAGES);
        (strstr(names[i].labels, ".gz") ? write_gzip : write_file)(names[i].labels, labels, LABELS);
        if (read_data("mnist", names[i].images, NULL, &data) != KLF_OK)
            fail_msg("%s", klf_last_error());
        assert_string_equal(data.file[1].path, scratch(names[i].labels).text);
        assert_int_equal(data.n_classes, 10);
        assert_null(data.class_name);
        check_data(&data, 0, N);
        clear_test_folder();
    }
}

static void labels_named_and_ranges(void **state)
{
    (void)state;
    klf_dataset data;
    write_file("pictures", images, IMAGES);
    write_file("answers", labels, LABELS);
    assert_int_equal(read_data("mnist", "pictures", "answers", &data), KLF_OK);
    check_data(&data, 0, N);
    assert_int_equal(read_data("mnist", "pictures:2-4", "answers", &data), KLF_OK);
    check_data(&data, 2, 3);
    CHECK_SENTENCE(read_data("mnist", "pictures:5-6", "answers", &data), KLF_ERR_USAGE, "6 images, numbered 0 to 5");
    CHECK_SENTENCE(read_data("mnist", "pictures", NULL, &data), KLF_ERR_NOINPUT, "does not tell", "...images-idx3-ubyte");

    write_file("images-idx3", images, IMAGES);
    CHECK_SENTENCE(read_data("mnist", "images-idx3", NULL, &data), KLF_ERR_NOINPUT, "labels of", "labels-idx1", "missing");
    klf_image_spec     spec = {0};
    const scratch_path path = scratch("images-idx3");
    spec.path = (char *)(uintptr_t)path.text;
    assert_int_equal(klf_dataset_read(&spec, NULL, false, &data), KLF_OK); /* not needed */
    assert_true(data.count == N && data.label == NULL && data.n_classes == 0 && data.n_files == 1);
    klf_dataset_free(&data);
    assert_int_equal(klf_dataset_read(&spec, "absent", false, &data), KLF_ERR_NOINPUT); /* but named */
}

/* The checksum is that of the unpacked bytes; these two by Python's zlib.crc32. */
static void checksums(void **state)
{
    (void)state;
    klf_dataset data;
    write_gzip("train-images-idx3-ubyte.gz", images, IMAGES);
    write_file("train-labels-idx1-ubyte", labels, LABELS);
    assert_int_equal(read_data("mnist", "train-images-idx3-ubyte.gz", NULL, &data), KLF_OK);
    assert_int_equal(data.file[0].crc32, 0xd2c7b4c1);
    assert_int_equal(data.file[1].crc32, 0x81d68b9d);
    klf_dataset_free(&data);
}

static void folders(void **state)
{
    (void)state;
    klf_dataset data;
    write_file("t10k-images-idx3-ubyte", "", 0);
    CHECK_SENTENCE(read_data("mnist", ".", NULL, &data), KLF_ERR_NOINPUT, "folder without training images");
    write_gzip("train-images-idx3-ubyte.gz", images, IMAGES);
    write_gzip("train-labels-idx1-ubyte.gz", labels, LABELS);
    assert_int_equal(read_data("mnist", ".", NULL, &data), KLF_OK);
    check_data(&data, 0, N);
    assert_int_equal(read_data("mnist", ".:1-2", NULL, &data), KLF_OK);
    check_data(&data, 1, 2);
    write_file("train-images-idx3-ubyte", images, IMAGES); /* plain and packed are one set */
    assert_int_equal(read_data("mnist", ".", NULL, &data), KLF_OK);
    assert_null(strstr(data.file[0].path, ".gz"));
    check_data(&data, 0, N);
    write_file("emnist-letters-train-images-idx3-ubyte", images, IMAGES);
    CHECK_SENTENCE(read_data("mnist", ".", NULL, &data), KLF_ERR_USAGE, "2 sets of training images", "emnist-letters",
                   "name the file");
}

static void classes(void **state)
{
    (void)state;
    klf_dataset data;
    write_file("train-images-idx3-ubyte", images, IMAGES);
    labels[8 + 3] = 61;
    write_file("train-labels-idx1-ubyte", labels, LABELS);
    labels[8 + 3] = 9 - 3;
    CHECK_SENTENCE(read_data("mnist", ".", NULL, &data), KLF_ERR_DATA, "label 3 of", "is 61, expected 0 to 9", "idx:");
    CHECK_SENTENCE(read_data("mnist", ".:0", NULL, &data), KLF_ERR_DATA, "label 3 of"); /* wherever it is */
    labels[8] = 10;
    write_file("train-labels-idx1-ubyte", labels, LABELS);
    labels[8] = 9;
    CHECK_SENTENCE(read_data("mnist", ".", NULL, &data), KLF_ERR_DATA, "label 0 of", "is 10, expected 0 to 9");
    labels[8 + 3] = 61;
    write_file("train-labels-idx1-ubyte", labels, LABELS);
    labels[8 + 3] = 9 - 3;
    assert_int_equal(read_data("idx", ".:0", NULL, &data), KLF_OK);
    assert_int_equal(data.n_classes, 62); /* of the file, not of the part */
    klf_dataset_free(&data);
    labels[8 + 3] = 255;
    const scratch_path path = write_file("train-labels-idx1-ubyte", labels, LABELS);
    labels[8 + 3] = 9 - 3;
    assert_int_equal(klf_dataset_read_labels(path.text, &data), KLF_OK);
    assert_true(data.count == N && data.n_classes == 256 && data.pixel == NULL && data.label[0] == 9);
    klf_dataset_free(&data);
}

static void damaged_labels(void **state)
{
    (void)state;
    klf_dataset   data;
    unsigned char file[LABELS + 1] = {0};
    write_file("images", images, IMAGES);
    for (size_t n = 0; n < LABELS; n++) {
        write_file("labels", labels, n);
        CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA, "labels' is truncated", "found");
    }
    memcpy(file, labels, LABELS);
    write_file("labels", file, LABELS + 1);
    CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA,
                   "is oversized: 6 labels make 14 bytes, found more");
    put_big_endian(file + 4, N + 1);
    write_file("labels", file, LABELS + 1);
    CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA, "labels' has 7 labels", "images' has 6 images");
    put_big_endian(file, 0x0d01);
    write_file("labels", file, LABELS + 1);
    CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA, "IDX file of floats",
                   "labels are unsigned bytes");
    put_big_endian(file, 0x0802);
    write_file("labels", file, LABELS + 1);
    CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA, "2 dimensions", "labels have 1 (magic 2049)");
    put_big_endian(file, 0x12345678);
    write_file("labels", file, LABELS + 1);
    CHECK_SENTENCE(read_data("mnist", "images", "labels", &data), KLF_ERR_DATA, "not an IDX file of labels", "expected 2049");
    CHECK_SENTENCE(read_data("mnist", "images", "images", &data), KLF_ERR_DATA, "holds images", "not labels",
                   "labels-idx1-ubyte");
    CHECK_SENTENCE(read_data("mnist", "labels", "images", &data), KLF_ERR_DATA, "not an IDX file of images");
    CHECK_SENTENCE(read_data("mnist", "images", "absent", &data), KLF_ERR_NOINPUT, "absent' cannot be opened");
    put_big_endian(file, 2049);
    put_big_endian(file + 4, 0);
    const scratch_path empty = write_file("labels", file, 8);
    CHECK_SENTENCE(klf_dataset_read_labels(empty.text, &data), KLF_ERR_DATA, "0 labels");
}

static void splits(void **state)
{
    (void)state;
    enum { D = -1 };
    static const struct {
        size_t count;
        int    n_train, n_valid; /* D: default */
        size_t train, valid;
    } good[] = {
        {60000, D, D, 50000, 10000},
        {6000, D, D, 5000, 1000},
        {7, D, D, 6, 1},
        {2, D, D, 1, 1},
        {60000, 100, D, 100, 10000},
        {60000, 55000, D, 55000, 5000},
        {60000, D, 5, 59995, 5},
        {10, D, 0, 10, 0},
        {10, 10, D, 10, 0},
        {10, 4, 6, 4, 6},
        {1, 1, 0, 1, 0},
    };
    klf_split split;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const size_t train = good[i].n_train == D ? KLF_SPLIT_DEFAULT : (size_t)good[i].n_train;
        const size_t valid = good[i].n_valid == D ? KLF_SPLIT_DEFAULT : (size_t)good[i].n_valid;
        if (klf_split_make(good[i].count, train, valid, &split) != KLF_OK)
            fail_msg("case %zu: %s", i, klf_last_error());
        assert_true(split.n_train == good[i].train && split.n_valid == good[i].valid);
        assert_true(split.valid_first == good[i].count - good[i].valid && split.valid_first >= split.n_train);
    }
    CHECK_SENTENCE(klf_split_make(1, KLF_SPLIT_DEFAULT, KLF_SPLIT_DEFAULT, &split), KLF_ERR_USAGE, "1 image cannot be split");
    CHECK_SENTENCE(klf_split_make(10, 0, 5, &split), KLF_ERR_USAGE, "no images are left to train");
    CHECK_SENTENCE(klf_split_make(10, 11, 0, &split), KLF_ERR_USAGE, "11 images cannot train, the data set has 10");
    CHECK_SENTENCE(klf_split_make(10, KLF_SPLIT_DEFAULT, 10, &split), KLF_ERR_USAGE, "10 images cannot validate");
    CHECK_SENTENCE(klf_split_make(10, 1, 11, &split), KLF_ERR_USAGE, "11 images cannot validate");
    CHECK_SENTENCE(klf_split_make(10, 5, 6, &split), KLF_ERR_USAGE, "5 images to train and 6 to validate", "data set's 10");
    CHECK_SENTENCE(klf_split_make(10, 5, SIZE_MAX - 1, &split), KLF_ERR_USAGE, "cannot validate");
}

/* The counts of each digit in MNIST's training set, which `zcat | od` confirms; Fashion-MNIST has 6000 of each class. */
static void real_labels(void **state)
{
    (void)state;
    static const size_t digits[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
    char                path[512];
    const bool          mnist = test_data_mnist("train-images-idx3-ubyte.gz", sizeof path, path);
    if (!mnist && !test_data_images("train-images-idx3-ubyte.gz", sizeof path, path))
        skip();
    *strrchr(path, '/') = '\0'; /* the folder */
    klf_image_spec spec = {.path = path};
    klf_dataset    data;
    if (klf_dataset_read(&spec, NULL, true, &data) != KLF_OK)
        fail_msg("%s", klf_last_error());
    size_t count[10] = {0};
    assert_true(data.count == 60000 && data.n_classes == 10);
    for (size_t i = 0; i < data.count; i++)
        count[data.label[i]]++;
    for (size_t c = 0; c < 10; c++)
        assert_int_equal(count[c], mnist ? digits[c] : 6000);
    if (mnist)
        assert_int_equal(data.label[49983], 9); /* the image of the paper's figures */
    klf_dataset_free(&data);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_teardown(name, clear)
    const struct CMUnitTest tests[] = {
        FILE_TEST(labels_beside), FILE_TEST(labels_named_and_ranges), FILE_TEST(checksums),     FILE_TEST(folders),
        FILE_TEST(classes),       FILE_TEST(damaged_labels),          cmocka_unit_test(splits), cmocka_unit_test(real_labels),
    };
    return cmocka_run_group_tests(tests, make_files, remove_test_folder);
}
