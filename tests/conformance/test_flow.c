/* SPDX-License-Identifier: BSD-3-Clause */
/* The Monte Carlo pass of every backend against the textbook code: Q by both estimators, its standard error, f_j and f_jk, at
 * widths around the edges of vectors and tiles, any number of samples, any chunk. */
#include "conformance/flow_fixture.h"
#include "reference/draw_textbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

/* Relative to the terms that make up Q of layer m rather than to their sum: in a narrow layer z - mu and (3.34) may cancel. */
static double q_scale(const flow_fixture *f, size_t m, const tb_layer *layer, const tb_layer *below)
{
    double       scale = layer->q_direct;
    const size_t n_in = below ? f->width[m - 1] : 0;
    for (size_t i = 0; i < f->width[m]; i++) {
        scale += (f->bias[m][i] - f->mean[m]) * (f->bias[m][i] - f->mean[m]);
        for (size_t j = 0; j < n_in; j++)
            scale += f->weight[m][i * n_in + j] * f->weight[m][i * n_in + j] * below->f_jk[j * n_in + j];
    }
    return scale;
}

static void check_moments(double bar, size_t layer, size_t width, const klf_flow_layer *got, const tb_layer *expected)
{
    for (size_t j = 0; j < width; j++) { /* both are means of numbers within [-1, 1] */
        check_near("f_j", layer, got->f_j[j], expected->f_j[j], bar);
        for (size_t k = 0; k < width; k++) {
            check_near("f_jk", layer, got->f_jk[j * width + k], expected->f_jk[j * width + k], bar);
            assert_true(got->f_jk[j * width + k] == got->f_jk[k * width + j]);
        }
    }
}

static void check_layers(const flow_target *target, const klf_flow_params *params, const flow_fixture *f,
                         const tb_layer *expected)
{
    const size_t r = params->reference_layer;
    const double bar = target_bar(target, params->n_mc);
    klf_flow    *flow = run_flow(params);
    assert_int_equal(flow->n_layers, f->net->depth - r);
    assert_true(flow->layer[0].q_direct == (double)f->width[r] * f->var[r]); /* so that kl = 0 exactly */
    for (size_t m = r; m < f->net->depth; m++) {
        const klf_flow_layer *got = &flow->layer[m - r];
        const tb_layer       *want = &expected[m - r];
        const double          scale = q_scale(f, m, want, m > r ? want - 1 : NULL);
        check_near("Q direct", m, got->q_direct, want->q_direct, bar * scale);
        check_near("Q gram", m, got->q_gram, want->q_gram, bar * scale);
        check_near("Q gram - Q direct", m, got->q_gram - got->q_direct, 0.0, target->tolerance * scale); /* of the same phi */
        if (isnan(want->q_stderr))
            assert_true(isnan(got->q_stderr));
        else /* a difference of sums: its error is relative to Q */
            check_near("Q stderr", m, got->q_stderr, want->q_stderr, bar * scale);
        check_moments(bar, m, f->width[m], got, want);
    }
    klf_flow_destroy(flow);
}

typedef struct shape {
    size_t depth, width[MAX_DEPTH], reference_layer;
} shape;

/* What the textbook says of one shape and number of samples, by format: it is slow, and the same for all backends, and for all
 * precisions that round weights and activations alike. */
typedef struct said {
    tb_layer layer[MAX_DEPTH];
    size_t   n_layers;
} said;

enum { N_FORMATS = KLF_FORMAT_BF16 + 1 };

static const tb_layer *ask_textbook(said *by_format, const flow_target *target, const klf_flow_params *params,
                                    const flow_fixture *f)
{
    said *s = &by_format[target->spacing > 0.0 ? target->format : KLF_FORMAT_FP64];
    if (s->n_layers == 0)
        textbook_flow(params, f, s->layer);
    s->n_layers = f->net->depth - params->reference_layer;
    return s->layer;
}

static void forget(said *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i].n_layers > 0)
            tb_flow_free(s[i].n_layers, s[i].layer);
}

static void check_shape(const flow_target *target, const shape *shape, int64_t n_mc, size_t n_chunks, const size_t *chunks,
                        said *by_format)
{
    flow_fixture f;
    fixture_create(shape->depth, shape->width, 1.8, 0.05, &f);
    fixture_round(target, &f);
    klf_flow_params params = flow_params(target, &f);
    params.reference_layer = shape->reference_layer;
    params.n_mc = n_mc;
    params.keep_f_j = params.keep_f_jk = true;
    const tb_layer *expected = ask_textbook(by_format, target, &params, &f);
    for (size_t i = 0; i < n_chunks; i++) {
        params.chunk = chunks[i];
        check_layers(target, &params, &f, expected);
    }
    fixture_destroy(&f);
}

static const shape shapes[] = {
    {4, {1, 1, 1, 1}, 0},
    {4, {31, 31, 31, 31}, 0},
    {4, {32, 32, 32, 32}, 0},
    {4, {33, 33, 33, 33}, 0},
    {5, {33, 1, 64, 31, 10}, 0},
    {3, {5, 100, 32}, 0},
    {2, {128, 127}, 0},
    {2, {1, 70}, 0},
    {4, {12, 31, 33, 7}, 1},
    {4, {12, 31, 33, 7}, 3},
    {6, {16, 17, 15, 16, 17, 15}, 2},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], N_COUNTS = 3 };

static said said_of_shapes[N_SHAPES][N_COUNTS][N_FORMATS];

static void check_shapes(const flow_target *target)
{
    const int64_t       n_mc[N_COUNTS] = {1, 31, target->spacing > 0.0 ? 100 : 400}; /* the rounded ones are many */
    static const size_t chunks[] = {0, 7, 64, 1000};
    for (size_t i = 0; i < N_SHAPES; i++)
        for (size_t j = 0; j < N_COUNTS; j++)
            check_shape(target, &shapes[i], n_mc[j], sizeof chunks / sizeof chunks[0], chunks, said_of_shapes[i][j]);
}

static void agrees_with_the_textbook(void **state)
{
    (void)state;
    for_each_target(check_shapes);
    forget(&said_of_shapes[0][0][0], N_SHAPES * N_COUNTS * N_FORMATS);
}

static said said_of_full_width[N_FORMATS];

static void check_full_width(const flow_target *target)
{
    static const shape  full = {3, {784, 784, 10}, 0};
    static const size_t chunk = 3;
    if (strcmp(target->backend->name, "ref") == 0)
        return; /* its plain loops are not for this width */
    check_shape(target, &full, 5, 1, &chunk, said_of_full_width);
}

static void full_width(void **state)
{
    (void)state;
    for_each_target(check_full_width);
    forget(said_of_full_width, N_FORMATS);
}

/* Network and samples remade from the seeds by the textbook's own generator: nothing is shared but the documented
 * mapping. The weights are not rounded: fast precisions take them in two parts. */
static void check_from_the_seeds(const flow_target *target)
{
    enum { DEPTH = 4, N_MC = 200 };
    static const size_t widths[DEPTH] = {30, 41, 41, 10};
    /* The engine's normals are float32, off by up to 1.5e-7 of the radius (klflow/normal.h); errors of this many average out.
     */
    const double bar = 2e-6 + target_bar(target, N_MC);
    flow_fixture f;
    fixture_create(DEPTH, widths, 1.5, 0.05, &f);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = N_MC;
    klf_flow *flow = run_flow(&params);

    double    *weight[DEPTH], *bias[DEPTH], *z = test_malloc(N_MC * widths[0] * sizeof *z);
    tb_layer   expected[DEPTH] = {0};
    tb_network remade = f.textbook;
    remade.weight = weight;
    remade.bias = bias;
    set_textbook_rounding(params.precision, &remade);
    for (size_t l = 0; l < DEPTH; l++) {
        const size_t fan_in = l == 0 ? remade.input_width : widths[l - 1];
        weight[l] = test_malloc(widths[l] * fan_in * sizeof **weight);
        bias[l] = test_malloc(widths[l] * sizeof **bias);
        tb_draw_layer(f.net->seed, l, fan_in, widths[l], f.net->var_w, f.net->var_b, weight[l], bias[l]);
    }
    tb_draw_samples(params.sample_seed, f.mean[0], f.var[0], N_MC, widths[0], z);
    tb_flow(&remade, 0, f.mean, f.var, N_MC, z, expected);
    for (size_t l = 0; l < DEPTH; l++) {
        check_near("Q direct", l, flow->layer[l].q_direct, expected[l].q_direct, bar * expected[l].q_direct);
        check_near("Q gram", l, flow->layer[l].q_gram, expected[l].q_gram, bar * expected[l].q_direct);
        check_near("Q stderr", l, flow->layer[l].q_stderr, expected[l].q_stderr, bar * expected[l].q_direct);
        test_free(weight[l]);
        test_free(bias[l]);
    }
    tb_flow_free(DEPTH, expected);
    test_free(z);
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void remade_from_the_seeds(void **state)
{
    (void)state;
    for_each_target(check_from_the_seeds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_textbook),
        cmocka_unit_test(full_width),
        cmocka_unit_test(remade_from_the_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
