/* SPDX-License-Identifier: BSD-3-Clause */
/* klf_store_check on files of ours that were cut short or altered afterwards: a flipped bit of any number or any text of a
 * dataset is found. */
#include "store/checked_file.h"

#include <hdf5.h>

#include <sys/stat.h>

static size_t read_bytes(unsigned char **bytes)
{
    struct stat info;
    assert_int_equal(stat(name(), &info), 0);
    const size_t size = (size_t)info.st_size;
    FILE        *file = fopen(name(), "rb");
    *bytes = malloc(size);
    assert_int_equal(fread(*bytes, 1, size, file), size);
    fclose(file);
    return size;
}

static void write_bytes(const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(name(), "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void check_cut(size_t from, size_t to, size_t step, const unsigned char *bytes)
{
    for (size_t size = from; size < to; size += step) {
        char *summary = NULL;
        write_bytes(bytes, size);
        if (klf_store_check(name(), &summary) != KLF_ERR_DATA)
            fail_msg("cut to %zu bytes: %s", size, summary ? summary : klf_last_error());
    }
}

static void check_every_cut(void)
{
    unsigned char *bytes;
    const size_t   size = read_bytes(&bytes);
    check_cut(0, 100, 1, bytes);
    check_cut(100, size - 100, size / 200, bytes);
    check_cut(size - 100, size, 1, bytes);
    free(bytes);
}

static void test_cut_short(void **state)
{
    (void)state;
    write_kl(100);
    check_every_cut();
    write_network();
    check_every_cut();
    scratch_clear();
}

static void test_sentences(void **state)
{
    (void)state;
    unsigned char *bytes;
    char           says[128], *summary = NULL;
    write_network();
    const size_t size = read_bytes(&bytes);
    write_bytes(bytes, size - 100);
    snprintf(says, sizeof says, "'%s' is cut short: of its %zu bytes it has %zu", name(), size, size - 100);
    assert_int_equal(klf_store_check(name(), &summary), KLF_ERR_DATA);
    assert_string_equal(klf_last_error(), says);
    free(bytes);
    scratch_clear();
}

/* ---- flipped bits ---- */

typedef struct piece {
    char   dataset[64];
    size_t begin, size;
} piece;

typedef struct piece_list {
    size_t n;
    piece  v[128];
} piece_list;

/* H5Ovisit's callback: where the values of a numeric dataset are in the file. */
static herr_t find_pieces(hid_t root, const char *dataset_name, const H5O_info_t *info, void *arg)
{
    piece_list *list = arg;
    hsize_t     n_chunks = 0, size;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    hid_t dataset = H5Dopen2(root, dataset_name, H5P_DEFAULT), type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    if (H5Tis_variable_str(type) <= 0) {
        assert_true(H5Dget_num_chunks(dataset, space, &n_chunks) >= 0);
        if (n_chunks == 0 && !strstr(dataset_name, "neuron_")) /* these are dimensions without values */
            fail_msg("%s has values without a checksum", dataset_name);
    }
    for (hsize_t i = 0; i < n_chunks; i++) {
        hsize_t  offset[8];
        unsigned mask = 0;
        haddr_t  address = 0;
        assert_true(H5Dget_chunk_info(dataset, space, i, offset, &mask, &address, &size) >= 0);
        assert_in_range(list->n, 0, sizeof list->v / sizeof *list->v - 1);
        piece *p = &list->v[list->n++];
        snprintf(p->dataset, sizeof p->dataset, "%s", dataset_name);
        p->begin = (size_t)address;
        p->size = (size_t)size;
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    return 0;
}

static void expect_found(const unsigned char *bytes, size_t total, const char *dataset, size_t at)
{
    char *summary = NULL;
    write_bytes(bytes, total);
    if (klf_store_check(name(), &summary) != KLF_ERR_DATA || !strstr(klf_last_error(), dataset))
        fail_msg("a flipped bit at %zu, in %s: %s", at, dataset, summary ? summary : klf_last_error());
}

/* One bit in each of some bytes spread over a piece. */
static void check_flips(size_t least_datasets)
{
    enum { MOST = 6 };
    piece_list     list = {0};
    unsigned char *bytes;
    const size_t   total = read_bytes(&bytes);
    size_t         n_datasets = 0;
    hid_t          file = H5Fopen(name(), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, find_pieces, &list, H5O_INFO_BASIC) >= 0);
    H5Fclose(file);
    for (size_t i = 0; i < list.n; i++) {
        const piece *p = &list.v[i];
        n_datasets += i == 0 || strcmp(p->dataset, p[-1].dataset) != 0;
        for (size_t k = 0; k < p->size; k += 1 + p->size / MOST) {
            const unsigned char bit = (unsigned char)(1U << (p->begin + k) % 8);
            bytes[p->begin + k] ^= bit;
            expect_found(bytes, total, p->dataset, p->begin + k);
            bytes[p->begin + k] ^= bit;
        }
    }
    assert_in_range(n_datasets, least_datasets, list.n);
    free(bytes);
}

static void test_flipped_bits(void **state)
{
    (void)state;
    write_kl(8);
    check_flips(5 + 12 + KLF_KL_N_FIELDS + 2); /* coordinates, facts, fields, moments */
    write_kl(130);
    check_flips(5 + 12 + KLF_KL_N_FIELDS + 2);
    write_network();
    check_flips(6);
    scratch_clear();
}

static size_t find_text(const unsigned char *bytes, size_t total, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= total; i++)
        if (memcmp(bytes + i, text, length) == 0)
            return i;
    fail_msg("the file does not hold \"%s\"", text);
    return 0;
}

static void test_altered_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *dataset;
    } altered[] = {{"var_w: [1.5, 2, 2.5]", "config_text"}, {"mnist:Bilder", "kl/input"}};
    for (size_t i = 0; i < sizeof altered / sizeof *altered; i++) {
        unsigned char *bytes;
        write_kl(8);
        const size_t total = read_bytes(&bytes), at = find_text(bytes, total, altered[i].text);
        bytes[at + 3] ^= 0x01;
        expect_found(bytes, total, altered[i].dataset, at + 3);
        free(bytes);
    }
    scratch_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_altered_text),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
