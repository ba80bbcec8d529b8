/* SPDX-License-Identifier: BSD-3-Clause */
/* A checkpoint comes back as it was written: results with all that they may have, sums with and without second moments, numbers
 * of every kind of bits, and none at all. A file that lacks something is refused. */
#include "store/checkpoint.h"
#include "store/hdf5_file.h"
#include "store/scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_LAYERS = 3 };
static const size_t widths[N_LAYERS] = {70, 300, 5}; /* 300 x 300 moments do not fit one block of the file */

static const klf_fact       fact = {.name = "command", .type = KLF_FACT_TEXT, .value.text = "test"};
static const klf_provenance provenance = {.config_text = "kl:\n", .n_facts = 1, .fact = &fact};

/* Any bits but those of a signalling NaN, which processors change. */
static double next_number(void)
{
    static uint64_t state = 7;
    static int      count;
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    count++;
    return count % 50 == 0 ? NAN : count % 51 == 0 ? -0.0 : count % 52 == 0 ? INFINITY : ldexp((double)state, -60);
}

static void fill(double *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        v[i] = next_number();
}

static void fill_point(klf_kl_point *p, size_t ensemble, size_t n_images, bool moments)
{
    assert_int_equal(klf_kl_point_create(N_LAYERS, ensemble, n_images, p), KLF_OK);
    p->depth = 5;
    p->reference_layer = 2;
    p->var_w = 1.1;
    p->var_b = NAN;
    p->seed = UINT64_MAX;
    p->sample_seed = UINT64_C(1) << 63;
    p->q0 = 0.3;
    p->input = strdup("mnist:\xc3\xa4:3");
    p->n_mc = INT64_C(1000000000000);
    p->entropy_reference = 2.5;
    p->wall_s = 17.25;
    p->chunk = 2048;
    p->lanes = 3;
    p->f_j = moments ? calloc(N_LAYERS, sizeof *p->f_j) : NULL;
    p->f_jk = moments ? calloc(N_LAYERS, sizeof *p->f_jk) : NULL;
    for (size_t i = 0; i < N_LAYERS; i++) {
        p->width[i] = widths[i];
        p->layer_status[i] = i == 1 ? KLF_LAYER_DEGENERATE : KLF_LAYER_OK;
        p->width_changed[i] = i > 0;
        if (moments) {
            fill(p->f_j[i] = malloc(widths[i] * sizeof(double)), widths[i]);
            fill(p->f_jk[i] = malloc(widths[i] * widths[i] * sizeof(double)), widths[i] * widths[i]);
        }
    }
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        fill(p->value[f], N_LAYERS);
        fill(p->ensemble_std[f], N_LAYERS);
        fill(p->input_std[f], N_LAYERS);
    }
}

static void assert_bits(const double *a, const double *b, size_t n)
{
    assert_int_equal(!a, !b);
    if (a)
        assert_memory_equal(a, b, n * sizeof *a);
}

static void assert_same_point(const klf_kl_point *a, const klf_kl_point *b)
{
    const double a_facts[] = {a->var_w, a->var_b, a->q0, a->entropy_reference, a->wall_s};
    const double b_facts[] = {b->var_w, b->var_b, b->q0, b->entropy_reference, b->wall_s};
    assert_bits(a_facts, b_facts, 5);
    assert_true(a->depth == b->depth && a->reference_layer == b->reference_layer && a->n_layers == b->n_layers);
    assert_true(a->seed == b->seed && a->sample_seed == b->sample_seed && a->n_mc == b->n_mc);
    assert_true(a->ensemble == b->ensemble && a->n_images == b->n_images && a->chunk == b->chunk && a->lanes == b->lanes);
    assert_string_equal(a->input, b->input);
    assert_memory_equal(a->width, b->width, sizeof widths);
    assert_memory_equal(a->layer_status, b->layer_status, N_LAYERS * sizeof *a->layer_status);
    assert_memory_equal(a->width_changed, b->width_changed, N_LAYERS * sizeof *a->width_changed);
    for (int f = 0; f < KLF_KL_N_FIELDS; f++) {
        assert_bits(a->value[f], b->value[f], N_LAYERS);
        assert_bits(a->ensemble_std[f], b->ensemble_std[f], N_LAYERS);
        assert_bits(a->input_std[f], b->input_std[f], N_LAYERS);
    }
    assert_true(!a->f_j == !b->f_j && !a->f_jk == !b->f_jk);
    for (size_t i = 0; a->f_j && i < N_LAYERS; i++)
        assert_bits(a->f_j[i], b->f_j[i], widths[i]);
    for (size_t i = 0; a->f_jk && i < N_LAYERS; i++)
        assert_bits(a->f_jk[i], b->f_jk[i], widths[i] * widths[i]);
    assert_int_equal(!a->reference, !b->reference);
    if (a->reference)
        assert_same_point(a->reference, b->reference);
}

static void fill_sums(klf_record *record)
{
    const bool gram[N_LAYERS] = {true, true, false};
    assert_int_equal(klf_flow_sums_create(N_LAYERS, widths, gram, &record->sums), KLF_OK);
    record->sums->chunk = 128;
    record->sums->n_samples = INT64_C(128) << 33;
    record->stats = malloc(N_LAYERS * sizeof *record->stats);
    for (size_t i = 0; i < N_LAYERS; i++) {
        klf_layer_sums *layer = &record->sums->layer[i];
        record->stats[i] = (klf_layer_stats){.mean = next_number(), .var = next_number()};
        layer->n_samples = record->sums->n_samples;
        layer->q_sum = next_number();
        layer->q_sum2 = next_number();
        fill(layer->f, widths[i]);
        fill(layer->gram, widths[i] * (widths[i] + 1) / 2);
    }
}

static void assert_same_sums(const klf_record *a, const klf_record *b)
{
    assert_memory_equal(a->stats, b->stats, N_LAYERS * sizeof *a->stats);
    assert_true(a->sums->chunk == b->sums->chunk && a->sums->n_samples == b->sums->n_samples);
    assert_int_equal(a->sums->n_layers, b->sums->n_layers);
    for (size_t i = 0; i < N_LAYERS; i++) {
        const klf_layer_sums *x = &a->sums->layer[i], *y = &b->sums->layer[i];
        assert_int_equal(a->sums->width[i], b->sums->width[i]);
        assert_int_equal(x->n_samples, y->n_samples);
        assert_bits(&x->q_sum, &y->q_sum, 1);
        assert_bits(&x->q_sum2, &y->q_sum2, 1);
        assert_bits(x->f, y->f, widths[i]);
        assert_bits(x->gram, y->gram, widths[i] * (widths[i] + 1) / 2);
    }
}

static klf_checkpoint describe(size_t n, klf_record *record)
{
    return (klf_checkpoint){.config = "kl:\n  seed: 1\n",
                            .backend = "cpu",
                            .kernels = "tiles",
                            .version = "0.1.0",
                            .n_networks = 9,
                            .chunk_threads = 4,
                            .restarts = 2,
                            .network_saved = 1,
                            .wall_s = 99.5,
                            .n = n,
                            .record = record};
}

static klf_checkpoint *write_and_read(const char *path, const klf_checkpoint *c)
{
    klf_checkpoint *back = NULL;
    char           *summary = NULL;
    if (klf_store_write_checkpoint(path, c, &provenance) != KLF_OK || klf_store_read_checkpoint(path, &back) != KLF_OK ||
        klf_store_check(path, &summary) != KLF_OK)
        fail_msg("%s", klf_last_error());
    free(summary);
    assert_string_equal(back->config, c->config);
    assert_string_equal(back->backend, c->backend);
    assert_string_equal(back->kernels, c->kernels);
    assert_string_equal(back->version, c->version);
    assert_true(back->n_networks == c->n_networks && back->chunk_threads == c->chunk_threads);
    assert_true(back->restarts == c->restarts && back->network_saved == c->network_saved && back->wall_s == c->wall_s);
    assert_int_equal(back->n, c->n);
    return back;
}

static void everything_comes_back(void **state)
{
    (void)state;
    enum { N = 5 };
    klf_record record[N] = {{.kind = KLF_RECORD_POINT, .network = 3, .wall_s = 1.5},
                            {.kind = KLF_RECORD_NETWORK, .network = 6},
                            {.kind = KLF_RECORD_SUMS, .network = 8, .image = 2, .wall_s = 0.125},
                            {.kind = KLF_RECORD_IMAGE, .network = 8, .image = 1},
                            {.kind = KLF_RECORD_SUMS, .network = 7}};
    fill_point(&record[0].point, 4, 3, false);
    fill_point(&record[1].point, 1, 3, false);
    fill_sums(&record[2]);
    fill_point(&record[3].point, 1, 1, true);
    fill_sums(&record[4]);
    record[3].point.reference = calloc(1, sizeof(klf_kl_point));
    fill_point(record[3].point.reference, 1, 1, true);

    const klf_checkpoint c = describe(N, record);
    klf_checkpoint      *back = write_and_read(scratch_path("c"), &c);
    for (size_t i = 0; i < N; i++) {
        assert_true(back->record[i].kind == record[i].kind && back->record[i].network == record[i].network);
        assert_true(back->record[i].image == record[i].image && back->record[i].wall_s == record[i].wall_s);
        if (record[i].sums)
            assert_same_sums(&record[i], &back->record[i]);
        else
            assert_same_point(&record[i].point, &back->record[i].point);
        klf_record_free(&record[i]);
    }
    klf_store_free_checkpoint(back);
}

static void a_run_that_has_nothing_yet(void **state)
{
    (void)state;
    const klf_checkpoint c = describe(0, NULL);
    klf_store_free_checkpoint(write_and_read(scratch_path("c"), &c));
}

/* Any variable or attribute that is missing is noticed. */
static void what_is_missing_is_noticed(void **state)
{
    static const char *const variables[] = {"config", "kind",  "network",     "n_samples", "wall_s",
                                            "input",  "width", "layer_flags", "numbers"};
    static const char *const attributes[] = {"schema",    "schema_version", "klflow_version", "backend",
                                             "precision", "kernels",        "n_networks",     "chunk_threads",
                                             "restarts",  "network_saved",  "n_fields",       "n_records"};
    enum { N_VARIABLES = sizeof variables / sizeof *variables, N_ATTRIBUTES = sizeof attributes / sizeof *attributes };
    (void)state;
    klf_record record = {.kind = KLF_RECORD_SUMS};
    fill_sums(&record);
    const klf_checkpoint c = describe(1, &record);
    for (size_t i = 0; i < N_VARIABLES + N_ATTRIBUTES; i++) {
        klf_checkpoint unset, *back = &unset;
        char           path[80];
        assert_int_equal(klf_store_write_checkpoint(scratch_path("c"), &c, &provenance), KLF_OK);
        hid_t file = H5Fopen(scratch_path("c"), H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(file >= 0);
        if (i < N_VARIABLES) {
            snprintf(path, sizeof path, "/checkpoint/%s", variables[i]);
            assert_true(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
        } else {
            assert_true(H5Adelete(file, attributes[i - N_VARIABLES]) >= 0);
        }
        H5Fclose(file);
        if (klf_store_read_checkpoint(scratch_path("c"), &back) != KLF_ERR_DATA)
            fail_msg("without %s", i < N_VARIABLES ? path : attributes[i - N_VARIABLES]);
        assert_null(back);
    }
    klf_record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(a_run_that_has_nothing_yet),
        cmocka_unit_test(what_is_missing_is_noticed),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
