/* SPDX-License-Identifier: BSD-3-Clause */
/* A klf_kl_config from nothing given to complete. Ranges of single values are the option table's; here are the rules between
 * options. The sentences name keys as in YAML and read well on the command line too. */
#include "klflow/kl_config.h"

#include "core/quote.h"
#include "data/image_files.h"
#include "klflow/images.h"
#include "run/kl_options.h"
#include "run/rules.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bounds on sweeps, far above any that finishes: lists are compared pair by pair, and a point keeps its results in memory. */
enum { MAX_LIST = 10000, MAX_POINTS = 1000000 };

void klf_kl_config_init(klf_kl_config *config)
{
    *config = (klf_kl_config){.q0 = NAN, .gaussian_input = NAN};
    for (const klf_option *option = klf_kl_options; option < klf_kl_options + KLF_KL_N_OPTIONS; option++) {
        if (option->value == NULL || option->type == KLF_OPTION_TEXT || klf_option_is_list(option))
            continue;
        klf_status st = klf_option_add(option, config, option->value, option->name);
        assert(st == KLF_OK);
        (void)st;
    }
    config->architecture_given = config->precision_given = config->weight_format_given = false;
}

void klf_kl_config_free(klf_kl_config *config)
{
    for (size_t i = 0; i < KLF_KL_N_OPTIONS; i++)
        klf_option_clear(&klf_kl_options[i], config);
}

typedef struct checker {
    klf_kl_config *config;
    klf_rules      rules;
} checker;

static void check_network(checker *c)
{
    const klf_kl_config *config = c->config;
    const struct {
        const char *key;
        bool        given;
    } fixed[] = {{"var_w", config->var_w.n > 0},
                 {"var_b", config->var_b.n > 0},
                 {"depth", config->depth.n > 0},
                 {"widths", config->widths.n > 0},
                 {"architecture", config->architecture_given}};
    for (size_t i = 0; config->network != NULL && i < sizeof fixed / sizeof fixed[0]; i++)
        if (fixed[i].given)
            klf_rule_broken(&c->rules, fixed[i].key, "network", "the network file fixes %s; give one of the two", fixed[i].key);
    if (config->network != NULL && config->ensemble > 1)
        klf_rule_broken(&c->rules, "ensemble", "network",
                        "an ensemble is drawn at random, so one network file cannot give %" PRIu64 " networks",
                        config->ensemble);
    if (config->network != NULL || config->widths.n == 0)
        return;
    if (config->architecture_given)
        klf_rule_broken(&c->rules, "architecture", "widths",
                        "explicit widths leave no architecture to choose; give one of the two");
    if (config->widths.n < 2)
        klf_rule_broken(&c->rules, "widths", NULL, "a network has at least 2 layers, but widths lists 1");
    if (config->widths.n > KLF_MAX_DEPTH)
        klf_rule_broken(&c->rules, "widths", NULL, "a network has at most %" PRIu64 " layers, but widths lists %zu",
                        KLF_MAX_DEPTH, config->widths.n);
    for (size_t i = 0; i < config->depth.n; i++)
        if (config->depth.v[i] != config->widths.n) {
            klf_rule_broken(&c->rules, "depth", "widths", "the %zu widths make a network of depth %zu, not %" PRIu64,
                            config->widths.n, config->widths.n, config->depth.v[i]);
            break;
        }
}

static void check_input(checker *c)
{
    const klf_kl_config *config = c->config;
    bool                 image = config->input.n > 0, q0 = !isnan(config->q0), gaussian = !isnan(config->gaussian_input);
    if (image && q0)
        klf_rule_broken(&c->rules, "q0", "input", "an image and q0 are both given as the input; give one of them");
    if (image && gaussian)
        klf_rule_broken(&c->rules, "gaussian_input", "input", "an image and a Gaussian input are both given; give one of them");
    if (q0 && gaussian)
        klf_rule_broken(&c->rules, "gaussian_input", "q0", "q0 and a Gaussian input are both given; give one of them");
    if (config->statistics == KLF_STATS_DATASET && config->dataset == NULL)
        klf_rule_broken(&c->rules, "statistics", "dataset", "statistics dataset needs a dataset (mnist:FILE)");
    if (config->statistics != KLF_STATS_DATASET && config->dataset != NULL)
        klf_rule_broken(&c->rules, "dataset", "statistics", "a dataset is used by statistics dataset only");
}

static void check_computation(checker *c)
{
    const klf_kl_config *config = c->config;
    bool                 of_float = config->precision == KLF_FP32 || config->precision == KLF_TF32X3;
    if (config->precision_given && of_float && config->backend != NULL && strcmp(config->backend, "ref") == 0)
        klf_rule_broken(&c->rules, "precision", "backend",
                        "backend ref computes in double, so it has no %s; choose fp64 or leave precision out",
                        klf_precision_name((klf_precision)config->precision));
    if (config->save_f_jk && config->estimator == KLF_DIRECT)
        klf_rule_broken(&c->rules, "save_f_jk", "estimator",
                        "estimator direct does not compute f_jk; choose gram or both to save it");
    if (config->save_f_j && config->output == NULL)
        klf_rule_broken(&c->rules, "save_f_j", "output", "f_j is kept in the result file, but no output file is given");
    if (config->save_f_jk && config->output == NULL)
        klf_rule_broken(&c->rules, "save_f_jk", "output", "f_jk is kept in the result file, but no output file is given");
    if (config->resume && config->output == NULL && config->checkpoint == NULL)
        klf_rule_broken(&c->rules, "resume", "output",
                        "a run without an output file has no checkpoint to resume from; give output or checkpoint");
    if (config->plot != NULL && config->output == NULL)
        klf_rule_broken(&c->rules, "plot", "output", "the plot is drawn from the result file, but no output file is given");
}

/* klf_rule_written for the files of an image reference; what cannot be found is reported elsewhere, and its sentence must not
 * take the place of the one that klf_kl_config_complete returns with. */
static void check_written_images(checker *c, const char *key, const char *path, const char *other_key, const char *images)
{
    klf_image_spec  spec = {0};
    klf_image_files files = {0};
    const bool      sentence_stands = c->rules.status != KLF_OK && c->rules.complain == NULL;
    if (path != NULL && images != NULL && !sentence_stands && klf_image_spec_parse(images, false, &spec) == KLF_OK &&
        klf_image_files_find(&spec, &files) == KLF_OK)
        for (size_t i = 0; i < files.n; i++)
            klf_rule_written(&c->rules, key, path, other_key, files.image[i]);
    klf_image_files_free(&files);
    klf_image_spec_free(&spec);
}

static void check_files(checker *c)
{
    const klf_kl_config *config = c->config;
    klf_rule_picture(&c->rules, config->plot);
    const struct {
        const char *key, *path;
    } written[] = {{"output", config->output},
                   {"plot", config->plot},
                   {"save_network", config->save_network},
                   {"checkpoint", config->checkpoint}};
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        klf_rule_written(&c->rules, written[i].key, written[i].path, "network", config->network);
        klf_rule_written(&c->rules, written[i].key, written[i].path, "the config", config->config_file);
        check_written_images(c, written[i].key, written[i].path, "dataset", config->dataset);
        for (size_t j = 0; j < config->input.n; j++)
            check_written_images(c, written[i].key, written[i].path, "input", config->input.v[j]);
        for (size_t j = 0; j < i; j++)
            klf_rule_written(&c->rules, written[i].key, written[i].path, written[j].key, written[j].path);
    }
}

/* Equal values would be the same point twice. */
static void check_wholes(checker *c, const char *key, const klf_list_uint *list)
{
    klf_rule_list_length(&c->rules, key, list->n, MAX_LIST);
    for (size_t i = 0; i < list->n && list->n <= MAX_LIST; i++)
        for (size_t j = 0; j < i; j++)
            if (list->v[i] == list->v[j]) {
                klf_rule_broken(&c->rules, key, NULL, "%s lists %" PRIu64 " twice", key, list->v[i]);
                return;
            }
}

static void check_texts(checker *c, const char *key, const klf_list_text *list)
{
    klf_rule_list_length(&c->rules, key, list->n, MAX_LIST);
    for (size_t i = 0; i < list->n && list->n <= MAX_LIST; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(list->v[i], list->v[j]) == 0) {
                klf_rule_broken(&c->rules, key, NULL, "%s lists %s twice", key, klf_quoted(list->v[i]).text);
                return;
            }
}

static double length_of(size_t n)
{
    return n > 0 ? (double)n : 1.0;
}

static void check_sweep(checker *c)
{
    const klf_kl_config *config = c->config;
    klf_rule_reals(&c->rules, "var_w", &config->var_w, MAX_LIST);
    klf_rule_reals(&c->rules, "var_b", &config->var_b, MAX_LIST);
    check_wholes(c, "depth", &config->depth);
    check_wholes(c, "seed", &config->seed);
    check_texts(c, "input", &config->input);
    double networks = length_of(config->var_w.n) * length_of(config->var_b.n) * length_of(config->depth.n) *
                      length_of(config->seed.n);
    double points = networks * length_of(config->input.n);
    if (points > MAX_POINTS)
        klf_rule_broken(&c->rules, "var_w", NULL, "the grid has %.0f points; a run takes up to %d", points, MAX_POINTS);
    networks *= (double)config->ensemble;
    if (config->save_network != NULL && networks > 1)
        klf_rule_broken(&c->rules, "save_network", NULL,
                        "save_network keeps one network, but the grid and the ensemble make %.0f", networks);
    for (size_t i = 0; i < config->seed.n; i++)
        if (config->ensemble > 0 && config->seed.v[i] > UINT64_MAX - (config->ensemble - 1)) {
            klf_rule_broken(&c->rules, "seed", "ensemble",
                            "an ensemble of %" PRIu64 " networks from seed %" PRIu64 " runs past the last seed, 2^64 - 1",
                            config->ensemble, config->seed.v[i]);
            break;
        }
}

static void check_reference_layer(checker *c)
{
    const klf_kl_config *config = c->config;
    for (size_t i = 0; i < config->depth.n; i++)
        if (config->reference_layer >= config->depth.v[i]) {
            klf_rule_broken(&c->rules, "reference_layer", config->widths.n > 0 ? "widths" : "depth",
                            "reference layer %" PRIu64 " does not exist at depth %" PRIu64 ", where layers are 0 to %" PRIu64,
                            config->reference_layer, config->depth.v[i], config->depth.v[i] - 1);
            return;
        }
}

/* Defaults of what owns memory; the other defaults are there since klf_kl_config_init. */
static klf_status fill_in(klf_kl_config *config)
{
    klf_status st = KLF_OK;
    for (const klf_option *option = klf_kl_options; option < klf_kl_options + KLF_KL_N_OPTIONS && st == KLF_OK; option++) {
        /* What a network file tells. Its seed too, but only by default: another one draws other samples. */
        bool of_network = option->offset == offsetof(klf_kl_config, var_w) ||
                          option->offset == offsetof(klf_kl_config, var_b) ||
                          option->offset == offsetof(klf_kl_config, depth) || option->offset == offsetof(klf_kl_config, seed);
        if (option->value == NULL || !klf_option_is_unset(option, config) || (of_network && config->network != NULL))
            continue;
        char        depth[24];
        const char *value = option->value;
        if (option->offset == offsetof(klf_kl_config, depth) && config->widths.n > 0) {
            snprintf(depth, sizeof depth, "%zu", config->widths.n);
            value = depth;
        }
        st = klf_option_assign(option, config, value, option->name);
    }
    return st;
}

klf_status klf_kl_config_check(klf_kl_config *config, klf_complaint *complain, void *arg)
{
    checker c = {.config = config, .rules = {.complain = complain, .arg = arg}};
    check_network(&c);
    check_input(&c);
    check_computation(&c);
    check_files(&c);
    check_sweep(&c);
    bool       widths_fit = config->widths.n != 1 && config->widths.n <= KLF_MAX_DEPTH; /* else reported above, and no depth */
    klf_status st = widths_fit ? fill_in(config) : KLF_OK;
    if (st != KLF_OK)
        return st;
    check_reference_layer(&c);
    if (!config->precision_given && config->backend != NULL && strcmp(config->backend, "ref") == 0)
        config->precision = KLF_FP64;
    return c.rules.status;
}

klf_status klf_kl_config_complete(klf_kl_config *config)
{
    return klf_kl_config_check(config, NULL, NULL);
}
