/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of `klflow ising2d` and the rules between them. */
#include "run/ising2d_run.h"

#include "run/config_text.h"
#include "run/numbers.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

const char *const klf_ising2d_scheme_names[] = {"alpha", "maris-kadanoff", "naive", "wilson", NULL};

static_assert(sizeof(klf_ising2d_scheme) == sizeof(int), "options store choices as int");
static_assert(KLF_ISING2D_ALPHA == 0 && KLF_ISING2D_MARIS_KADANOFF == 1 && KLF_ISING2D_NAIVE == 2 && KLF_ISING2D_WILSON == 3,
              "choices are in the order of their enum");

enum { COMPUTED = KLF_IN_COMMAND | KLF_IN_SECTION | KLF_IN_RECORD };

#define AT(field) .offset = offsetof(klf_ising2d_config, field)
#define GIVEN(field) .given_offset = offsetof(klf_ising2d_config, field)

static klf_status check_torus_text(const char *text)
{
    size_t width, height;
    return klf_ising2d_torus_sides(text, &width, &height);
}

static const klf_option table[] = {
    {.name = "coupling",
     AT(coupling),
     .type = KLF_OPTION_REALS,
     .where = COMPUTED,
     .either_sign = true,
     .metavar = "K,...",
     .unit = "1",
     .otherwise = "needed",
     .help =
         "coupling K of neighbours before the first step, in units of the temperature; below 0 an antiferromagnet; several as "
         "0.3,0.5 or START:STOP:COUNT"},
    {.name = "steps",
     AT(steps),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 0,
     .max = KLF_ISING2D_MAX_STEPS,
     .metavar = "N",
     .unit = "steps",
     .value = "12",
     .help = "decimation steps"},
    {.name = "scheme",
     AT(scheme),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = klf_ising2d_scheme_names,
     .metavar = "NAME",
     .unit = "1",
     .value = "alpha",
     .help =
         "how a step's couplings are cut down to few: alpha (2.43), maris-kadanoff (2.39) and naive (2.38b) keep one, wilson "
         "two, K and L"},
    {.name = "alpha",
     AT(alpha),
     GIVEN(alpha_given),
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     .positive = true,
     .metavar = "A",
     .unit = "1",
     .otherwise = "alpha* = 1.6045...",
     .help = "alpha of scheme alpha; alpha* is the one whose fixed point is the exact K_c"},
    {.name = "cylinder",
     AT(cylinder),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 2,
     .max = 1000,
     .metavar = "L",
     .unit = "sites",
     .otherwise = "none",
     .help =
         "also exact results for an infinite cylinder of circumference L, even, and the plane extrapolated from it and smaller "
         "ones; 10 takes seconds, 16 half a minute"},
    {.name = "torus",
     AT(torus),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .check = check_torus_text,
     .metavar = "AxB",
     .unit = "sites",
     .otherwise = "none",
     .help = "also exact results for a torus of A x B sites, both even, as far as both can be halved"},
    {.name = "constants",
     AT(constants),
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .value = "false",
     .help = "instead of a coupling: fixed points, critical couplings and exponents of the schemes"},
    {.name = "s-only",
     AT(s_only),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "keep s alone in the result file: a million couplings a second, nothing on stdout"},
    KLF_SWEEP_OUTPUT_ROWS(offsetof(klf_ising2d_config, output)),
};

static klf_status init(void *config)
{
    klf_option_set set = klf_section_options(&klf_ising2d_section, config, KLF_IN_SECTION);
    return klf_options_init(&set);
}

static void release(void *config)
{
    klf_option_set set = klf_section_options(&klf_ising2d_section, config, KLF_IN_SECTION);
    klf_options_free(&set);
}

/* Of another scheme alpha is none of the user's. */
static const char *reason_to_omit(const klf_option *option, const void *target)
{
    const klf_ising2d_config *config = target;
    return option->offset == offsetof(klf_ising2d_config, alpha) && config->scheme != KLF_ISING2D_ALPHA ? "that of the scheme"
                                                                                                        : NULL;
}

static klf_status text(const void *config, char **out)
{
    return klf_config_text_write(&klf_ising2d_section, config, reason_to_omit, NULL, out);
}

static void check_couplings(klf_rules *rules, const klf_list_real *coupling)
{
    char number[KLF_REAL_TEXT];
    if (coupling->n == 0)
        klf_rule_broken(rules, "coupling", NULL, "ising2d needs a coupling, such as 0.5, or as a command --constants");
    for (size_t i = 0; i < coupling->n; i++)
        if (fabs(coupling->v[i]) > KLF_ISING2D_MAX_COUPLING) {
            klf_format_real(coupling->v[i], number);
            klf_rule_broken(rules, "coupling", NULL, "coupling must be between -%g and %g, not %s", KLF_ISING2D_MAX_COUPLING,
                            KLF_ISING2D_MAX_COUPLING, number);
            break;
        }
    klf_rule_reals(rules, "coupling", coupling, KLF_SWEEP_MAX_LIST);
}

static void check_alpha(klf_rules *rules, const klf_ising2d_config *config)
{
    if (config->alpha_given && config->scheme != KLF_ISING2D_ALPHA)
        klf_rule_broken(rules, "alpha", "scheme",
                        "alpha goes with scheme alpha: maris-kadanoff is alpha = 1.5, naive is alpha = 1, and wilson has none");
    if (config->alpha_given && config->alpha > KLF_ISING2D_MAX_ALPHA)
        klf_rule_broken(rules, "alpha", NULL, "alpha must be at most %g; alpha* is 1.6045", KLF_ISING2D_MAX_ALPHA);
}

/* The sentence that came with a failure. */
static void check_lattice(klf_rules *rules, const char *key, klf_status status)
{
    char sentence[400];
    if (status == KLF_OK)
        return;
    snprintf(sentence, sizeof sentence, "%s", klf_last_error());
    klf_rule_broken(rules, key, NULL, "%s", sentence);
}

static klf_status check(void *target, klf_complaint *complain, void *arg)
{
    const klf_ising2d_config *config = target;
    klf_rules                 rules = {.complain = complain, .arg = arg};
    if (config->constants) {
        if (config->coupling.n > 0 || config->alpha_given || config->scheme != KLF_ISING2D_ALPHA || config->cylinder != 0 ||
            config->torus != NULL || config->output.file != NULL)
            klf_rule_broken(&rules, "constants", NULL,
                            "--constants are those of all schemes and of no coupling: leave out --coupling, --scheme, --alpha, "
                            "--cylinder, --torus and --output");
        return rules.status;
    }
    check_couplings(&rules, &config->coupling);
    check_alpha(&rules, config);
    if (config->s_only && config->output.file == NULL)
        klf_rule_broken(&rules, "s_only", "output", "s_only is about the result file, but no output file is given");
    if (config->s_only &&
        (config->scheme == KLF_ISING2D_WILSON || config->output.json || config->cylinder != 0 || config->torus != NULL))
        klf_rule_broken(&rules, "s_only", NULL,
                        "s_only leaves no room for scheme wilson, cylinder, torus or json: leave them out");
    klf_ising2d_lattice_request lattices = klf_ising2d_lattices_of(config);
    check_lattice(&rules, "cylinder", klf_ising2d_cylinder_request_check(&lattices));
    check_lattice(&rules, "torus", klf_ising2d_torus_request_check(&lattices));
    klf_sweep_check_output(&rules, &config->output);
    return rules.status;
}

const klf_section klf_ising2d_section = {.name = "ising2d",
                                         .table = table,
                                         .n = sizeof table / sizeof table[0],
                                         .config_size = sizeof(klf_ising2d_config),
                                         .config_file = offsetof(klf_ising2d_config, output.config_file),
                                         .init = init,
                                         .free = release,
                                         .check = check,
                                         .text = text};
