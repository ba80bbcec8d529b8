/* SPDX-License-Identifier: BSD-3-Clause */
/* Image references and IDX files: what is read right, and every way in which a file or a reference can be wrong, with the
 * status and the words that a user needs. The files are made here; the real data sets are read where they are present. */
#include "klflow/images.h"
#include "scratch_files.h"
#include "test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_IMAGES = 5, ROWS = 3, COLS = 4, PIXELS = ROWS * COLS, HEADER = 16, FILE_BYTES = HEADER + N_IMAGES * PIXELS };

static char path[512]; /* of the file of the test at hand */

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void put_header(unsigned char *file, uint32_t magic, uint32_t n, uint32_t rows, uint32_t cols)
{
    put_big_endian(file, magic);
    put_big_endian(file + 4, n);
    put_big_endian(file + 8, rows);
    put_big_endian(file + 12, cols);
}

static unsigned char pixel_byte(size_t image, size_t pixel)
{
    return (unsigned char)(image * 50 + pixel * 3);
}

/* A well-formed file of N_IMAGES images. */
static void make_images(unsigned char file[FILE_BYTES])
{
    put_header(file, 2051, N_IMAGES, ROWS, COLS);
    for (size_t i = 0; i < N_IMAGES; i++)
        for (size_t j = 0; j < PIXELS; j++)
            file[HEADER + i * PIXELS + j] = pixel_byte(i, j);
}

static void write_plain(const char *name, const void *data, size_t n)
{
    snprintf(path, sizeof path, "%s", write_file(name, data, n).text);
}

static void check_images(size_t first, size_t count)
{
    klf_image_spec spec = {.path = path, .first = first, .count = count};
    klf_images     images;
    if (klf_images_read(&spec, &images) != KLF_OK)
        fail_msg("%s", klf_last_error());
    assert_int_equal(images.count, count ? count : N_IMAGES - first);
    assert_int_equal(images.rows, ROWS);
    assert_int_equal(images.cols, COLS);
    for (size_t i = 0; i < images.count; i++)
        for (size_t j = 0; j < PIXELS; j++)
            assert_true(images.pixel[i * PIXELS + j] == pixel_byte(first + i, j) / 255.0);
    klf_images_free(&images);
    assert_null(images.pixel);
}

static void check_all_ranges(void)
{
    check_images(0, 1);
    check_images(N_IMAGES - 1, 1);
    check_images(1, 3);
    check_images(0, 0);
    check_images(2, 0);
}

/* Reading image `first` .. fails with this status and a sentence that has all of these words and the file's name. */
static void check_failure(size_t first, size_t count, klf_status expected, size_t n_words, const char *const *words)
{
    klf_image_spec spec = {.path = path, .first = first, .count = count};
    klf_images     images;
    assert_int_equal(klf_images_read(&spec, &images), expected);
    assert_null(images.pixel);
    const char *sentence = klf_last_error();
    if (!strstr(sentence, path))
        fail_msg("'%s' does not name the file", sentence);
    for (size_t i = 0; i < n_words; i++)
        if (!strstr(sentence, words[i]))
            fail_msg("'%s' does not say '%s'", sentence, words[i]);
}
#define CHECK_FAILURE(first, count, status, ...)                                                                               \
    check_failure(first, count, status, sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *),                          \
                  (const char *[]){__VA_ARGS__})

static void plain_file(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES];
    make_images(file);
    write_plain("plain", file, sizeof file);
    check_all_ranges();
}

static void gzip_file(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES], packed[2 * FILE_BYTES];
    make_images(file);
    write_plain("images.gz", packed, gzip_member(file, sizeof file, packed, sizeof packed));
    check_all_ranges();

    /* gzip files are known by their content, not by their name; several members in a row are one file (cat a.gz b.gz) */
    for (size_t cut = 0; cut <= sizeof file; cut += 11) {
        size_t n = gzip_member(file, cut, packed, sizeof packed);
        n += gzip_member(file + cut, sizeof file - cut, packed + n, sizeof packed - n);
        write_plain("members", packed, n);
        check_all_ranges();
        unlink(path);
    }
}

/* Files larger than the reader's buffers, which hardly compress: every refill happens, also in the middle of an image. */
static void larger_than_buffers(void **state)
{
    (void)state;
    enum { N = 900, SIDE = 28, AREA = SIDE * SIDE, SIZE = HEADER + N * AREA };
    unsigned char *file = malloc(SIZE), *packed = malloc(2 * SIZE);
    assert_true(file && packed);
    put_header(file, 2051, N, SIDE, SIDE);
    uint32_t random = 1;
    for (size_t i = HEADER; i < SIZE; i++) {
        random = random * 1664525u + 1013904223u;
        file[i] = (unsigned char)(random >> 24);
    }
    for (int zipped = 0; zipped < 2; zipped++) {
        if (zipped)
            write_plain("large", packed, gzip_member(file, SIZE, packed, 2 * SIZE));
        else
            write_plain("large", file, SIZE);
        const klf_image_spec spec = {.path = path, .first = 300, .count = 500};
        klf_images           images;
        assert_int_equal(klf_images_read(&spec, &images), KLF_OK);
        for (size_t i = 0; i < spec.count * AREA; i++)
            if (!(images.pixel[i] == file[HEADER + spec.first * AREA + i] / 255.0))
                fail_msg("pixel %zu is %g", i, images.pixel[i]);
        klf_images_free(&images);
    }
    free(file);
    free(packed);
}

static void truncated_at_every_byte(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES], packed[2 * FILE_BYTES];
    make_images(file);
    for (size_t n = 0; n < sizeof file; n++) {
        write_plain("plain", file, n);
        /* image 0 is whole in most of these */
        CHECK_FAILURE(0, 1, KLF_ERR_DATA, "truncated", "found");
    }
    unlink(path);
    const size_t size = gzip_member(file, sizeof file, packed, sizeof packed);
    for (size_t n = 2; n < size; n++) {
        write_plain("images.gz", packed, n);
        CHECK_FAILURE(0, 1, KLF_ERR_DATA, "truncated", "gzip");
    }
    unlink(path);
    write_plain("images.gz", packed, gzip_member(file, sizeof file - 1, packed, sizeof packed));
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "truncated", "5 images of 3 x 4", "76 bytes", "found 75");
}

static void oversized(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES + 1], packed[2 * FILE_BYTES];
    make_images(file);
    file[FILE_BYTES] = 0;
    write_plain("plain", file, sizeof file);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "oversized", "5 images of 3 x 4", "76 bytes", "found more");
    unlink(path);

    write_plain("images.gz", packed, gzip_member(file, sizeof file, packed, sizeof packed));
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "oversized", "76 bytes");

    size_t n = gzip_member(file, FILE_BYTES, packed, sizeof packed);
    n += gzip_member(file, 1, packed + n, sizeof packed - n);
    write_plain("images.gz", packed, n);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "oversized", "76 bytes");

    n = gzip_member(file, FILE_BYTES, packed, sizeof packed);
    packed[n] = 0;
    write_plain("images.gz", packed, n + 1);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "oversized", "not gzip");
}

static void damaged_gzip(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES], packed[2 * FILE_BYTES];
    make_images(file);
    const size_t n = gzip_member(file, sizeof file, packed, sizeof packed);
    packed[n - 5] ^= 1; /* the checksum */
    write_plain("images.gz", packed, n);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "damaged", "incorrect data check");
    packed[n - 5] ^= 1;
    packed[10] = 0xff; /* the first block's type */
    write_plain("images.gz", packed, n);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "damaged", "invalid block type");
}

static void wrong_magic(void **state)
{
    (void)state;
    static const struct {
        uint32_t    magic;
        const char *says;
    } cases[] = {
        {2049, "labels"}, {2052, "4 dimensions"}, {0x0d03, "floats"},       {0x0b01, "16-bit integers"},
        {0x0703, "1795"}, {0x03080000, "2051"},   {0x89504e47, "89504e47"},
    };
    unsigned char file[FILE_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_images(file);
        put_big_endian(file, cases[i].magic);
        write_plain("plain", file, sizeof file);
        CHECK_FAILURE(0, 1, KLF_ERR_DATA, "2051", cases[i].says);
    }
    /* a labels file that is shorter than the header of images is still called a labels file */
    put_header(file, 2049, 2, 0x07010000, 0);
    write_plain("plain", file, 10);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "labels");
}

static void absurd_headers(void **state)
{
    (void)state;
    static const struct {
        uint32_t    n, rows, cols;
        const char *says;
    } cases[] = {
        {1, 1u << 31, 1u << 31, "2147483648 x 2147483648"},
        {1, 0, 28, "0 x 28"},
        {1, 28, 0, "28 x 0"},
        {1, 4097, 4096, "4097 x 4096"},
        {UINT32_MAX, 4096, 4096, "truncated"}, /* 5e17 bytes as doubles: read until the data end, not allocated */
        {0, 28, 28, "oversized"},
    };
    unsigned char file[FILE_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_images(file);
        put_header(file, 2051, cases[i].n, cases[i].rows, cases[i].cols);
        write_plain("plain", file, sizeof file);
        CHECK_FAILURE(0, 0, KLF_ERR_DATA, cases[i].says);
    }
    put_header(file, 2051, 0, 28, 28);
    write_plain("plain", file, HEADER);
    CHECK_FAILURE(0, 1, KLF_ERR_DATA, "0 images");
}

static void index_out_of_range(void **state)
{
    (void)state;
    unsigned char file[FILE_BYTES];
    make_images(file);
    write_plain("plain", file, sizeof file);
    CHECK_FAILURE(N_IMAGES, 1, KLF_ERR_USAGE, "5 images", "0 to 4", "image 5 ");
    CHECK_FAILURE(2, 4, KLF_ERR_USAGE, "5 images", "0 to 4", "images 2-5 ");
    CHECK_FAILURE(SIZE_MAX, 1, KLF_ERR_USAGE, "5 images");
    CHECK_FAILURE(4, SIZE_MAX, KLF_ERR_USAGE, "5 images");
    CHECK_FAILURE(N_IMAGES, 0, KLF_ERR_USAGE, "5 images");
    /* damage is reported first: the count of a damaged file means nothing */
    write_plain("plain", file, sizeof file - 1);
    CHECK_FAILURE(N_IMAGES, 1, KLF_ERR_DATA, "truncated");
}

static void missing_or_unreadable(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/absent", test_folder());
    CHECK_FAILURE(0, 1, KLF_ERR_NOINPUT, "No such file");
    snprintf(path, sizeof path, "%s", test_folder());
    CHECK_FAILURE(0, 1, KLF_ERR_NOINPUT, "is a folder without training images", "train-images-idx3-ubyte");
    if (geteuid() == 0)
        return; /* root may read everything */
    write_plain("secret", "", 0);
    assert_int_equal(chmod(path, 0), 0);
    CHECK_FAILURE(0, 1, KLF_ERR_NOINPUT, "denied");
}

static void references(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int         need_index;
        const char *path;
        size_t      first, count;
    } good[] = {
        {"mnist:a.gz:49983", 1, "a.gz", 49983, 1},
        {"idx:a.gz:0-99", 1, "a.gz", 0, 100},
        {"mnist:a:7-7", 1, "a", 7, 1},
        {"mnist:/x:y/a:b:3", 1, "/x:y/a:b", 3, 1},
        {"mnist:a.gz", 0, "a.gz", 0, 0},
        {"mnist:a:0", 0, "a", 0, 1},
        {"mnist:a:10-19", 0, "a", 10, 10},
        {"mnist:a:b", 0, "a:b", 0, 0},
        {"mnist:a:-1", 0, "a:-1", 0, 0},
        {"mnist:a:4294967295", 1, "a", 4294967295u, 1},
        {"mnist:mnist:5", 1, "mnist", 5, 1},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        klf_image_spec spec;
        if (klf_image_spec_parse(good[i].text, good[i].need_index, &spec) != KLF_OK)
            fail_msg("%s", klf_last_error());
        assert_string_equal(spec.path, good[i].path);
        assert_int_equal(spec.first, good[i].first);
        assert_int_equal(spec.count, good[i].count);
        klf_image_spec_free(&spec);
        assert_null(spec.path);
    }
}

static void malformed_references(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int         need_index;
        const char *says;
    } bad[] = {
        {"", 1, "mnist:FILE:INDEX"},
        {"a.gz:5", 1, "mnist:FILE:INDEX"},
        {"Mnist:a:5", 1, "mnist:FILE"},
        {"a.gz", 0, "mnist:FILE, idx:FILE or cifar10:FILE"},
        {"mnist:a.gz", 1, "which image"},
        {"mnist:a.gz:", 1, "which image"},
        {"mnist:a.gz:", 0, "which image"},
        {"mnist:a:5x", 1, "which image"},
        {"mnist:a:-5", 1, "which image"},
        {"mnist:a:5-", 1, "which image"},
        {"mnist:a:1-2-3", 1, "which image"},
        {"mnist:a: 5", 1, "which image"},
        {"mnist:a:9-3", 1, "3-9"},
        {"mnist:a:9-3", 0, "3-9"},
        {"mnist::5", 1, "no file"},
        {"mnist:", 0, "no file"},
        {"mnist:5", 1, "which image"},
        {"mnist:a:1.5", 1, "which image"},
        {"mnist:a:4294967296", 1, "too large"},
        {"mnist:a:0-18446744073709551616", 1, "too large"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        klf_image_spec spec;
        assert_int_equal(klf_image_spec_parse(bad[i].text, bad[i].need_index, &spec), KLF_ERR_USAGE);
        assert_null(spec.path);
        if (!strstr(klf_last_error(), bad[i].text) || !strstr(klf_last_error(), bad[i].says))
            fail_msg("'%s' does not say '%s' and '%s'", klf_last_error(), bad[i].text, bad[i].says);
    }
}

/* Image 49983 of MNIST's training set, on which the paper's figures rest: a 9 of mean square pixel 0.0755. */
static void mnist_image(void **state)
{
    (void)state;
    char mnist[512];
    if (!test_data_mnist("train-images-idx3-ubyte.gz", sizeof mnist, mnist))
        skip();
    klf_image_spec spec = {.path = mnist, .first = 49983, .count = 1};
    klf_images     images;
    assert_int_equal(klf_images_read(&spec, &images), KLF_OK);
    assert_int_equal(images.rows, 28);
    assert_int_equal(images.cols, 28);
    double mean_square = 0.0;
    for (size_t i = 0; i < 784; i++)
        mean_square += images.pixel[i] * images.pixel[i] / 784.0;
    if (!(fabs(mean_square - 0.0755) <= 0.00005)) /* the figure's rounding */
        fail_msg("mean square pixel %.5f", mean_square);
    klf_images_free(&images);
}

static void real_files(void **state)
{
    (void)state;
    char real[512];
    if (!test_data_images("t10k-images-idx3-ubyte.gz", sizeof real, real))
        skip();
    klf_image_spec spec = {.path = real};
    klf_images     images;
    assert_int_equal(klf_images_read(&spec, &images), KLF_OK);
    assert_int_equal(images.count, 10000);
    double least = DBL_MAX, most = -DBL_MAX;
    for (size_t i = 0; i < images.count * images.rows * images.cols; i++) {
        least = fmin(least, images.pixel[i]);
        most = fmax(most, images.pixel[i]);
    }
    assert_true(least == 0.0 && most == 1.0);
    klf_images_free(&images);

    if (!test_data_images("t10k-labels-idx1-ubyte.gz", sizeof real, real))
        skip();
    assert_int_equal(klf_images_read(&spec, &images), KLF_ERR_DATA);
    assert_non_null(strstr(klf_last_error(), "labels"));
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_teardown(name, remove_file)
    const struct CMUnitTest tests[] = {
        FILE_TEST(plain_file),          FILE_TEST(gzip_file),
        FILE_TEST(larger_than_buffers), FILE_TEST(truncated_at_every_byte),
        FILE_TEST(oversized),           FILE_TEST(damaged_gzip),
        FILE_TEST(wrong_magic),         FILE_TEST(absurd_headers),
        FILE_TEST(index_out_of_range),  FILE_TEST(missing_or_unreadable),
        cmocka_unit_test(references),   cmocka_unit_test(malformed_references),
        cmocka_unit_test(mnist_image),  cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
