/* SPDX-License-Identifier: BSD-3-Clause */
/* Result files of sweeps: what was written is there, klf_store_check says so, and it refuses a file that lacks a part, has a
 * variable of other axes, or is damaged. */
#include "store/sweep_file.h"

#include "store/checked_file.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <math.h>
#include <stdint.h>

static const double var_w[] = {0.5, 1.0, 2.0}, var_b[] = {0.0, 0.25};
static const double value[] = {1, 2, 3, 4, 5, INFINITY}, phase[] = {0, 0, 0, 1, 2, 2}, steps[] = {3, 4, 5, 6, 7, 0};
static const double line[] = {1.0, 1.5}, curve[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, NAN};

static const klf_sweep_axis axis[] = {
    {"var_w", "1", "first", 3, var_w}, {"var_b", "1", "second", 2, var_b}, {"layer", "1", "third", 2, NULL}};

static const klf_sweep_variable variable[] = {
    {.name = "q_star", .long_name = "a", .units = "1", .rank = 2, .axis = {0, 1}, .values = value},
    {.name = "xi_c", .long_name = "b", .units = "layer", .rank = 2, .axis = {0, 1}, .values = value},
    {.name = "xi_q", .long_name = "c", .units = "layer", .rank = 2, .axis = {0, 1}, .values = value},
    {.name = "phase", .long_name = "d", .flags = "ordered critical chaotic", .rank = 2, .axis = {0, 1}, .values = phase},
    {.name = "q_star_steps", .long_name = "e", .units = "1", .rank = 2, .axis = {0, 1}, .whole = true, .values = steps},
    {.name = "critical_var_w", .long_name = "f", .units = "1", .rank = 1, .axis = {1}, .values = line},
    {.name = "q", .long_name = "g", .units = "1", .rank = 3, .axis = {0, 1, 2}, .values = curve},
};

static const klf_fact fact[] = {{.name = "mean", .type = KLF_FACT_REAL, .value.real = 0.5},
                                {.name = "convention", .type = KLF_FACT_TEXT, .value.text = "theory"},
                                {.name = "ring", .type = KLF_FACT_INT, .value.i = 12}};

static void write_sweep(void)
{
    const klf_sweep_contents contents = {.schema = KLF_SCHEMA_MEANFIELD,
                                         .title = "a sweep",
                                         .group = "meanfield",
                                         .n_axes = 3,
                                         .axis = axis,
                                         .n_variables = sizeof variable / sizeof *variable,
                                         .variable = variable,
                                         .n_facts = 3,
                                         .fact = fact};
    assert_works(klf_store_write_sweep(name(), true, &contents, &sample_provenance));
}

static void what_was_written_is_there(void **state)
{
    (void)state;
    char   *summary = NULL, expected[400];
    double  real[12], mean;
    int64_t whole[6], ring;
    int8_t  flag[6];
    write_sweep();
    assert_works(klf_store_check(name(), &summary));
    snprintf(expected, sizeof expected, "%s: klflow-meanfield schema 1, var_w 3 x var_b 2 x layer 2, 7 quantities, whole",
             name());
    assert_string_equal(summary, expected);
    free(summary);
    hid_t file = H5Fopen(name(), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(H5LTread_dataset_double(file, "meanfield/xi_c", real) >= 0);
    assert_memory_equal(real, value, sizeof value);
    assert_true(H5LTread_dataset_double(file, "meanfield/critical_var_w", real) >= 0);
    assert_memory_equal(real, line, sizeof line);
    assert_true(H5LTread_dataset_double(file, "meanfield/q", real) >= 0);
    assert_true(real[10] == 11 && isnan(real[11]));
    assert_true(H5LTread_dataset(file, "meanfield/q_star_steps", H5T_NATIVE_INT64, whole) >= 0);
    assert_true(H5LTread_dataset(file, "meanfield/phase", H5T_NATIVE_INT8, flag) >= 0);
    for (size_t i = 0; i < 6; i++)
        assert_true(whole[i] == (int64_t)steps[i] && flag[i] == (int8_t)phase[i]);
    assert_true(H5LTread_dataset(file, "meanfield/layer", H5T_NATIVE_INT64, whole) >= 0 && whole[0] == 0 && whole[1] == 1);
    assert_true(H5LTget_attribute_double(file, "meanfield", "mean", &mean) >= 0 && mean == 0.5);
    assert_true(H5LTget_attribute(file, "meanfield", "ring", H5T_NATIVE_INT64, &ring) >= 0 && ring == 12);
    H5Fclose(file);
    scratch_clear();
}

static void drop_coordinate(hid_t file)
{
    H5Ldelete(file, "meanfield/var_b", H5P_DEFAULT);
}

static void drop_quantity(hid_t file)
{
    H5Ldelete(file, "meanfield/xi_c", H5P_DEFAULT);
}

static void drop_group(hid_t file)
{
    H5Ldelete(file, "meanfield", H5P_DEFAULT);
}

static void add_variable_without_axes(hid_t file)
{
    H5LTmake_dataset_double(file, "meanfield/extra", 1, (hsize_t[]){2}, line);
}

static void add_scalar(hid_t file)
{
    H5LTmake_dataset_double(file, "meanfield/extra", 0, NULL, line);
}

static void add_variable_of_other_length(hid_t file)
{
    H5LTmake_dataset_double(file, "meanfield/extra", 1, (hsize_t[]){2}, line);
    hid_t dataset = H5Dopen2(file, "meanfield/extra", H5P_DEFAULT), scale = H5Dopen2(file, "meanfield/var_w", H5P_DEFAULT);
    assert_true(H5DSattach_scale(dataset, scale, 0) >= 0);
    H5Dclose(scale);
    H5Dclose(dataset);
}

static void what_is_not_whole_is_refused(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(hid_t file);
        const char *says;
    } wrong[] = {
        {drop_coordinate, "variable /meanfield/var_b is missing"},
        {drop_quantity, "variable /meanfield/xi_c is missing"},
        {drop_group, "group /meanfield is missing"},
        {add_variable_without_axes, "axis 0 (from 0) of variable /meanfield/extra has no coordinate"},
        {add_scalar, "variable /meanfield/extra has 0 dimensions"},
        {add_variable_of_other_length, "/meanfield/extra has 2 values along axis 0 (from 0), whose coordinate has 3"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *summary;
        write_sweep();
        hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT);
        wrong[i].spoil(file);
        H5Fclose(file);
        assert_fails(klf_store_check(name(), &summary), KLF_ERR_DATA, wrong[i].says);
    }
    scratch_clear();
}

/* A bit of every fifth byte of a quantity. */
static void damaged_numbers_are_noticed(void **state)
{
    (void)state;
    write_sweep();
    FILE *in = fopen(name(), "rb");
    assert_non_null(in);
    static unsigned char bytes[1 << 20];
    size_t               size = fread(bytes, 1, sizeof bytes, in), found = 0, begin = 0;
    fclose(in);
    for (size_t i = 0; i + sizeof value <= size; i++)
        if (memcmp(bytes + i, value, sizeof value) == 0) {
            begin = i;
            found++;
        }
    assert_true(found >= 3); /* q_star, xi_c, xi_q */
    for (size_t i = 0; i < sizeof value; i += 5) {
        char *summary;
        FILE *out = fopen(name(), "wb");
        bytes[begin + i] ^= 0x10;
        assert_int_equal(fwrite(bytes, 1, size, out), size);
        bytes[begin + i] ^= 0x10;
        fclose(out);
        assert_int_equal(klf_store_check(name(), &summary), KLF_ERR_DATA);
    }
    scratch_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_there),
        cmocka_unit_test(what_is_not_whole_is_refused),
        cmocka_unit_test(damaged_numbers_are_noticed),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
