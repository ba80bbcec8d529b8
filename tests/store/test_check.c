/* SPDX-License-Identifier: BSD-3-Clause */
/* klf_store_check: whole files pass with their summary, foreign and incomplete ones fail with a sentence. For damage see
 * test_damage.c. */
#include "store/checked_file.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <stdint.h>
#include <sys/stat.h>

static void expect_whole(const char *says)
{
    char  expected[256];
    char *summary = NULL;
    assert_works(klf_store_check(name(), &summary));
    snprintf(expected, sizeof expected, "%s: %s", name(), says);
    assert_string_equal(summary, expected);
    free(summary);
}

static void expect_refused(klf_status code, const char *says)
{
    char not_null, *summary = &not_null;
    assert_fails(klf_store_check(name(), &summary), code, says);
    assert_null(summary);
}

static void test_whole_files(void **state)
{
    (void)state;
    write_kl(100);
    expect_whole("klflow-kl schema 1, 1 x 1 x 2 x 2 x 2 points, 5 layers, whole");
    write_network();
    expect_whole("klflow-network schema 1, 3 layers, input of 6, whole");
    scratch_clear();
}

/* ---- files that are whole, but not as they should be ---- */

static void drop_variable(hid_t file)
{
    H5Ldelete(file, "kl/kl_stderr", H5P_DEFAULT);
}

static void drop_group(hid_t file)
{
    H5Ldelete(file, "kl", H5P_DEFAULT);
}

static void drop_provenance(hid_t file)
{
    H5Ldelete(file, "provenance", H5P_DEFAULT);
}

static void reshape_variable(hid_t file)
{
    H5Ldelete(file, "kl/status", H5P_DEFAULT);
    H5LTmake_dataset_char(file, "kl/status", 5, (hsize_t[]){1, 1, 2, 1, 2}, (char[4]){0});
}

static void flatten_variable(hid_t file)
{
    H5Ldelete(file, "kl/status", H5P_DEFAULT);
    H5LTmake_dataset_char(file, "kl/status", 1, (hsize_t[]){8}, (char[8]){0});
}

static void detach(hid_t file, const char *variable, const char *dimension, unsigned axis)
{
    hid_t dataset = H5Dopen2(file, variable, H5P_DEFAULT), scale = H5Dopen2(file, dimension, H5P_DEFAULT);
    assert_true(H5DSdetach_scale(dataset, scale, axis) >= 0);
    H5Dclose(scale);
    H5Dclose(dataset);
}

static void lost_dimension(hid_t file)
{
    detach(file, "kl/kl", "kl/depth", 2);
}

static void lost_dimension_of_scatter(hid_t file)
{
    detach(file, "kl/var_input_std", "kl/layer", 5);
}

static void lost_dimension_of_moment(hid_t file)
{
    detach(file, "kl/f_jk", "kl/neuron_k", 7);
}

static void later_version(hid_t file)
{
    H5LTset_attribute_int(file, "/", "schema_version", (int[]){2}, 1);
}

static void no_version(hid_t file)
{
    H5Adelete(file, "schema_version");
}

static void no_schema(hid_t file)
{
    H5Adelete(file, "schema");
}

static void other_schema(hid_t file)
{
    const char *text = "klflow-tea";
    hid_t       attribute = H5Aopen(file, "schema", H5P_DEFAULT), type = H5Aget_type(attribute);
    H5Awrite(attribute, type, &text);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void test_wrong_contents(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(hid_t file);
        const char *says;
    } wrong[] = {
        {drop_variable, "variable /kl/kl_stderr is missing"},
        {drop_group, "group /kl is missing"},
        {drop_provenance, "group /provenance is missing"},
        {reshape_variable, "/kl/status has 1 values along seed, which has 2"},
        {flatten_variable, "/kl/status has 1 dimensions, not 5"},
        {lost_dimension, "axis 2 (from 0) of variable /kl/kl is not dimension depth"},
        {lost_dimension_of_scatter, "axis 5 (from 0) of variable /kl/var_input_std is not dimension layer"},
        {lost_dimension_of_moment, "axis 7 (from 0) of variable /kl/f_jk is not dimension neuron_k"},
        {later_version, "version 2 of schema klflow-kl"},
        {no_version, "version 0 of schema klflow-kl"},
        {no_schema, "no attribute schema"},
        {other_schema, "schema 'klflow-tea' is unknown"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_kl(8);
        hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT);
        wrong[i].spoil(file);
        H5Fclose(file);
        expect_refused(KLF_ERR_DATA, wrong[i].says);
    }
    scratch_clear();
}

static void test_incomplete_network(void **state)
{
    (void)state;
    write_network();
    hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "B2", H5P_DEFAULT);
    H5Fclose(file);
    expect_refused(KLF_ERR_DATA, "dataset B2 is missing");
    scratch_clear();
}

static void test_not_a_file_of_ours(void **state)
{
    (void)state;
    expect_refused(KLF_ERR_NOINPUT, "No such file");
    scratch_write(name(), "");
    expect_refused(KLF_ERR_DATA, "not an HDF5 file");
    scratch_write(name(), "P6 1 1 255 a picture");
    expect_refused(KLF_ERR_DATA, "not an HDF5 file");
    scratch_clear();
    assert_int_equal(mkdir(name(), 0777), 0);
    expect_refused(KLF_ERR_NOINPUT, "is a folder, not a file");
    scratch_clear();
    assert_int_equal(mkfifo(name(), 0666), 0); /* nobody writes to it: opening it would wait for ever */
    expect_refused(KLF_ERR_DATA, "not a regular file");
    scratch_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_wrong_contents),
        cmocka_unit_test(test_incomplete_network),
        cmocka_unit_test(test_not_a_file_of_ours),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
