/* SPDX-License-Identifier: BSD-3-Clause */
/* What klf_store_write_kl wrote is what klf_store_read_kl reads: every field, fact, axis, moment and reference. And files that
 * are not ours, not whole, or not there are refused with a sentence. */
#include "store/hdf5_file.h"
#include "store/identity.h"
#include "store/kl_sample.h"
#include "store/scratch.h"

#include <math.h>
#include <stdint.h>

static const klf_fact facts[] = {
    {"version", KLF_FACT_TEXT, {.text = "0.1.0"}},       {"backend", KLF_FACT_TEXT, {.text = "cpu"}},
    {"precision", KLF_FACT_TEXT, {.text = "fp32"}},      {"weight_format", KLF_FACT_TEXT, {.text = "fp16"}},
    {"compare_backend", KLF_FACT_TEXT, {.text = "ref"}}, {"compare_precision", KLF_FACT_TEXT, {.text = "fp64"}}};
static const klf_provenance provenance = {.config_text = "kl:\n  input: \"\xc3\xbc\"\n", .n_facts = 6, .fact = facts};

static const char *name(void)
{
    return scratch_path("a.h5");
}

static void assert_same(const char *what, size_t point, size_t layer, double value, double expected)
{
    if (!(value == expected || (isnan(value) && isnan(expected))))
        fail_msg("%s of point %zu, layer %zu: %.17g, expected %.17g", what, point, layer, value, expected);
}

static void compare_array(const char *what, size_t p, size_t n, const double *read, const double *written)
{
    if ((read != NULL) != (written != NULL))
        fail_msg("%s of point %zu: there is %s", what, p, read ? "one" : "none");
    for (size_t i = 0; written && i < n; i++)
        assert_same(what, p, i, read[i], written[i]);
}

static void compare_moments(const char *what, const klf_kl_point *point, bool square, double **read, double **written)
{
    assert_int_equal(read != NULL, written != NULL);
    for (size_t i = 0; written && i < point->n_layers; i++)
        compare_array(what, i, square ? point->width[i] * point->width[i] : point->width[i], read[i], written[i]);
}

static void compare_points(size_t p, const klf_kl_point *read, const klf_kl_point *written)
{
    const size_t n = written->n_layers;
    assert_int_equal(read->n_layers, n);
    assert_int_equal(read->depth, written->depth);
    assert_int_equal(read->reference_layer, written->reference_layer);
    assert_int_equal(read->sample_seed, written->sample_seed);
    assert_int_equal(read->n_mc, written->n_mc);
    assert_int_equal(read->ensemble, written->ensemble);
    assert_int_equal(read->n_images, written->n_images);
    assert_int_equal(read->chunk, written->chunk);
    assert_same("q0", p, 0, read->q0, written->q0);
    assert_same("entropy_reference", p, 0, read->entropy_reference, written->entropy_reference);
    assert_same("wall_s", p, 0, read->wall_s, written->wall_s);
    assert_memory_equal(read->width, written->width, n * sizeof *read->width);
    assert_memory_equal(read->layer_status, written->layer_status, n * sizeof *read->layer_status);
    assert_memory_equal(read->width_changed, written->width_changed, n * sizeof *read->width_changed);
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        compare_array(klf_kl_field_table[f].name, p, n, read->value[f], written->value[f]);
        compare_array(klf_kl_field_table[f].name, p, n, read->ensemble_std[f], written->ensemble_std[f]);
        compare_array(klf_kl_field_table[f].name, p, n, read->input_std[f], written->input_std[f]);
    }
    compare_moments("f_j", written, false, read->f_j, written->f_j);
    compare_moments("f_jk", written, true, read->f_jk, written->f_jk);
    assert_int_equal(read->reference != NULL, written->reference != NULL);
    if (written->reference)
        compare_points(p, read->reference, written->reference);
}

/* The reference of every point is the point of another sweep, whose numbers differ. */
static void add_references(klf_kl_sweep *sweep, bool moments)
{
    klf_kl_sweep other;
    sample_create(SAMPLE_MAX_VAR_W, 8, moments, &other);
    for (size_t p = 0; p < sweep->n_points; p++) {
        klf_kl_point *reference = sweep->point[p].reference = malloc(sizeof *reference);
        assert_non_null(reference);
        *reference = other.point[p];
        other.point[p] = (klf_kl_point){0};
        for (int f = 0; f < KLF_KL_N_FIELDS; f++)
            for (size_t i = 0; i < reference->n_layers; i++)
                reference->value[f][i] += 0.0625;
    }
    sample_free(&other);
}

static void round_trip(size_t n_var_w, bool moments, bool references)
{
    klf_kl_sweep sweep;
    klf_kl_file *file;
    char        *summary = NULL;
    sample_create(n_var_w, 8, moments, &sweep);
    if (references)
        add_references(&sweep, moments);
    assert_works(klf_store_write_kl(name(), true, &sweep, &provenance));
    assert_works(klf_store_check(name(), &summary));
    assert_int_equal(strstr(summary, "with references") != NULL, references);
    free(summary);
    assert_works(klf_store_read_kl(name(), &file));

    const klf_kl_sweep *read = &file->sweep;
    assert_string_equal(file->config_text, provenance.config_text);
    assert_string_equal(file->version, "0.1.0");
    assert_string_equal(file->backend, "cpu");
    assert_string_equal(file->precision, "fp32");
    assert_string_equal(file->weight_format, "fp16");
    assert_string_equal(file->reference_backend, "ref");
    assert_string_equal(file->reference_precision, "fp64");
    assert_true(read->n_var_w == n_var_w && read->n_var_b == 1 && read->n_depth == SAMPLE_DEPTH);
    assert_true(read->n_seed == SAMPLE_SEED && read->n_input == SAMPLE_INPUT && read->n_points == sweep.n_points);
    assert_int_equal(read->reference_layer, SAMPLE_REFERENCE);
    assert_memory_equal(read->var_w, sweep.var_w, n_var_w * sizeof(double));
    assert_memory_equal(read->var_b, sweep.var_b, sizeof(double));
    assert_memory_equal(read->depth, sweep.depth, SAMPLE_DEPTH * sizeof(uint64_t));
    assert_memory_equal(read->seed, sweep.seed, SAMPLE_SEED * sizeof(uint64_t));
    for (size_t i = 0; i < SAMPLE_INPUT; i++)
        assert_string_equal(read->input[i], sweep.input[i]);
    for (size_t p = 0; p < sweep.n_points; p++) {
        compare_points(p, &read->point[p], &sweep.point[p]);
        assert_true(read->point[p].seed == sweep.seed[p / SAMPLE_INPUT % SAMPLE_SEED]);
        assert_true(read->point[p].var_w == sweep.var_w[p / (SAMPLE_INPUT * SAMPLE_SEED * SAMPLE_DEPTH)]);
        assert_true(read->point[p].var_b == sweep.var_b[0]);
        assert_string_equal(read->point[p].input, sweep.input[p % SAMPLE_INPUT]);
    }
    klf_store_free_kl(file);
    sample_free(&sweep);
    assert_int_equal(scratch_clear(), 1);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (int moments = 0; moments < 2; moments++)
        for (int references = 0; references < 2; references++)
            round_trip(SAMPLE_MAX_VAR_W, moments, references);
}

static void assert_refused(klf_status expected, const char *words)
{
    klf_kl_file     *file = (klf_kl_file *)&file;
    const klf_status st = klf_store_read_kl(name(), &file);
    if (st != expected || !strstr(klf_last_error(), words))
        fail_msg("status %d, %s; expected status %d and '%s'", (int)st, klf_last_error(), (int)expected, words);
    assert_null(file);
}

static void write_sample(bool references)
{
    klf_kl_sweep sweep;
    sample_create(SAMPLE_MAX_VAR_W, 8, true, &sweep);
    if (references)
        add_references(&sweep, true);
    assert_works(klf_store_write_kl(name(), true, &sweep, &provenance));
    sample_free(&sweep);
}

static void test_other_files(void **state)
{
    (void)state;
    assert_refused(KLF_ERR_NOINPUT, "cannot be opened");
    scratch_write(name(), "no HDF5\n");
    assert_refused(KLF_ERR_DATA, "is not an HDF5 file");
    H5Fclose(H5Fcreate(name(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    assert_refused(KLF_ERR_DATA, "not a file of klflow");
    klf_network *net = NULL;
    assert_works(klf_network_draw(6, 3, (size_t[]){5, 4, 2}, 1.5, 0.05, 7, &net));
    assert_works(klf_store_write_network(name(), true, net, &provenance));
    klf_network_destroy(net);
    assert_refused(KLF_ERR_DATA, "its schema is 'klflow-network'");
    assert_int_equal(scratch_clear(), 1);
}

/* Each object that the reader needs, unlinked in turn. */
static void test_missing_objects(void **state)
{
    (void)state;
    static const char *const object[] = {"kl",
                                         "provenance",
                                         "provenance/config_text",
                                         "kl/var_w",
                                         "kl/input",
                                         "kl/layer",
                                         "kl/n_samples",
                                         "kl/ensemble",
                                         "kl/width",
                                         "kl/layer_status",
                                         "kl/kl",
                                         "kl/Q_gram",
                                         "kl/kl_ensemble_std",
                                         "kl/kl_input_std",
                                         "kl_ref/kl",
                                         "kl_ref/n_images"};
    for (size_t k = 0; k < sizeof object / sizeof *object; k++) {
        const char *words = strrchr(object[k], '/');
        write_sample(true);
        hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(H5Ldelete(file, object[k], H5P_DEFAULT) >= 0);
        H5Fclose(file);
        assert_refused(KLF_ERR_DATA, words ? words : object[k]);
        assert_non_null(strstr(klf_last_error(), "missing"));
    }
    assert_int_equal(scratch_clear(), 1);
}

/* A variable of another shape is refused before anything is read into memory of the size expected. */
static void test_other_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int         rank;
    } variable[] = {{"n_images", 5}, {"width", 6}, {"kl", 6}, {"kl_ensemble_std", 6}, {"f_j", 7}, {"f_jk", 8}};
    for (size_t k = 0; k < sizeof variable / sizeof *variable; k++)
        for (int rank = variable[k].rank - 1; rank <= variable[k].rank; rank++) {
            const hsize_t one[8] = {1, 1, 1, 1, 1, 1, 1, 1};
            write_sample(false);
            hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT), group = H5Gopen2(file, "kl", H5P_DEFAULT);
            hid_t space = H5Screate_simple(rank, one, NULL);
            assert_true(H5Ldelete(group, variable[k].name, H5P_DEFAULT) >= 0);
            hid_t dataset = H5Dcreate2(group, variable[k].name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT,
                                       H5P_DEFAULT);
            assert_true(dataset >= 0);
            H5Dclose(dataset);
            H5Sclose(space);
            H5Gclose(group);
            H5Fclose(file);
            assert_refused(KLF_ERR_DATA, variable[k].name);
        }
    assert_int_equal(scratch_clear(), 1);
}

static void overwrite(const char *path, hid_t type, hsize_t n, const void *values)
{
    hid_t file = H5Fopen(name(), H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, path, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &n, NULL);
    assert_int_equal(H5Sget_simple_extent_npoints(space), n);
    assert_true(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void test_impossible_numbers(void **state)
{
    (void)state;
    static int64_t width[SAMPLE_MAX_VAR_W * SAMPLE_DEPTH * SAMPLE_SEED * SAMPLE_INPUT * SAMPLE_LAYERS];
    write_sample(false);
    overwrite("kl/depth", H5T_NATIVE_INT64, 2, (int64_t[]){4, 7});
    assert_refused(KLF_ERR_DATA, "7 layers does not fit 5 layers from layer 1 on");
    overwrite("kl/depth", H5T_NATIVE_INT64, 2, (int64_t[]){1, 6});
    assert_refused(KLF_ERR_DATA, "1 layers does not fit");
    overwrite("kl/depth", H5T_NATIVE_INT64, 2, (int64_t[]){-4, 6});
    assert_refused(KLF_ERR_DATA, "layers does not fit");
    overwrite("kl/depth", H5T_NATIVE_INT64, 2, (int64_t[]){4, 6});
    overwrite("kl/width", H5T_NATIVE_INT64, sizeof width / sizeof *width, width);
    assert_refused(KLF_ERR_DATA, "has 0 neurons");
    for (size_t i = 0; i < sizeof width / sizeof *width; i++)
        width[i] = 9;
    overwrite("kl/width", H5T_NATIVE_INT64, sizeof width / sizeof *width, width);
    assert_refused(KLF_ERR_DATA, "no room for the 9 neurons");
    assert_int_equal(scratch_clear(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_other_files),        cmocka_unit_test(test_missing_objects),
        cmocka_unit_test(test_other_shapes), cmocka_unit_test(test_impossible_numbers),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
