/* SPDX-License-Identifier: BSD-3-Clause */
/* YAML files into configs: what is accepted, where problems are reported, and that a config's text reads back to itself. */
#include "run/kl_options.h"
#include "run/yaml_config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

typedef struct loaded {
    klf_kl_config config;
    klf_problems  problems;
    klf_status    status;
} loaded;

static void load(const char *text, loaded *out)
{
    *out = (loaded){0};
    klf_kl_config_init(&out->config);
    klf_option_set set = klf_kl_option_set(&out->config, KLF_IN_RUN);
    out->status = klf_yaml_config_load(text, strlen(text), &klf_kl_section, &set, &out->problems);
}

static void unload(loaded *l)
{
    klf_kl_config_free(&l->config);
    klf_problems_free(&l->problems);
}

static void a_sweep_is_read(void **state)
{
    (void)state;
    loaded l;
    load("# a comment\n"
         "kl:\n"
         "  var_w: [1.5, 2.0,\n"
         "          2.5]\n"
         "  depth: 20\n"
         "  seed:\n"
         "    - 1\n"
         "    - 18446744073709551615\n"
         "  n_mc: 1e5\n"
         "  estimator: direct\n"
         "  input: 'mnist:a b:3'\n"
         "  sample_seed: 7\n"
         "  save_f_j: true\n"
         "  quiet: true\n"
         "output: \"out\\u00e9.h5\"\n"
         "plot: out.png\n",
         &l);
    assert_int_equal(l.status, KLF_OK);
    assert_true(l.config.var_w.n == 3 && l.config.var_w.v[2] == 2.5 && l.config.var_b.v[0] == 0.05);
    assert_true(l.config.depth.n == 1 && l.config.depth.v[0] == 20);
    assert_true(l.config.seed.n == 2 && l.config.seed.v[1] == UINT64_MAX);
    assert_true(l.config.n_mc == 100000 && l.config.estimator == KLF_DIRECT && l.config.save_f_j && l.config.quiet);
    assert_true(l.config.sample_seed_given && l.config.sample_seed == 7);
    assert_string_equal(l.config.input.v[0], "mnist:a b:3");
    assert_string_equal(l.config.output, "out\xc3\xa9.h5");
    assert_string_equal(l.config.plot, "out.png");
    unload(&l);
    load("kl:\n", &l);
    assert_int_equal(l.status, KLF_OK);
    assert_true(l.config.depth.v[0] == 30 && l.config.n_mc == 10000);
    unload(&l);
    load("---\r\nkl: {depth: 5}\r\n...\r\n", &l);
    assert_int_equal(l.status, KLF_OK);
    unload(&l);
}

/* Each bad file and every problem of it, in order, as "line:column: words". */
static const struct {
    const char *text;
    const char *problem[6];
} bad_files[] = {
    {"", {"1:1: the file is empty"}},
    {"# only a comment\n", {"1:1: the file is empty"}},
    {"---\n", {"1:1: the file is empty"}},
    {"hello\n", {"1:1: the file must hold a key kl"}},
    {"- kl\n", {"1:3: the file must hold a key"}},
    {"output: x\n", {"1:1: there is no section: the file needs a key kl"}},
    {"kI:\n", {"1:1: unknown key 'kI'; did you mean 'kl'?"}},
    {"kl: 5\n", {"1:1: kl must hold keys and values, one a line (  depth: 30)"}},
    {"kl: [a]\n", {"1:1: kl must hold keys and values, one a line (  depth: 30)"}},
    {"kl:\n  n_mv: 3\n", {"2:3: unknown key 'n_mv'; did you mean 'n_mc'?"}},
    {"kl:\n  n-mc: 3\n", {"2:3: unknown key 'n-mc'; did you mean 'n_mc'?"}},
    {"kl:\n  temperature: 3\n", {"2:3: unknown key 'temperature'; `klflow kl --help` lists them"}},
    {"kl:\n  output: x\n", {"2:3: 'output' belongs at the top level, beside kl:"}},
    {"kl:\ndepth: 3\n", {"2:1: 'depth' belongs under kl:"}},
    {"kl:\nzebra: 3\n", {"2:1: unknown key 'zebra'; the top level has kl"}},
    {"kl:\n  depth: 3\n  depth: 4\n", {"3:3: 'depth' is given twice"}},
    {"kl:\n  depth: 3\nkl:\n  seed: 4\n", {"3:1: 'kl' is given twice"}},
    {"kl:\n  n_mc: 1.5\n", {"2:9: n_mc must be a whole number from 1 to 1000000000000, not '1.5'"}},
    {"kl:\n  n_mc: [1, 2]\n", {"2:3: n_mc must be a whole number from 1 to 1000000000000, not a list"}},
    {"kl:\n  n_mc: {a: 1}\n", {"2:3: n_mc must be a whole number from 1 to 1000000000000, not a mapping"}},
    {"kl:\n  n_mc: '5'\n", {"2:9: n_mc must be a whole number from 1 to 1000000000000, not the quoted text '5'"}},
    {"kl:\n  n_mc:\n", {"2:3: n_mc has no value; it must be a whole number"}},
    {"kl:\n  n_mc: ~\n", {"2:9: n_mc has no value"}},
    {"kl:\n  n_mc: 0x10\n", {"2:9: n_mc must be"}},
    {"kl:\n  n_mc: 1_000\n", {"2:9: n_mc must be"}},
    {"kl:\n  var_w: .inf\n", {"2:10: var_w must be a number >= 0, not '.inf'"}},
    {"kl:\n  var_w: .nan\n", {"2:10: var_w must be a number >= 0, not '.nan'"}},
    {"kl:\n  var_w: 1.5,2.0\n", {"2:10: var_w must be a number >= 0, not '1.5,2.0'"}},
    {"kl:\n  var_w: []\n", {"2:3: var_w is an empty list"}},
    {"kl:\n  var_w: [1, -1, x]\n",
     {"2:14: var_w must be a number >= 0, not '-1'", "2:18: var_w must be a number >= 0, not 'x'"}},
    {"kl:\n  var_w:\n    - 1\n    - [2]\n", {"4:8: var_w must be a number >= 0, not a list in a list"}},
    {"kl:\n  input: [nope, 'mnist:f:x', mnist:f:3-1, mnist:f:3]\n  n_mc: 1.5\n",
     {"2:11: 'nope' does not name images", "2:17: 'mnist:f:x' does not say which image",
      "2:30: the range of images in 'mnist:f:3-1' runs backwards", "3:9: n_mc must be"}},
    {"kl:\n  statistics: dataset\n  dataset: f\n", {"3:12: 'f' does not name images"}},
    {"kl:\n  save_f_j: yes\n", {"2:13: save_f_j must be true or false, not 'yes'"}},
    {"kl:\n  save_f_j: 'true'\n", {"2:13: save_f_j must be true or false, not the quoted text 'true'"}},
    {"kl:\n  estimator: Gram\n", {"2:14: estimator must be direct, gram or both, not 'Gram'; did you mean gram?"}},
    {"kl:\n  network: ''\n", {"2:12: network must be a text that is not empty, not ''"}},
    {"kl:\n  network: \"a\\0b\"\n", {"2:12: network has a NUL character in its value"}},
    {"kl:\n  seed: &a 5\n  n_mc: *a\n", {"2:12: anchors are not used", "3:9: aliases are not used"}},
    {"kl:\n  seed: !!int 5\n", {"2:15: tags are not used in configs"}},
    {"kl: &a\n  seed: 3\n", {"1:1: anchors are not used"}},
    {"kl:\n  ? [a]\n  : 3\n", {"2:3: a key must be a plain word"}},
    {"kl:\n  network: >-\n    folded\n    name\n  dataset: |\n    x\n",
     {"2:3: a key or value must be on one line", "5:3: a key or value must be on one line"}},
    {"kl:\n  network: 'two\n   lines'\n", {"2:12: a key or value must be on one line"}},
    {"kl:\n  depth: 5\n---\nkl:\n", {"4:1: a second document begins"}},
    {"kl:\n\tdepth: 5\n", {"2:1: this is not YAML: tab character"}},
    {"kl:\n   depth: 5\n  seed: 3\n", {"3:3: this is not YAML: invalid indentation"}},
    {"kl: \"abc\n", {"1:6: this is not YAML: double-quoted scalar without closing quote"}},
    {"%YAML 9.9\n---\nkl:\n", {"1:1: this is not YAML 1.2"}},
    {"kl:\n  depth: \xff\n", {"2:10: the byte 0xff is not text in UTF-8"}},
    {"kl:\n  depth: 5 \x01\n", {"2:12: the character U+0001 is not allowed in YAML"}},
    /* rules between keys point at the key concerned */
    {"kl:\n  depth: 5\n  reference_layer: 5\n", {"3:3: reference layer 5 does not exist at depth 5"}},
    {"kl:\n  seed: 2\n  depth: 5\n  widths: [3, 3]\n", {"3:3: the 2 widths make a network of depth 2, not 5"}},
    {"kl:\n  statistics: dataset\n", {"2:3: statistics dataset needs a dataset"}},
    {"kl:\nplot: a.png\n", {"2:1: the plot is drawn from the result file, but no output file is given"}},
    {"kl:\noutput: a\nplot: a.jpeg\n", {"3:1: plot must end in .png, .svg or .pdf, unlike 'a.jpeg'"}},
    {"kl:\n  var_w: [1, 1]\n", {"2:3: var_w lists 1 twice"}},
    {"kl:\n  save_f_jk: true\n  estimator: direct\noutput: f\n", {"2:3: estimator direct does not compute f_jk"}},
    {"kl:\n  backend: ref\n  precision: fp32\n", {"3:3: backend ref computes in double, so it has no fp32"}},
    /* a refused value is no ground for a rule: depth would be the default here */
    {"kl:\n  depth: five\n  reference_layer: 40\n", {"2:10: depth must be"}},
    /* all of it in one run */
    {"kl:\n  n_mc: 1.5\n  sede: 3\n  var_w: [-1]\n  q0: 1\n  gaussian_input: 1\nplto: x\n",
     {"2:9: n_mc must be", "3:3: unknown key 'sede'; did you mean 'seed'?", "4:11: var_w must be",
      "6:3: q0 and a Gaussian input", "7:1: unknown key 'plto'; did you mean 'plot'?"}},
};

static void problems_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_files); i++) {
        loaded l;
        load(bad_files[i].text, &l);
        size_t n = 0;
        while (n < COUNT(bad_files[i].problem) && bad_files[i].problem[n] != NULL)
            n++;
        for (size_t k = 0; k < l.problems.n; k++) {
            char line[600];
            snprintf(line, sizeof line, "%d:%d: %s", l.problems.v[k].line, l.problems.v[k].column, l.problems.v[k].sentence);
            if (k >= n || strncmp(line, bad_files[i].problem[k], strlen(bad_files[i].problem[k])) != 0)
                fail_msg("file %zu\n%sproblem %zu is \"%s\"", i, bad_files[i].text, k, line);
        }
        if (l.problems.n != n || l.status != KLF_ERR_CONFIG)
            fail_msg("file %zu\n%s%zu problems of %zu, status %d", i, bad_files[i].text, l.problems.n, n, (int)l.status);
        unload(&l);
    }
}

/* However many there are, and of whatever kind, the list stays short. */
static void a_hundred_problems_are_enough(void **state)
{
    (void)state;
    enum { LINES = 150, LINE = 32 };
    const char *const formats[] = {"  unknown_%03d: 1\n", "  depth: 1 # %03d\n", "  - x # %03d\n"};
    for (size_t i = 0; i < COUNT(formats); i++) {
        loaded l;
        char   text[LINES * LINE] = "";
        size_t n = (size_t)snprintf(text, sizeof text, i < 2 ? "kl:\n" : "kl:\n  seed:\n");
        for (int k = 0; k < LINES; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, formats[i], k);
        load(text, &l);
        assert_int_equal(l.status, KLF_ERR_CONFIG);
        assert_int_equal(l.problems.n, KLF_MAX_PROBLEMS);
        assert_true(l.problems.more);
        assert_int_equal(l.problems.v[0].line, i < 2 ? 2 : 3);
        unload(&l);
    }
    loaded few;
    load("kl:\n  unknown: 1\n", &few);
    assert_true(few.problems.n == 1 && !few.problems.more);
    unload(&few);
}

static void the_command_line_wins_and_the_file_is_checked_still(void **state)
{
    (void)state;
    const char *good = "kl:\n  depth: 5\n  var_w: [1, 2]\noutput: a\n", *bad = "kl:\n  depth: -5\n";
    for (int i = 0; i < 2; i++) {
        klf_kl_config config;
        klf_problems  problems = {0};
        klf_kl_config_init(&config);
        klf_option_set set = klf_kl_option_set(&config, KLF_IN_RUN);
        assert_int_equal(klf_options_override(&set, "depth=7,8"), KLF_OK);
        const char *text = i == 0 ? good : bad;
        assert_int_equal(klf_yaml_config_load(text, strlen(text), &klf_kl_section, &set, &problems),
                         i == 0 ? KLF_OK : KLF_ERR_CONFIG);
        assert_true(config.depth.n == 2 && config.depth.v[0] == 7);
        assert_int_equal(problems.n, i);
        klf_problems_free(&problems);
        klf_kl_config_free(&config);
    }
}

static void a_rule_broken_on_the_command_line_is_no_fault_of_the_file(void **state)
{
    (void)state;
    klf_kl_config config;
    klf_problems  problems = {0};
    klf_kl_config_init(&config);
    klf_option_set set = klf_kl_option_set(&config, KLF_IN_RUN);
    assert_int_equal(klf_options_override(&set, "reference_layer=40"), KLF_OK);
    assert_int_equal(klf_yaml_config_load("kl:\n", 4, &klf_kl_section, &set, &problems), KLF_ERR_USAGE);
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.v[0].line, 0);
    klf_problems_free(&problems);
    klf_kl_config_free(&config);
}

static void a_config_reads_back_to_itself(void **state)
{
    (void)state;
    const char *const texts[] = {
        "kl:\n",
        "kl:\n  var_w: [0, 0.1, 0.30000000000000004]\n  seed: [18446744073709551615]\n  sample_seed: 0\n  threads: 3\n",
        "kl:\n  widths: [784, 31, 10]\n  chunk: 100\n  gaussian_input: 0\n  backend: ref\n",
        "kl:\n  network: 'a: \"b\" \\ #'\n  input: [\"mnist:a:1\", \"idx:x\\n\\ty:2-3\"]\noutput: '~'\nplot: '1.svg'\n",
        "kl:\n  q0: 1e-300\n  save_f_j: true\n  save_f_jk: true\n  estimator: gram\n  precision: fp64\noutput: null.h5\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        loaded first, second;
        char  *text = NULL, *again = NULL;
        load(texts[i], &first);
        if (first.status != KLF_OK)
            fail_msg("%s: %s", texts[i], klf_last_error());
        assert_int_equal(klf_kl_config_text(&first.config, &text), KLF_OK);
        load(text, &second);
        if (second.status != KLF_OK)
            fail_msg("%s: %s", text, klf_last_error());
        assert_int_equal(klf_kl_config_text(&second.config, &again), KLF_OK);
        assert_string_equal(text, again);
        for (size_t k = 0; k < KLF_KL_N_OPTIONS; k++) { /* complete: every key that is recorded is named */
            char line[64];
            snprintf(line, sizeof line, "%s: ", klf_option_key(&klf_kl_options[k]).text);
            if ((klf_kl_options[k].where & KLF_IN_RECORD) != 0 && strstr(text, line) == NULL)
                fail_msg("no %s in\n%s", line, text);
        }
        free(text);
        free(again);
        unload(&first);
        unload(&second);
    }
}

/* A file for another section than kl: its status, and its first problem as "line:column: words". */
static klf_status load_any(const char *text, char *problem, size_t size)
{
    const klf_section *section = klf_yaml_config_section(text, strlen(text));
    void              *config = calloc(1, section->config_size);
    klf_problems       problems = {0};
    assert_int_equal(section->init(config), KLF_OK);
    klf_option_set set = klf_section_options(section, config, KLF_IN_RUN);
    klf_status     st = klf_yaml_config_load(text, strlen(text), section, &set, &problems);
    problem[0] = '\0';
    if (problems.n > 0)
        snprintf(problem, size, "%d:%d: %s", problems.v[0].line, problems.v[0].column, problems.v[0].sentence);
    klf_problems_free(&problems);
    section->free(config);
    free(config);
    return st;
}

static void every_section_has_its_own_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } files[] = {
        {"ising1d:\n  coupling: [0.5, 1:2:3]\n", NULL},
        {"ising1d:\n  coupling: 0.1:1:10\noutput: a.h5\nplot: a.png\n", NULL},
        {"output: a.h5\nising1d: {coupling: -1, steps: 3}\n", NULL},
        {"ising1d:\n", "1:1: ising1d needs a coupling, such as 0.7"},
        {"ising1d:\n  coupling: '1:2:3'\n", "2:13: coupling must be a finite number, not the quoted text '1:2:3'"},
        {"ising1d:\n  coupling: [1, 1:2]\n", "2:17: coupling must be a finite number or START:STOP:COUNT"},
        {"ising1d:\n  coupling: [1, 0:2:3]\n", "2:3: coupling lists 1 twice"},
        {"ising1d:\n  n_mc: 3\n  coupling: 1\n", "2:3: unknown key 'n_mc'; `klflow ising1d --help` lists them"},
        {"ising1d:\n  coupling: 1\n  ring: 7\n", "3:3: a ring of 7 spins cannot lose every second one"},
        {"ising1d:\n  coupling: 1\n  output: a\n", "3:3: 'output' belongs at the top level, beside ising1d:"},
        {"ising1d:\n  coupling: 1\nplot: a.png\n", "3:1: the plot is drawn from the result file"},
        {"isng1d:\n  coupling: 1\n", "1:1: unknown key 'isng1d'; did you mean 'ising1d'?"},
        {"ising1d:\n  coupling: 1\nkl:\n", "3:1: a file has one section, and this one has ising1d: already"},
        {"kl:\nising1d:\n  coupling: 1\n", "2:1: a file has one section, and this one has kl: already"},
        {"ising2d:\n  coupling: 0.5\n  scheme: wilsn\n",
         "3:11: scheme must be alpha, maris-kadanoff, naive or wilson, not 'wilsn'"},
        {"ising2d:\n  coupling: 0.5\n  constants: true\n", "3:3: unknown key 'constants'"},
        {"meanfield:\n  var_w: 1:2:3\n  var_b: [0, 0.1]\noutput: a.h5\n", NULL},
        {"meanfield:\n  var_w: 1\n", "1:1: meanfield needs var_w and var_b"},
        {"meanfield:\n  var_w: 1:2:2000\n  var_b: 0:1:2000\n", "2:3: the grid has 2000 x 2000 points"},
        {"ising1d: 1\n", "1:1: ising1d must hold keys and values, one a line (  coupling: ...)"},
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        char       problem[600];
        klf_status st = load_any(files[i].text, problem, sizeof problem);
        if (files[i].problem == NULL
                ? st != KLF_OK
                : st != KLF_ERR_CONFIG || strncmp(problem, files[i].problem, strlen(files[i].problem)) != 0)
            fail_msg("%s: status %d, \"%s\"", files[i].text, (int)st, problem);
    }
}

static void a_file_that_cannot_be_read_is_missing_input(void **state)
{
    (void)state;
    char  *text;
    size_t length;
    assert_int_equal(klf_read_config_file("/nonexistent/a.yaml", &text, &length), KLF_ERR_NOINPUT);
    assert_int_equal(klf_read_config_file("/", &text, &length), KLF_ERR_NOINPUT);
    assert_int_equal(klf_read_config_file("/dev/zero", &text, &length), KLF_ERR_CONFIG);
    assert_int_equal(klf_read_config_file("/dev/null", &text, &length), KLF_OK);
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_is_read),
        cmocka_unit_test(problems_have_their_place),
        cmocka_unit_test(a_hundred_problems_are_enough),
        cmocka_unit_test(the_command_line_wins_and_the_file_is_checked_still),
        cmocka_unit_test(a_rule_broken_on_the_command_line_is_no_fault_of_the_file),
        cmocka_unit_test(a_config_reads_back_to_itself),
        cmocka_unit_test(every_section_has_its_own_keys),
        cmocka_unit_test(a_file_that_cannot_be_read_is_missing_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
