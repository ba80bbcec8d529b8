/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of `klflow meanfield` and the rules between them. */
#include "run/meanfield_run.h"

#include "run/config_text.h"
#include "run/numbers.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

const char *const klf_target_conventions[] = {"theory", "data", "samples", "reference-in-q", NULL};

static_assert(sizeof(klf_target_convention) == sizeof(int), "options store choices as int");

enum { COMPUTED = KLF_IN_COMMAND | KLF_IN_SECTION | KLF_IN_RECORD };

#define AT(field) .offset = offsetof(klf_meanfield_config, field)
#define GIVEN(field) .given_offset = offsetof(klf_meanfield_config, field)

static const klf_option table[] = {
    {.name = "var-w",
     .type = KLF_OPTION_REALS,
     .where = COMPUTED,
     AT(var_w),
     .positive = true,
     .metavar = "W,...",
     .unit = "1",
     .otherwise = "needed",
     .help = "variance of the weights times fan_in, sigma_w^2; several as 1.5,2 or START:STOP:COUNT, which with those of "
             "var_b span a grid"},
    {.name = "var-b",
     .type = KLF_OPTION_REALS,
     .where = COMPUTED,
     AT(var_b),
     .metavar = "B,...",
     .unit = "1",
     .otherwise = "needed",
     .help = "variance of the biases, sigma_b^2"},
    {.name = "critical-line",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(klf_meanfield_config, critical_line),
     .value = "false",
     .help = "the points between the phases that have the given --var-b, or the given --var-w"},
    {.name = "q0",
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     AT(q0),
     GIVEN(q0_given),
     .positive = true,
     .metavar = "V",
     .unit = "1",
     .otherwise = "0.1 var_w + var_b",
     .help = "variance of the reference layer",
     .group = "KL layer by layer, with any of these"},
    {.name = "layers",
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     AT(layers),
     GIVEN(layers_given),
     .min = 1,
     .max = KLF_MEANFIELD_MAX_LAYERS,
     .metavar = "L",
     .unit = "layers",
     .otherwise = "30",
     .help = "layers 0 .. L - 1, 0 the reference layer"},
    {.name = "mean",
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     AT(mean),
     GIVEN(mean_given),
     .either_sign = true,
     .metavar = "MU",
     .unit = "1",
     .otherwise = "0",
     .help = "mean of the reference layer"},
    {.name = "convention",
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     AT(convention),
     GIVEN(convention_given),
     .choices = klf_target_conventions,
     .metavar = "NAME",
     .unit = "1",
     .otherwise = "theory",
     .help = "whose variance a layer as target has: theory, that of (3.3) from V on; data, measured over its neurons for one "
             "input: (3.3) from V + MU^2; samples, of each neuron over inputs, q (1 - rho); reference-in-q, data with Q over "
             "the variance of the reference, an error of the paper's first code"},
    KLF_SWEEP_OUTPUT_ROWS(offsetof(klf_meanfield_config, output)),
};

static klf_status init(void *config)
{
    klf_option_set set = klf_section_options(&klf_meanfield_section, config, KLF_IN_SECTION);
    return klf_options_init(&set);
}

static void release(void *config)
{
    klf_option_set set = klf_section_options(&klf_meanfield_section, config, KLF_IN_SECTION);
    klf_options_free(&set);
}

static klf_status text(const void *config, char **out)
{
    return klf_config_text_write(&klf_meanfield_section, config, NULL, NULL, out);
}

static bool check_variance(klf_rules *rules, const char *key, double value, bool may_be_zero)
{
    char number[KLF_REAL_TEXT];
    if ((value >= KLF_MEANFIELD_MIN_VARIANCE && value <= KLF_MEANFIELD_MAX_VARIANCE) || (may_be_zero && value == 0.0))
        return true;
    klf_format_real(value, number);
    klf_rule_broken(rules, key, NULL, "%s is a variance and must be %sbetween %g and %g, not %s", key,
                    may_be_zero ? "0 or " : "", KLF_MEANFIELD_MIN_VARIANCE, KLF_MEANFIELD_MAX_VARIANCE, number);
    return false;
}

static void check_variances(klf_rules *rules, const char *key, const klf_list_real *list, bool may_be_zero)
{
    for (size_t i = 0; i < list->n; i++)
        if (!check_variance(rules, key, list->v[i], may_be_zero))
            break;
    klf_rule_reals(rules, key, list, KLF_SWEEP_MAX_LIST);
}

static void check_line(klf_rules *rules, const klf_meanfield_config *config)
{
    char number[KLF_REAL_TEXT];
    if ((config->var_w.n > 0) == (config->var_b.n > 0))
        klf_rule_broken(rules, "critical_line", NULL,
                        "--critical-line finds var_w for a var_b or var_b for a var_w: give one of --var-b and --var-w");
    if (klf_meanfield_has_curve(config))
        klf_rule_broken(rules, "critical_line", NULL,
                        "--critical-line prints no curve: leave out --q0, --mean, --layers and --convention");
    if (config->output.file != NULL)
        klf_rule_broken(rules, "output", NULL,
                        "--critical-line writes no file: that of a grid has the line as critical_var_w, for its every var_b");
    for (size_t i = 0; i < config->var_w.n; i++)
        if (config->var_w.v[i] < 1.0) {
            klf_format_real(config->var_w.v[i], number);
            klf_rule_broken(rules, "var_w", NULL,
                            "no point below var_w = 1 is critical: with --critical-line --var-w must be at least 1, not %s",
                            number);
            break;
        }
}

static klf_status check(void *target, klf_complaint *complain, void *arg)
{
    const klf_meanfield_config *config = target;
    klf_rules                   rules = {.complain = complain, .arg = arg};
    char                        number[KLF_REAL_TEXT];
    check_variances(&rules, "var_w", &config->var_w, false);
    check_variances(&rules, "var_b", &config->var_b, true);
    if (config->q0_given)
        check_variance(&rules, "q0", config->q0, false);
    if (!(fabs(config->mean) <= KLF_MEANFIELD_MAX_MEAN)) {
        klf_format_real(config->mean, number);
        klf_rule_broken(&rules, "mean", NULL, "mean must be between -%g and %g, not %s", KLF_MEANFIELD_MAX_MEAN,
                        KLF_MEANFIELD_MAX_MEAN, number);
    }
    if (config->critical_line)
        check_line(&rules, config);
    else if (config->var_w.n == 0 || config->var_b.n == 0)
        klf_rule_broken(&rules, config->var_w.n == 0 ? "var_w" : "var_b", NULL,
                        "meanfield needs var_w and var_b, such as 1.5 and 0.05; or as a command --critical-line with one of "
                        "the two");
    if ((double)config->var_w.n * (double)config->var_b.n > KLF_SWEEP_MAX_LIST)
        klf_rule_broken(&rules, "var_w", "var_b", "the grid has %zu x %zu points; a run takes up to %d", config->var_w.n,
                        config->var_b.n, KLF_SWEEP_MAX_LIST);
    klf_sweep_check_output(&rules, &config->output);
    return rules.status;
}

const klf_section klf_meanfield_section = {.name = "meanfield",
                                           .table = table,
                                           .n = sizeof table / sizeof table[0],
                                           .config_size = sizeof(klf_meanfield_config),
                                           .config_file = offsetof(klf_meanfield_config, output.config_file),
                                           .init = init,
                                           .free = release,
                                           .check = check,
                                           .text = text};
