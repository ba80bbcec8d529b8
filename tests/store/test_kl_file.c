/* SPDX-License-Identifier: BSD-3-Clause */
/* The result file of `klflow kl`, read back through the HDF5 library: every value in its place, layout, attributes. */
#include "store/hdf5_file.h"
#include "store/kl_sample.h"
#include "store/kl_schema.h"
#include "store/scratch.h"

#include <hdf5_hl.h>

#include <math.h>
#include <stdint.h>

enum { N_POINTS = SAMPLE_MAX_VAR_W * SAMPLE_DEPTH * SAMPLE_SEED * SAMPLE_INPUT };

static klf_kl_sweep sweep;
static hid_t        file, group;

static void open_sample(size_t n_var_w, size_t wide, bool moments)
{
    const char *path = scratch_path("a.h5");
    sample_create(n_var_w, wide, moments, &sweep);
    assert_works(klf_store_write_kl(path, true, &sweep, &sample_provenance));
    assert_true((file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT)) >= 0);
    assert_true((group = H5Gopen2(file, "kl", H5P_DEFAULT)) >= 0);
}

static void close_sample(void)
{
    H5Gclose(group);
    H5Fclose(file);
    sample_free(&sweep);
    assert_int_equal(scratch_clear(), 1);
}

/* Reads all of a variable, whose number of values the test knows. */
static void read_all(const char *name, hid_t type, size_t n, void *values)
{
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    if (dataset < 0 || H5Sget_simple_extent_npoints(space) != (hssize_t)n)
        fail_msg("%s: %lld values, expected %zu", name, (long long)H5Sget_simple_extent_npoints(space), n);
    assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
}

static void assert_same(const char *name, size_t point, size_t layer, double value, double expected)
{
    if (!(value == expected || (isnan(value) && isnan(expected))))
        fail_msg("%s of point %zu, layer %zu: %.17g, expected %.17g", name, point, layer, value, expected);
}

static void check_layer_values(const char *name, int field, double more, size_t images)
{
    double values[N_POINTS][SAMPLE_LAYERS];
    read_all(name, H5T_NATIVE_DOUBLE, N_POINTS * SAMPLE_LAYERS, values);
    for (size_t p = 0; p < N_POINTS; p++)
        for (size_t l = 0; l < SAMPLE_LAYERS; l++) {
            const bool there = l < sweep.point[p].n_layers && sweep.point[p].n_images >= images;
            const bool degenerate = field == KLF_KL_KL && more == 0 && p == 0 && l + 1 == sweep.point[p].n_layers;
            assert_same(name, p, l, values[p][l], there && !degenerate ? sample_value(field, p, l) + more : NAN);
        }
}

static void test_values(void **state)
{
    (void)state;
    open_sample(SAMPLE_MAX_VAR_W, 8, false);
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        char name[64];
        check_layer_values(klf_kl_field_table[f].name, f, 0, 0);
        snprintf(name, sizeof name, "%s_ensemble_std", klf_kl_field_table[f].name);
        assert_int_equal(H5Lexists(group, name, H5P_DEFAULT), klf_kl_field_table[f].scatter);
        if (klf_kl_field_table[f].scatter)
            check_layer_values(name, f, 0.5, 0);
        snprintf(name, sizeof name, "%s_input_std", klf_kl_field_table[f].name);
        assert_int_equal(H5Lexists(group, name, H5P_DEFAULT), klf_kl_field_table[f].scatter);
        if (klf_kl_field_table[f].scatter)
            check_layer_values(name, f, 0.25, 2);
    }
    close_sample();
}

static void test_flags_and_widths(void **state)
{
    (void)state;
    int64_t width[N_POINTS][SAMPLE_LAYERS];
    int8_t  layer_status[N_POINTS][SAMPLE_LAYERS], changed[N_POINTS][SAMPLE_LAYERS], status[N_POINTS];
    open_sample(SAMPLE_MAX_VAR_W, 8, false);
    read_all("width", H5T_NATIVE_INT64, N_POINTS * SAMPLE_LAYERS, width);
    read_all("layer_status", H5T_NATIVE_INT8, N_POINTS * SAMPLE_LAYERS, layer_status);
    read_all("width_changed", H5T_NATIVE_INT8, N_POINTS * SAMPLE_LAYERS, changed);
    read_all("status", H5T_NATIVE_INT8, N_POINTS, status);
    static const int64_t deep[SAMPLE_LAYERS] = {8, 8, 8, 5, 3}, shallow[SAMPLE_LAYERS] = {8, 5, 3, -1, -1};
    for (size_t p = 0; p < N_POINTS; p++) {
        assert_int_equal(status[p], p == 0);
        const bool is_deep = sweep.point[p].depth == 6;
        for (size_t l = 0; l < SAMPLE_LAYERS; l++) {
            const int64_t expected = is_deep ? deep[l] : shallow[l];
            assert_int_equal(width[p][l], expected);
            assert_int_equal(changed[p][l], expected == 5 || expected == 3);
            assert_int_equal(layer_status[p][l], expected < 0 ? KLF_LAYER_ABSENT : p == 0 && l == 2 ? 1 : 0);
        }
    }
    close_sample();
}

static void test_coordinates_and_point_facts(void **state)
{
    (void)state;
    double   var_w[SAMPLE_MAX_VAR_W], var_b, q0[N_POINTS], wall_s[N_POINTS], entropy[N_POINTS];
    int64_t  depth[SAMPLE_DEPTH], layer[SAMPLE_LAYERS], n_samples[N_POINTS], reference_layer;
    uint64_t seed[SAMPLE_SEED], sample_seed[N_POINTS], ensemble[N_POINTS], n_images[N_POINTS], chunk[N_POINTS];
    open_sample(SAMPLE_MAX_VAR_W, 8, false);
    read_all("var_w", H5T_NATIVE_DOUBLE, SAMPLE_MAX_VAR_W, var_w);
    read_all("var_b", H5T_NATIVE_DOUBLE, 1, &var_b);
    read_all("depth", H5T_NATIVE_INT64, SAMPLE_DEPTH, depth);
    read_all("seed", H5T_NATIVE_UINT64, SAMPLE_SEED, seed);
    read_all("layer", H5T_NATIVE_INT64, SAMPLE_LAYERS, layer);
    assert_memory_equal(var_w, ((double[]){1.5, 2.0, 2.5}), sizeof var_w);
    assert_true(var_b == 0.05);
    assert_memory_equal(depth, ((int64_t[]){4, 6}), sizeof depth);
    assert_memory_equal(seed, ((uint64_t[]){1, UINT64_MAX}), sizeof seed);
    assert_memory_equal(layer, ((int64_t[]){1, 2, 3, 4, 5}), sizeof layer);
    assert_true(H5LTget_attribute(group, ".", "reference_layer", H5T_NATIVE_INT64, &reference_layer) >= 0);
    assert_int_equal(reference_layer, SAMPLE_REFERENCE);

    read_all("n_samples", H5T_NATIVE_INT64, N_POINTS, n_samples);
    read_all("sample_seed", H5T_NATIVE_UINT64, N_POINTS, sample_seed);
    read_all("ensemble", H5T_NATIVE_UINT64, N_POINTS, ensemble);
    read_all("n_images", H5T_NATIVE_UINT64, N_POINTS, n_images);
    read_all("chunk", H5T_NATIVE_UINT64, N_POINTS, chunk);
    read_all("q0", H5T_NATIVE_DOUBLE, N_POINTS, q0);
    read_all("wall_s", H5T_NATIVE_DOUBLE, N_POINTS, wall_s);
    read_all("entropy_reference", H5T_NATIVE_DOUBLE, N_POINTS, entropy);
    for (size_t p = 0; p < N_POINTS; p++) {
        assert_int_equal(n_samples[p], 1000000000 + p);
        assert_true(sample_seed[p] == UINT64_MAX - p);
        assert_int_equal(ensemble[p], 2);
        assert_int_equal(n_images[p], p % 2 + 1);
        assert_int_equal(chunk[p], 100 + p);
        assert_same("q0", p, 0, q0[p], p % 2 ? NAN : 0.2);
        assert_same("wall_s", p, 0, wall_s[p], (double)p);
        assert_same("entropy_reference", p, 0, entropy[p], 0.5 * (double)p);
    }
    close_sample();
}

static const double *moment_of(const double *all, size_t point, size_t layer, size_t width, size_t columns)
{
    return all + (point * SAMPLE_LAYERS + layer) * width * columns;
}

/* wide = 130: f_jk is chunked and compressed, and its chunks do not fit its rows evenly. */
static void test_moments(void **state)
{
    (void)state;
    enum { WIDE = 130, POINTS = SAMPLE_DEPTH * SAMPLE_SEED * SAMPLE_INPUT };
    const size_t n_j = (size_t)POINTS * SAMPLE_LAYERS * WIDE, n_jk = n_j * WIDE;
    double      *f_j = malloc(n_j * sizeof *f_j), *f_jk = malloc(n_jk * sizeof *f_jk);
    open_sample(1, WIDE, true);
    read_all("f_j", H5T_NATIVE_DOUBLE, n_j, f_j);
    read_all("f_jk", H5T_NATIVE_DOUBLE, n_jk, f_jk);
    for (size_t p = 0; p < POINTS; p++)
        for (size_t l = 0; l < SAMPLE_LAYERS; l++) {
            const size_t  n_layers = sweep.point[p].n_layers, width = l < n_layers ? sweep.point[p].width[l] : 0;
            const double *one = moment_of(f_j, p, l, WIDE, 1), *two = moment_of(f_jk, p, l, WIDE, WIDE);
            for (size_t j = 0; j < WIDE; j++) {
                assert_same("f_j", p, l, one[j], j < width ? sample_f_j(p, l, j) : NAN);
                for (size_t k = 0; k < WIDE; k++) {
                    const bool there = j < width && k < width && l + 1 < n_layers;
                    assert_same("f_jk", p, l, two[j * WIDE + k], there ? sample_f_jk(p, l, j, k) : NAN);
                }
            }
        }
    close_sample();
    free(f_j);
    free(f_jk);
}

static hid_t creation_of(const char *name)
{
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), create = H5Dget_create_plist(dataset);
    H5Dclose(dataset);
    return create;
}

static void assert_filters(hid_t create, int n, const H5Z_filter_t *filters)
{
    unsigned flags;
    assert_int_equal(H5Pget_layout(create), H5D_CHUNKED);
    assert_int_equal(H5Pget_nfilters(create), n);
    for (int i = 0; i < n; i++)
        assert_int_equal(H5Pget_filter2(create, (unsigned)i, &flags, (size_t[]){0}, NULL, 0, NULL, NULL), filters[i]);
}

static void test_layout(void **state)
{
    (void)state;
    hsize_t chunk[KLF_KL_MOMENT_RANK], bytes = sizeof(double);
    open_sample(1, 130, true);
    hid_t kl = creation_of("kl"), f_jk = creation_of("f_jk");
    assert_filters(kl, 1, (H5Z_filter_t[]){H5Z_FILTER_FLETCHER32});
    assert_filters(f_jk, 3, (H5Z_filter_t[]){H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32});
    assert_int_equal(H5Pget_chunk(kl, KLF_KL_MOMENT_RANK, chunk), KLF_KL_LAYER_RANK);
    assert_memory_equal(chunk, ((hsize_t[]){1, 1, 2, 2, 2, 5}), KLF_KL_LAYER_RANK * sizeof *chunk);
    assert_int_equal(H5Pget_chunk(f_jk, KLF_KL_MOMENT_RANK, chunk), KLF_KL_MOMENT_RANK);
    for (size_t i = 0; i < KLF_KL_MOMENT_RANK; i++)
        bytes *= chunk[i];
    assert_in_range(bytes, 64 * 1024, KLF_H5_BLOCK_BYTES);
    H5Pclose(kl);
    H5Pclose(f_jk);
    close_sample();
}

/* The text of an attribute, which is of the kind that every reader takes for a string. */
static void assert_text(hid_t object, const char *name, const char *expected)
{
    char *text = NULL;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    assert_true(attribute >= 0 && H5Tis_variable_str(type) > 0);
    assert_int_equal(H5Tget_cset(type), H5T_CSET_UTF8);
    assert_true(H5Aread(attribute, type, &text) >= 0);
    assert_string_equal(text, expected);
    H5free_memory(text);
    H5Tclose(type);
    H5Aclose(attribute);
}

static void test_attributes(void **state)
{
    (void)state;
    int64_t version, threads;
    open_sample(1, 8, false);
    assert_text(file, "Conventions", "CF-1.11 klflow-1");
    assert_text(file, "schema", "klflow-kl");
    assert_true(H5LTget_attribute(file, "/", "schema_version", H5T_NATIVE_INT64, &version) >= 0);
    assert_int_equal(version, 1);
    hid_t provenance = H5Gopen2(file, "provenance", H5P_DEFAULT), kl = H5Dopen2(group, "kl", H5P_DEFAULT);
    assert_text(provenance, "command", "klflow kl --var-w 1.5 2 2.5");
    assert_text(provenance, "hostname", "");
    assert_true(H5LTget_attribute(file, "provenance", "threads", H5T_NATIVE_INT64, &threads) >= 0);
    assert_int_equal(threads, 2);
    assert_text(kl, "units", "nat");
    assert_text(kl, "ancillary_variables", "kl_stderr layer_status status");
    assert_text(kl, "note", klf_kl_width_note);
    H5Dclose(kl);
    H5Gclose(provenance);
    close_sample();
}

/* Every axis of every variable knows its dimension, which is what netCDF readers live by. */
static void test_dimension_scales(void **state)
{
    (void)state;
    H5G_info_t info;
    open_sample(1, 8, true);
    assert_true(H5Gget_info(group, &info) >= 0);
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[64];
        H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
        hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), space = H5Dget_space(dataset);
        if (!H5DSis_scale(dataset))
            for (int axis = 0; axis < H5Sget_simple_extent_ndims(space); axis++) {
                hid_t scale = H5Dopen2(group, klf_kl_axis[axis], H5P_DEFAULT);
                if (H5DSis_attached(dataset, scale, (unsigned)axis) <= 0)
                    fail_msg("axis %d of %s is not attached to %s", axis, name, klf_kl_axis[axis]);
                H5Dclose(scale);
            }
        H5Sclose(space);
        H5Dclose(dataset);
    }
    close_sample();
}

/* No note where no width changes, no scatter where there is none, no moments where none are kept. */
static void test_what_is_not_there(void **state)
{
    (void)state;
    klf_kl_point      point;
    const uint64_t    depth = 2, seed = 1;
    const double      one = 1.0;
    const char *const input = "q0=1";
    assert_works(klf_kl_point_create(2, 1, 1, &point));
    point.width[0] = point.width[1] = 4;
    sweep = (klf_kl_sweep){.n_var_w = 1,
                           .n_var_b = 1,
                           .n_depth = 1,
                           .n_seed = 1,
                           .n_input = 1,
                           .var_w = &one,
                           .var_b = &one,
                           .depth = &depth,
                           .seed = &seed,
                           .input = &input,
                           .n_points = 1,
                           .point = &point};
    assert_works(klf_store_write_kl(scratch_path("a.h5"), false, &sweep, &sample_provenance));
    assert_true((file = H5Fopen(scratch_path("a.h5"), H5F_ACC_RDONLY, H5P_DEFAULT)) >= 0);
    assert_int_equal(H5Aexists_by_name(file, "kl/kl", "note", H5P_DEFAULT), 0);
    assert_int_equal(H5Aexists_by_name(file, "kl/kl", "units", H5P_DEFAULT), 1);
    static const char *const absent[] = {"kl/kl_ensemble_std", "kl/kl_input_std", "kl/f_j", "kl/f_jk", "kl/neuron_j"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(H5Lexists(file, absent[i], H5P_DEFAULT), 0);
    H5Fclose(file);
    klf_kl_point_free(&point);
    assert_int_equal(scratch_clear(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_flags_and_widths),
        cmocka_unit_test(test_coordinates_and_point_facts),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_dimension_scales),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
