/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of `klflow kl` against the option table: values, refusals, and that the table is consistent. */
#include "run/kl_options.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
enum { MAX_ARGS = 32 };

/* Parses a line whose arguments are separated by single spaces. */
static klf_status parse(const char *line, klf_kl_config *config, klf_arguments *arguments)
{
    char  copy[512];
    char *argv[MAX_ARGS];
    int   argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *p = copy; *p != '\0' && argc < MAX_ARGS;) {
        argv[argc++] = p;
        p = strchr(p, ' ');
        if (p == NULL)
            break;
        *p++ = '\0';
    }
    klf_kl_config_init(config);
    klf_option_set set = klf_kl_option_set(config, KLF_IN_KL);
    klf_status     st = klf_options_parse(&set, 1, argc, argv, arguments);
    return st == KLF_OK && !arguments->help ? klf_kl_config_complete(config) : st;
}

static void every_option_reaches_its_field(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_arguments arguments = {0};
    assert_int_equal(
        parse("--depth 10,20 --var-w=1.5,2 --var-b 0 --seed 18446744073709551615 --architecture taper --input mnist:a:1 "
              "--input idx:b:0-9 -o out.h5 --n-mc 1e5",
              &config, &arguments),
        KLF_OK);
    assert_int_equal(config.depth.n, 2);
    assert_int_equal(config.depth.v[1], 20);
    assert_int_equal(config.var_w.n, 2);
    assert_true(config.var_w.v[1] == 2.0 && config.var_b.v[0] == 0.0);
    assert_true(config.seed.v[0] == UINT64_MAX);
    assert_int_equal(config.architecture, KLF_TAPER);
    assert_int_equal(config.input.n, 2);
    assert_string_equal(config.input.v[1], "idx:b:0-9");
    assert_string_equal(config.output, "out.h5");
    assert_true(config.n_mc == 100000);
    klf_kl_config_free(&config);

    assert_int_equal(
        parse("--widths 784,784,10 --gaussian-input 0.11 --sample-seed 0 --estimator direct --precision fp64 --backend ref "
              "--reference-layer 2",
              &config, &arguments),
        KLF_OK);
    assert_int_equal(config.widths.n, 3);
    assert_int_equal(config.depth.v[0], 3); /* from the widths */
    assert_true(config.gaussian_input == 0.11 && isnan(config.q0));
    assert_true(config.sample_seed_given && config.sample_seed == 0);
    assert_int_equal(config.estimator, KLF_DIRECT);
    assert_int_equal(config.precision, KLF_FP64);
    assert_string_equal(config.backend, "ref");
    assert_true(config.reference_layer == 2);
    klf_kl_config_free(&config);

    assert_int_equal(
        parse("--q0 0.16 --statistics dataset --dataset mnist:f --ensemble 3 --threads 2 --chunk 512 --save-network n.h5 "
              "--force --json --quiet --dry-run",
              &config, &arguments),
        KLF_ERR_USAGE); /* three networks cannot be saved as one */
    assert_true(config.q0 == 0.16 && config.statistics == KLF_STATS_DATASET && config.ensemble == 3 && config.threads == 2);
    assert_true(config.chunk == 512 && config.force && config.json && config.quiet && config.dry_run);
    assert_string_equal(config.dataset, "mnist:f");
    assert_string_equal(config.save_network, "n.h5");
    klf_kl_config_free(&config);

    assert_int_equal(parse("--network n.h5 --save-f-j --save-f-jk -o x", &config, &arguments), KLF_OK);
    assert_string_equal(config.network, "n.h5");
    assert_true(config.save_f_j && config.save_f_jk);
    assert_int_equal(config.var_w.n + config.var_b.n + config.depth.n + config.seed.n, 0); /* the file tells */
    klf_kl_config_free(&config);
}

/* The defaults that the issue tracker, the documentation and other programs rely on, spelt out once more. */
static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_arguments arguments = {0};
    assert_int_equal(parse("", &config, &arguments), KLF_OK);
    assert_true(config.depth.n == 1 && config.depth.v[0] == 30);
    assert_true(config.var_w.n == 1 && config.var_w.v[0] == 1.5);
    assert_true(config.var_b.n == 1 && config.var_b.v[0] == 0.05);
    assert_true(config.seed.n == 1 && config.seed.v[0] == 1 && !config.sample_seed_given);
    assert_true(config.n_mc == 10000 && config.ensemble == 1 && config.reference_layer == 0);
    assert_true(config.estimator == KLF_BOTH && config.precision == KLF_FP32 && config.statistics == KLF_STATS_INPUT);
    assert_string_equal(config.backend, "cpu");
    assert_true(config.architecture == KLF_WIDE && config.widths.n == 0 && config.input.n == 0);
    assert_true(isnan(config.q0) && isnan(config.gaussian_input) && config.threads == 0 && config.chunk == 0);
    assert_true(config.network == NULL && config.save_network == NULL && config.output == NULL && config.dataset == NULL);
    assert_true(!config.force && !config.json && !config.quiet && !config.dry_run && !config.save_f_j && !config.save_f_jk);
    klf_kl_config_free(&config);
    assert_int_equal(parse("--backend ref", &config, &arguments), KLF_OK);
    assert_int_equal(config.precision, KLF_FP64);
    klf_kl_config_free(&config);
}

static const struct {
    const char *line, *sentence;
} refusals[] = {
    {"--n-mv 3", "unknown option --n-mv; did you mean --n-mc?"},
    {"--n-mv=3", "unknown option --n-mv; did you mean --n-mc?"},
    {"--var_w 1", "unknown option --var_w; did you mean --var-w?"},
    {"--dep 3", "unknown option --dep; did you mean --depth?"},
    {"-seed 3", "unknown option -seed; did you mean --seed?"},
    {"--temperature 3", "unknown option --temperature; --help lists the options"},
    {"-x", "unknown option -x; --help lists the options"},
    {"-ofile", "unknown option -ofile; --help lists the options"},
    {"--plot f", "unknown option --plot"},
    {"--set a=b", "unknown option --set"},
    {"--", "unknown option --"},
    {"stray", "unexpected argument 'stray'"},
    {"-", "unexpected argument '-'"},
    {"--depth", "--depth needs a value (N,...)"},
    {"--depth --seed 3", "--depth needs a value"},
    {"--depth=", "--depth must be a whole number from 2 to 100000, not ''"},
    {"--seed 1 --seed 2", "--seed is given twice"},
    {"--json --json", "--json is given twice"},
    {"--json=true", "--json takes no value"},
    {"--depth 1", "--depth must be a whole number from 2 to 100000, not '1'"},
    {"--depth 3,,4", "--depth must be a whole number from 2 to 100000, not ''"},
    {"--depth 2.5", "not '2.5'"},
    {"--n-mc 1.5", "--n-mc must be a whole number from 1 to 1000000000000, not '1.5'"},
    {"--n-mc 0", "not '0'"},
    {"--n-mc -1", "not '-1'"},
    {"--n-mc 1e13", "not '1e13'"},
    {"--n-mc 10k", "not '10k'"},
    {"--seed -1", "--seed must be a whole number from 0 to 18446744073709551615, not '-1'"},
    {"--seed 18446744073709551616", "not '18446744073709551616'"},
    {"--var-w -1", "--var-w must be a number >= 0, not '-1'"},
    {"--var-w nan", "not 'nan'"},
    {"--var-w inf", "not 'inf'"},
    {"--var-w 1.5,x", "not 'x'"},
    {"--q0 0", "--q0 must be a number > 0, not '0'"},
    {"--estimator grma", "--estimator must be direct, gram or both, not 'grma'; did you mean gram?"},
    {"--backend gpu", "--backend must be ref, cpu, cuda or auto, not 'gpu'; did you mean cuda?"},
    {"--backend cpi", "not 'cpi'; did you mean cpu?"},
    {"--precision fp46", "--precision must be fp64, fp32, tf32x3, tf32, fp16, bf16 or auto, not 'fp46'; did you mean fp64?"},
    {"--output=", "--output must be a text that is not empty, not ''"},
    {"--ensemble 0", "--ensemble must be"},
    {"--threads 0", "--threads must be"},
    /* rules between options */
    {"--reference-layer 30", "reference layer 30 does not exist at depth 30, where layers are 0 to 29"},
    {"--reference-layer 5 --depth 10,4", "reference layer 5 does not exist at depth 4"},
    {"--reference-layer 3 --widths 9,9,9", "reference layer 3 does not exist at depth 3"},
    {"--widths 784,10 --depth 30", "the 2 widths make a network of depth 2, not 30"},
    {"--widths 784", "a network has at least 2 layers, but widths lists 1"},
    {"--widths 784,0", "--widths must be a whole number from 1 to 1000000, not '0'"},
    {"--widths 9,9 --architecture wide", "explicit widths leave no architecture to choose"},
    {"--q0 1 --input mnist:a:1", "an image and q0 are both given as the input"},
    {"--gaussian-input 1 --input mnist:a:1", "an image and a Gaussian input are both given"},
    {"--gaussian-input 1 --q0 1", "q0 and a Gaussian input are both given"},
    {"--backend ref --precision fp32", "backend ref computes in double, so it has no fp32"},
    {"--save-f-jk -o x --estimator direct", "estimator direct does not compute f_jk"},
    {"--save-f-j", "f_j is kept in the result file, but no output file is given"},
    {"--save-f-jk", "f_jk is kept in the result file, but no output file is given"},
    {"--statistics dataset", "statistics dataset needs a dataset"},
    {"--dataset mnist:a", "a dataset is used by statistics dataset only"},
    {"--network f --depth 3", "the network file fixes depth"},
    {"--network f --var-w 3", "the network file fixes var_w"},
    {"--network f --var-b 3", "the network file fixes var_b"},
    {"--network f --widths 3,3", "the network file fixes widths"},
    {"--network f --architecture wide", "the network file fixes architecture"},
    {"--network f --ensemble 2", "one network file cannot give 2 networks"},
    {"--save-network f --seed 1,2", "save_network keeps one network, but the grid and the ensemble make 2"},
    {"--save-network f --ensemble 4", "make 4"},
    {"--save-network f -o f", "output and save_network are the same file, 'f'"},
    {"--network f -o f", "network and output are the same file, 'f'"},
    {"--network f -o ./f", "network and output are the same file, './f'"},
    {"--input mnist:f:3 -o f", "input and output are the same file, 'f'"},
    {"--input mnist:a:1 --input idx:f:3-5 --save-network f", "input and save_network are the same file, 'f'"},
    {"--statistics dataset --dataset mnist:f -o f", "dataset and output are the same file, 'f'"},
    {"--var-w 1,2,1.0", "var_w lists 1 twice"},
    {"--var-b 0,-0", "var_b lists 0 twice"},
    {"--seed 5,6,5", "seed lists 5 twice"},
    {"--input mnist:a:1 --input mnist:a:1", "input lists 'mnist:a:1' twice"},
    {"--input a", "'a' does not name images"},
    {"--input mnist:a", "'mnist:a' does not say which image"},
    {"--dataset a --statistics dataset", "'a' does not name images"},
    {"--seed 18446744073709551615 --ensemble 2", "runs past the last seed"},
};

static void mistakes_are_refused_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        klf_kl_config config;
        klf_arguments arguments = {0};
        klf_status    st = parse(refusals[i].line, &config, &arguments);
        klf_kl_config_free(&config);
        if (st != KLF_ERR_USAGE || strstr(klf_last_error(), refusals[i].sentence) == NULL)
            fail_msg("%s: status %d, \"%s\"", refusals[i].line, (int)st, st != KLF_OK ? klf_last_error() : "");
        if (strchr(klf_last_error(), '\n') != NULL)
            fail_msg("%s: more than one line", refusals[i].line);
    }
}

static void help_stops_parsing(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_arguments arguments = {0};
    assert_int_equal(parse("--help --nonsense", &config, &arguments), KLF_OK);
    assert_true(arguments.help);
    klf_kl_config_free(&config);
}

static void the_table_is_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < KLF_KL_N_OPTIONS; i++) {
        const klf_option *option = &klf_kl_options[i];
        if (option->help == NULL || option->unit == NULL || option->where == 0)
            fail_msg("%s lacks a help line, a unit or a place", option->name);
        if ((option->value != NULL) == (option->otherwise != NULL))
            fail_msg("%s needs a default or a word on what happens without one, not both", option->name);
        if ((option->metavar != NULL) == (option->type == KLF_OPTION_FLAG))
            fail_msg("%s: all but flags have a metavar", option->name);
        for (size_t j = 0; j < i; j++)
            if (option->offset == klf_kl_options[j].offset)
                fail_msg("%s and %s share a field", option->name, klf_kl_options[j].name);
    }
}

static void overrides_take_keys_once(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_kl_config_init(&config);
    klf_option_set set = klf_kl_option_set(&config, KLF_IN_RUN);
    assert_int_equal(klf_options_override(&set, "n_mc=1e5"), KLF_OK);
    assert_int_equal(klf_options_override(&set, "kl.var_w=1.5,2.5"), KLF_OK);
    assert_int_equal(klf_options_override(&set, "save_f_j=true"), KLF_OK);
    assert_int_equal(klf_options_override(&set, "plot=a=b.png"), KLF_OK);
    assert_true(config.n_mc == 100000 && config.var_w.n == 2 && config.save_f_j);
    assert_string_equal(config.plot, "a=b.png");
    const struct {
        const char *text, *sentence;
    } bad[] = {{"n_mc=5", "n_mc is given twice on the command line"},
               {"depht=5", "unknown key 'depht' in --set; did you mean depth?"},
               {"n-mc=5", "unknown key 'n-mc' in --set; did you mean n_mc?"},
               {"depth", "--set needs KEY=VALUE, not 'depth'"},
               {"=5", "--set needs KEY=VALUE"},
               {"depth=", "depth must be a whole number"},
               {"save_f_jk=yes", "save_f_jk must be true or false, not 'yes'"}};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (klf_options_override(&set, bad[i].text) != KLF_ERR_USAGE || strstr(klf_last_error(), bad[i].sentence) == NULL)
            fail_msg("%s: \"%s\"", bad[i].text, klf_last_error());
    klf_kl_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_reaches_its_field),
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(mistakes_are_refused_in_one_sentence),
        cmocka_unit_test(help_stops_parsing),
        cmocka_unit_test(the_table_is_consistent),
        cmocka_unit_test(overrides_take_keys_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
