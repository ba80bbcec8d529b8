/* SPDX-License-Identifier: BSD-3-Clause */
/* CIFAR-10 batches: labels, grey and reduced pixels against formulas that can be checked by hand and against the integral over
 * areas in another form; batches in several files and in folders; every way in which a batch can be wrong. */
#include "klflow/dataset.h"
#include "scratch_files.h"
#include "test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum {
    LARGE = 32,
    SMALL = 28,
    PLANE = LARGE * LARGE,
    RECORD = 1 + 3 * PLANE,
    N_RECORDS = 70 /* more than are read at a time */
};

static unsigned char batch[N_RECORDS * RECORD];

static int make_batch(void **state)
{
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof batch; i++) {
        random = random * 1664525u + 1013904223u;
        batch[i] = (unsigned char)(random >> 24);
    }
    for (size_t r = 0; r < N_RECORDS; r++)
        batch[r * RECORD] = (unsigned char)(r * 7 % 10);
    return make_test_folder(state);
}

static int clear(void **state)
{
    (void)state;
    clear_test_folder();
    return 0;
}

/* KIND:FILE, or KIND:FILE and a tail; FILE is a name in the test's folder. */
static klf_status read_named(const char *kind, const char *name, const char *tail, klf_dataset *data)
{
    char text[1200];
    snprintf(text, sizeof text, "%s:%s%s", kind, scratch(name).text, tail);
    klf_image_spec spec;
    if (klf_image_spec_parse(text, false, &spec) != KLF_OK)
        fail_msg("%s", klf_last_error());
    const klf_status st = klf_dataset_read(&spec, NULL, true, data);
    klf_image_spec_free(&spec);
    if (st == KLF_OK)
        assert_string_equal(data->source, text);
    else
        assert_true(data->pixel == NULL && data->label == NULL && data->file == NULL);
    return st;
}

/* The luma of Rec. 601 of a byte of a record, from 0 to 1. */
static long double luma(const unsigned char *record, size_t row, size_t col)
{
    const unsigned char *red = record + 1 + row * LARGE + col;
    return (0.299L * red[0] + 0.587L * red[PLANE] + 0.114L * red[2 * PLANE]) / 255.0L;
}

static long double common_length(size_t small, size_t large)
{
    const long double width = (long double)LARGE / SMALL;
    const long double begin = fmaxl(small * width, large), end = fminl((small + 1) * width, large + 1.0L);
    return end > begin ? end - begin : 0.0L;
}

/* The mean over the area of a small pixel, summed over all large ones. */
static long double area_mean(const unsigned char *record, size_t row, size_t col)
{
    long double sum = 0.0L;
    for (size_t v = 0; v < LARGE; v++)
        for (size_t u = 0; u < LARGE; u++)
            sum += common_length(row, v) * common_length(col, u) * luma(record, v, u);
    return sum * SMALL * SMALL / (LARGE * LARGE);
}

static void check_pixel(double pixel, long double expected, size_t side, size_t index)
{
    /* one rounding of the pixel; the sums of the reference have a longer format */
    if (!(fabsl(pixel - expected) <= DBL_EPSILON * expected))
        fail_msg("pixel %zu at side %zu is %.17g, expected %.17Lg", index, side, pixel, expected);
}

static void grey_and_reduced(void **state)
{
    (void)state;
    const scratch_path   file = write_file("batch.bin", batch, sizeof batch);
    const klf_image_kind kind[2] = {KLF_IMAGES_CIFAR10, KLF_IMAGES_CIFAR10_32};
    for (size_t k = 0; k < 2; k++) {
        const klf_image_spec spec = {.kind = kind[k], .path = (char *)(uintptr_t)file.text, .first = 1, .count = 68};
        const size_t         side = k == 0 ? SMALL : LARGE;
        klf_images           images;
        klf_dataset          data;
        assert_int_equal(klf_images_read(&spec, &images), KLF_OK);
        assert_int_equal(klf_dataset_read(&spec, NULL, true, &data), KLF_OK);
        assert_true(images.rows == side && images.cols == side && images.count == 68);
        assert_true(data.rows == side && data.cols == side && data.count == 68 && data.n_classes == 10);
        for (size_t i = 0; i < images.count; i += 33) {
            const unsigned char *record = batch + (i + 1) * RECORD;
            assert_int_equal(data.label[i], record[0]);
            for (size_t j = 0; j < side * side; j++) {
                const size_t row = j / side, col = j % side;
                check_pixel(images.pixel[i * side * side + j], k == 0 ? area_mean(record, row, col) : luma(record, row, col),
                            side, j);
                assert_true(data.pixel[i * side * side + j] == (float)images.pixel[i * side * side + j]);
            }
        }
        klf_images_free(&images);
        klf_dataset_free(&data);
    }
}

/* One white pixel at row 1, column 1 spreads over four small ones; pure colours give their weights; white stays white. */
static void by_hand(void **state)
{
    (void)state;
    static unsigned char record[5 * RECORD];
    memset(record, 0, sizeof record);
    for (size_t plane = 0; plane < 3; plane++) {
        record[1 + plane * PLANE + LARGE + 1] = 255;
        memset(record + (plane + 1) * RECORD + 1 + plane * PLANE, 255, PLANE);
    }
    memset(record + 4 * RECORD + 1, 255, 3 * PLANE);
    write_file("five.bin", record, sizeof record);
    klf_dataset data;
    assert_int_equal(read_named("cifar10", "five.bin", "", &data), KLF_OK);
    for (size_t j = 0; j < SMALL * SMALL; j++) {
        const size_t row = j / SMALL, col = j % SMALL;
        const double weight[SMALL] = {1 / 8.0, 6 / 8.0};
        assert_true(data.pixel[j] == (float)(weight[row] * weight[col]));
        assert_true(data.pixel[1 * SMALL * SMALL + j] == 0.299F);
        assert_true(data.pixel[2 * SMALL * SMALL + j] == 0.587F);
        assert_true(data.pixel[3 * SMALL * SMALL + j] == 0.114F);
        assert_true(data.pixel[4 * SMALL * SMALL + j] == 1.0F);
    }
    klf_dataset_free(&data);
}

static void folders_and_lists(void **state)
{
    (void)state;
    klf_dataset data;
    /* batches in the order of their numbers, the test batch last, plain before packed, and nothing else */
    write_gzip("a/data_batch_10.bin.gz", batch + 3 * RECORD, 2 * RECORD);
    write_file("a/data_batch_2.bin", batch + RECORD, 2 * RECORD);
    write_file("a/data_batch_2.bin.gz", "", 0);
    write_file("a/data_batch_1.bin", batch, RECORD);
    write_file("a/test_batch.bin", batch + 5 * RECORD, RECORD);
    write_file("a/data_batch_x.bin", "", 0);
    write_file("a/batches.meta.txt", "", 0);
    assert_int_equal(read_named("cifar10", "a", "", &data), KLF_OK);
    assert_true(data.count == 6 && data.n_files == 4);
    for (size_t r = 0; r < 6; r++)
        assert_int_equal(data.label[r], batch[r * RECORD]);
    assert_string_equal(data.file[2].path, scratch("a/data_batch_10.bin.gz").text);
    klf_dataset_free(&data);

    /* an index goes through all of them */
    assert_int_equal(read_named("cifar10", "a", ":2-4", &data), KLF_OK);
    assert_int_equal(data.count, 3);
    for (size_t r = 0; r < 3; r++)
        assert_int_equal(data.label[r], batch[(r + 2) * RECORD]);
    klf_dataset_free(&data);
    CHECK_SENTENCE(read_named("cifar10", "a", ":6", &data), KLF_ERR_USAGE, "6 images, numbered 0 to 5", "image 6 was");
    CHECK_SENTENCE(read_named("cifar10", "a", ":4-6", &data), KLF_ERR_USAGE, "images 4-6 were");

    write_file("b/unrelated", "", 0);
    CHECK_SENTENCE(read_named("cifar10", "b", "", &data), KLF_ERR_NOINPUT, "folder without batches", "data_batch_1.bin");
    write_file("b/data_batch_1", "", 0);
    CHECK_SENTENCE(read_named("cifar10", "b", "", &data), KLF_ERR_NOINPUT, "Python version", "cifar-10-binary.tar.gz");

    char list[600];
    snprintf(list, sizeof list, ",%s:1-2", scratch("a/data_batch_2.bin").text);
    assert_int_equal(read_named("cifar10", "a/test_batch.bin", list, &data), KLF_OK);
    assert_true(data.count == 2 && data.label[0] == batch[RECORD] && data.label[1] == batch[2 * RECORD]);
    klf_dataset_free(&data);
    CHECK_SENTENCE(read_named("cifar10", "a/test_batch.bin", ",", &data), KLF_ERR_USAGE, "a file name is missing in the list");
    CHECK_SENTENCE(read_named("cifar10", "a/test_batch.bin", ",none", &data), KLF_ERR_NOINPUT, "'none' cannot be opened");
}

/* As the archive unpacks. */
static void subfolder(void **state)
{
    (void)state;
    klf_dataset data;
    write_file("cifar-10-batches-bin/data_batch_1.bin", batch, 2 * RECORD);
    assert_int_equal(read_named("cifar10", ".", "", &data), KLF_OK);
    assert_int_equal(data.count, 2);
    klf_dataset_free(&data);
}

static void packed_is_plain(void **state)
{
    (void)state;
    klf_dataset plain, packed;
    write_file("plain.bin", batch, sizeof batch);
    write_gzip("packed.bin.gz", batch, sizeof batch);
    assert_int_equal(read_named("cifar10", "plain.bin", "", &plain), KLF_OK);
    assert_int_equal(read_named("cifar10", "packed.bin.gz", "", &packed), KLF_OK);
    assert_true(plain.count == N_RECORDS && packed.count == N_RECORDS);
    assert_memory_equal(plain.pixel, packed.pixel, N_RECORDS * SMALL * SMALL * sizeof *plain.pixel);
    assert_memory_equal(plain.label, packed.label, N_RECORDS);
    assert_true(plain.file[0].crc32 == packed.file[0].crc32);
    assert_string_equal(plain.class_name[9], "truck");
    klf_dataset_free(&plain);
    klf_dataset_free(&packed);
}

static void damaged(void **state)
{
    (void)state;
    klf_dataset         data;
    static const size_t cuts[] = {1, RECORD - 1, RECORD + 1, 64 * RECORD + 5, N_RECORDS * RECORD - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        char found[80];
        snprintf(found, sizeof found, "found %zu of them and %zu bytes more", cuts[i] / RECORD, cuts[i] % RECORD);
        const scratch_path path = write_file("cut.bin", batch, cuts[i]);
        CHECK_SENTENCE(read_named("cifar10", "cut.bin", ":0", &data), KLF_ERR_DATA, path.text, "is cut", "3073 bytes", found);
        write_gzip("cut.bin.gz", batch, cuts[i]);
        CHECK_SENTENCE(read_named("cifar10", "cut.bin.gz", ":0", &data), KLF_ERR_DATA, "is cut", found);
    }
    write_file("empty.bin", "", 0);
    CHECK_SENTENCE(read_named("cifar10", "empty.bin", "", &data), KLF_ERR_DATA, "is empty", "3073 bytes");

    batch[66 * RECORD] = 10;
    write_file("label.bin", batch, sizeof batch);
    batch[66 * RECORD] = 66 * 7 % 10;
    CHECK_SENTENCE(read_named("cifar10", "label.bin", ":0", &data), KLF_ERR_DATA, "label of record 66 is 10",
                   "expected 0 to 9");

    unsigned char packed[20000];
    const size_t  n = gzip_member(batch, 4 * RECORD, packed, sizeof packed);
    packed[n - 5] ^= 1; /* the checksum */
    write_file("checksum.bin.gz", packed, n);
    CHECK_SENTENCE(read_named("cifar10", "checksum.bin.gz", "", &data), KLF_ERR_DATA, "damaged", "incorrect data check");
    write_file("short.bin.gz", packed, n - 10);
    CHECK_SENTENCE(read_named("cifar10", "short.bin.gz", "", &data), KLF_ERR_DATA, "truncated", "gzip");
    CHECK_SENTENCE(read_named("cifar10", "absent.bin", "", &data), KLF_ERR_NOINPUT, "absent.bin' cannot be opened");
}

static void put_text(unsigned char *at, const char *text)
{
    while (*text != '\0')
        *at++ = (unsigned char)*text++;
}

static void taken_for_a_batch(void **state)
{
    (void)state;
    klf_dataset          data;
    static unsigned char file[N_RECORDS * RECORD + 2]; /* what is wrong with it shows long behind its beginning */
    memset(file, 0, sizeof file);
    put_big_endian(file, 2051);
    write_file("images", file, sizeof file);
    CHECK_SENTENCE(read_named("cifar10", "images", "", &data), KLF_ERR_DATA, "an IDX file: write mnist:");
    put_big_endian(file, 2049);
    write_file("labels", file, sizeof file);
    CHECK_SENTENCE(read_named("cifar10", "labels", "", &data), KLF_ERR_DATA, "an IDX file of labels");
    /* what begins so but is a batch in all else is one: black, and a little red in the third pixel */
    write_file("whole.bin", file, 2 * RECORD);
    assert_int_equal(read_named("cifar10", "whole.bin", "", &data), KLF_OK);
    klf_dataset_free(&data);
    put_text(file, "\x80\x02}q");
    write_file("data_batch_1", file, sizeof file);
    CHECK_SENTENCE(read_named("cifar10", "data_batch_1", "", &data), KLF_ERR_DATA, "Python pickle", "cifar-10-binary.tar.gz");
    memset(file, 0, sizeof file);
    put_text(file, "cifar-10-batches-bin/");
    put_text(file + 257, "ustar ");
    write_gzip("cifar-10-binary.tar.gz", file, sizeof file);
    CHECK_SENTENCE(read_named("cifar10", "cifar-10-binary.tar.gz", "", &data), KLF_ERR_DATA, "a tar archive: unpack it");
    write_file("batch.bin", batch, sizeof batch);
    CHECK_SENTENCE(read_named("mnist", "batch.bin", "", &data), KLF_ERR_DATA, "not an IDX file of images", "cifar10:FILE");

    klf_image_spec spec;
    assert_int_equal(klf_image_spec_parse("cifar10:batch.bin", false, &spec), KLF_OK);
    CHECK_SENTENCE(klf_dataset_read(&spec, "labels", true, &data), KLF_ERR_USAGE, "labels of CIFAR-10 are in its batches");
    klf_image_spec_free(&spec);
}

/* A published fact about the first record of the test batch, which is a cat, and about the classes in order of size: the counts
 * of each label can be had with `od`. */
static void real_batch(void **state)
{
    (void)state;
    char path[512];
    if (!test_data_cifar10("test_batch.bin.gz", sizeof path, path) && !test_data_cifar10("test_batch.bin", sizeof path, path))
        skip();
    klf_image_spec spec = {.kind = KLF_IMAGES_CIFAR10, .path = path};
    klf_dataset    data;
    assert_int_equal(klf_dataset_read(&spec, NULL, true, &data), KLF_OK);
    assert_true(data.count >= 1000 && data.rows == SMALL);
    static const unsigned char first[] = {3, 8, 8, 0, 6, 6, 1, 6, 3, 1}; /* cat, ship, ship, airplane, frog, ... */
    assert_memory_equal(data.label, first, sizeof first);
    for (size_t i = 0; i < data.count * SMALL * SMALL; i++)
        if (!(data.pixel[i] >= 0.0F && data.pixel[i] <= 1.0F))
            fail_msg("pixel %zu is %g", i, (double)data.pixel[i]);
    klf_dataset_free(&data);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_teardown(name, clear)
    const struct CMUnitTest tests[] = {
        FILE_TEST(grey_and_reduced), FILE_TEST(by_hand), FILE_TEST(folders_and_lists), FILE_TEST(subfolder),
        FILE_TEST(packed_is_plain),  FILE_TEST(damaged), FILE_TEST(taken_for_a_batch), cmocka_unit_test(real_batch),
    };
    return cmocka_run_group_tests(tests, make_batch, remove_test_folder);
}
