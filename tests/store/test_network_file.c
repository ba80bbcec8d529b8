/* SPDX-License-Identifier: BSD-3-Clause */
/* Network files: what is written is what is read, files of other programs are read, and what is wrong with one is said. */
#include "store/kl_sample.h"
#include "store/scratch.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <math.h>
#include <stdint.h>

static void test_round_trip(void **state)
{
    (void)state;
    const char  *path = scratch_path("net.h5");
    const size_t widths[] = {130, 90, 7, 1}; /* W1 is large enough for compression */
    klf_network *net = NULL, *read = NULL;
    assert_works(klf_network_draw(100, 4, widths, 1.5, 0.05, UINT64_MAX, &net));
    assert_works(klf_network_round(net, KLF_FORMAT_BF16));
    assert_works(klf_store_write_network(path, false, net, &sample_provenance));
    assert_works(klf_store_read_network(path, &read));
    assert_int_equal(read->depth, 4);
    assert_int_equal(read->input_width, 100);
    for (size_t l = 0; l < 4; l++) {
        assert_int_equal(read->layer[l].width, widths[l]);
        assert_int_equal(read->layer[l].fan_in, l ? widths[l - 1] : 100);
        assert_memory_equal(read->layer[l].weight, net->layer[l].weight, widths[l] * net->layer[l].fan_in * sizeof(double));
        assert_memory_equal(read->layer[l].bias, net->layer[l].bias, widths[l] * sizeof(double));
    }
    assert_true(read->random && read->var_w == 1.5 && read->var_b == 0.05 && read->seed == UINT64_MAX);
    assert_int_equal(read->weight_format, KLF_FORMAT_BF16);
    assert_fails(klf_store_write_network(path, false, net, &sample_provenance), KLF_ERR_CREATE, "exists");
    klf_network_destroy(read);
    klf_network_destroy(net);
    assert_int_equal(scratch_clear(), 1);
}

/* ---- files of other programs ---- */

static const float  numbers[] = {0.5F, -1.0F, 0.25F, 2.0F, 4.0F, -0.125F, 8.0F, 1.0F};
static const double reals[] = {0.5, -1.0, 0.25, 2.0, 4.0, -0.125, 8.0, 1.0};

static hid_t new_file(void)
{
    return H5Fcreate(scratch_path("net.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

static void put(hid_t file, const char *name, int rank, hsize_t rows, hsize_t columns)
{
    assert_true(H5LTmake_dataset_float(file, name, rank, (hsize_t[]){rows, columns}, numbers) >= 0);
}

/* A network 3 -> 2 -> 1 as the authors' notebooks write it: single precision, facts as scalar datasets. */
static hid_t notebook_file(void)
{
    hid_t         file = new_file();
    const double  var_w = 1.5, var_b = 0.05;
    const int64_t depth = 2;
    put(file, "W0", 2, 2, 3);
    put(file, "B0", 1, 2, 0);
    put(file, "W1", 2, 1, 2);
    put(file, "B1", 1, 1, 0);
    assert_true(H5LTmake_dataset(file, "var_weight", 0, NULL, H5T_NATIVE_DOUBLE, &var_w) >= 0);
    assert_true(H5LTmake_dataset(file, "var_bias", 0, NULL, H5T_NATIVE_DOUBLE, &var_b) >= 0);
    assert_true(H5LTmake_dataset(file, "depth", 0, NULL, H5T_NATIVE_INT64, &depth) >= 0);
    return file;
}

static void test_notebook_file(void **state)
{
    (void)state;
    klf_network *net = NULL;
    H5Fclose(notebook_file());
    assert_works(klf_store_read_network(scratch_path("net.h5"), &net));
    assert_int_equal(net->depth, 2);
    assert_memory_equal(net->layer[0].weight, reals, 6 * sizeof(double));
    assert_memory_equal(net->layer[1].weight, reals, 2 * sizeof(double));
    assert_memory_equal(net->layer[0].bias, reals, 2 * sizeof(double));
    assert_true(net->var_w == 1.5 && net->var_b == 0.05 && !net->random && net->seed == 0);
    assert_int_equal(net->weight_format, KLF_FORMAT_FP64);
    klf_network_destroy(net);
    scratch_clear();
}

static void test_bare_file(void **state)
{
    (void)state;
    klf_network *net = NULL;
    hid_t        file = new_file();
    assert_true(H5LTmake_dataset_double(file, "W0", 2, (hsize_t[]){2, 3}, reals) >= 0);
    assert_true(H5LTmake_dataset_double(file, "B0", 1, (hsize_t[]){2}, reals) >= 0);
    put(file, "Wout", 1, 2, 0); /* none of our business */
    H5Fclose(file);
    assert_works(klf_store_read_network(scratch_path("net.h5"), &net));
    assert_int_equal(net->depth, 1);
    assert_int_equal(net->input_width, 3);
    assert_true(isnan(net->var_w) && isnan(net->var_b) && !net->random);
    klf_network_destroy(net);
    scratch_clear();
}

/* ---- what can be wrong ---- */

static void put_instead(hid_t file, const char *name, int rank, hsize_t rows, hsize_t columns)
{
    H5Ldelete(file, name, H5P_DEFAULT);
    put(file, name, rank, rows, columns);
}

static void no_layers(hid_t file)
{
    H5Ldelete(file, "W0", H5P_DEFAULT);
    H5Ldelete(file, "W1", H5P_DEFAULT);
}

static void missing_bias(hid_t file)
{
    H5Ldelete(file, "B1", H5P_DEFAULT);
}

static void gap(hid_t file)
{
    put(file, "W3", 2, 1, 1);
}

static void broken_chain(hid_t file)
{
    put_instead(file, "W1", 2, 1, 3);
}

static void wrong_bias(hid_t file)
{
    put_instead(file, "B0", 1, 3, 0);
}

static void flat_weights(hid_t file)
{
    put_instead(file, "W0", 1, 6, 0);
}

static void empty_weights(hid_t file)
{
    put_instead(file, "W0", 2, 2, 0);
}

static void integer_weights(hid_t file)
{
    H5Ldelete(file, "W0", H5P_DEFAULT);
    H5LTmake_dataset_int(file, "W0", 2, (hsize_t[]){2, 3}, (int[]){1, 2, 3, 4, 5, 6});
}

static void group_for_weights(hid_t file)
{
    H5Ldelete(file, "W0", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "W0", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void nan_weight(hid_t file)
{
    H5Ldelete(file, "W0", H5P_DEFAULT);
    H5LTmake_dataset_float(file, "W0", 2, (hsize_t[]){2, 3}, (float[]){1, 2, 3, 4, NAN, 6});
}

static void infinite_bias(hid_t file)
{
    H5Ldelete(file, "B0", H5P_DEFAULT);
    H5LTmake_dataset_float(file, "B0", 1, (hsize_t[]){2}, (float[]){1, INFINITY});
}

static void other_depth(hid_t file)
{
    H5LTset_attribute_int(file, ".", "depth", (int[]){3}, 1);
}

static void text_variance(hid_t file)
{
    H5LTset_attribute_string(file, ".", "var_w", "large");
}

static void two_seeds(hid_t file)
{
    H5LTset_attribute_int(file, ".", "seed", (int[]){3, 4}, 2);
}

static void unknown_format(hid_t file)
{
    const char *text = "int8";
    hid_t       type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE); /* as klflow writes texts */
    hid_t attribute = H5Acreate2(file, "weight_format", type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, &text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(hid_t file);
        const char *says;
    } wrong[] = {
        {no_layers, "no datasets W0"},
        {missing_bias, "dataset B1 is missing"},
        {gap, "dataset W2 is missing"},
        {broken_chain, "W1 is 1 x 3, but W0 has 2 rows"},
        {wrong_bias, "B0 has 3 values, but W0 is 2 x 3"},
        {flat_weights, "W0 has 1 dimensions, not 2"},
        {empty_weights, "W0 is empty"},
        {integer_weights, "W0 does not hold floating-point numbers"},
        {group_for_weights, "W0 is not a dataset"},
        {nan_weight, "W0 is nan in row 1, column 1"},
        {infinite_bias, "B0 is inf in row 1"},
        {other_depth, "depth says 3 layers"},
        {text_variance, "var_w is not a single number"},
        {two_seeds, "seed is not a single number"},
        {unknown_format, "weight_format is 'int8'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        klf_network not_null, *net = &not_null;
        hid_t       file = notebook_file();
        wrong[i].spoil(file);
        H5Fclose(file);
        assert_fails(klf_store_read_network(scratch_path("net.h5"), &net), KLF_ERR_DATA, wrong[i].says);
        assert_null(net);
    }
    scratch_clear();
}

static void test_no_such_file(void **state)
{
    (void)state;
    klf_network *net = NULL;
    assert_fails(klf_store_read_network(scratch_path("missing.h5"), &net), KLF_ERR_NOINPUT, "No such file");
    scratch_write(scratch_path("text"), "not HDF5");
    assert_fails(klf_store_read_network(scratch_path("text"), &net), KLF_ERR_DATA, "not an HDF5 file");
    scratch_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_notebook_file), cmocka_unit_test(test_bare_file),
        cmocka_unit_test(test_what_is_wrong), cmocka_unit_test(test_no_such_file),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
