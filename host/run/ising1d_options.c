/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of `klflow ising1d` and the rules between them. */
#include "run/ising1d_run.h"

#include "run/config_text.h"
#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

enum { COMPUTED = KLF_IN_COMMAND | KLF_IN_SECTION | KLF_IN_RECORD };

#define AT(field) .offset = offsetof(klf_ising1d_config, field)
#define GIVEN(field) .given_offset = offsetof(klf_ising1d_config, field)

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
         "0.5,1 or START:STOP:COUNT"},
    {.name = "steps",
     AT(steps),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 0,
     .max = KLF_ISING1D_MAX_STEPS,
     .metavar = "N",
     .unit = "steps",
     .value = "12",
     .help = "decimation steps"},
    {.name = "field",
     AT(field),
     GIVEN(field_given),
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     .either_sign = true,
     .metavar = "K2",
     .unit = "1",
     .otherwise = "none",
     .help = "magnetic field a site in the same units, K2 of (A.2)"},
    {.name = "ring",
     AT(ring),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 2,
     .max = (uint64_t)1 << 40,
     .metavar = "N",
     .unit = "spins",
     .otherwise = "none",
     .help = "also the exact result for a periodic ring of N spins, as far as N can be halved"},
    {.name = "enumerate",
     AT(enumerate),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "also that ring by definition (2.5), from the probabilities of its 2^N states; N up to 20"},
    {.name = "expansions",
     AT(expansions),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "also the expansions for small and large K, (2.25) to (2.30) without their slips"},
    {.name = "s-only",
     AT(s_only),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "keep s and its limit alone in the result file: a million couplings a second, nothing on stdout"},
    KLF_SWEEP_OUTPUT_ROWS(offsetof(klf_ising1d_config, output)),
};

static klf_status init(void *config)
{
    klf_option_set set = klf_section_options(&klf_ising1d_section, config, KLF_IN_SECTION);
    return klf_options_init(&set);
}

static void release(void *config)
{
    klf_option_set set = klf_section_options(&klf_ising1d_section, config, KLF_IN_SECTION);
    klf_options_free(&set);
}

static klf_status text(const void *config, char **out)
{
    return klf_config_text_write(&klf_ising1d_section, config, NULL, NULL, out);
}

static bool check_size(klf_rules *rules, const char *key, double value)
{
    char number[KLF_REAL_TEXT];
    if (fabs(value) <= KLF_ISING1D_MAX_COUPLING)
        return true;
    klf_format_real(value, number);
    klf_rule_broken(rules, key, NULL, "%s must be between -%g and %g, not %s", key, KLF_ISING1D_MAX_COUPLING,
                    KLF_ISING1D_MAX_COUPLING, number);
    return false;
}

static void check_ring(klf_rules *rules, const klf_ising1d_config *config)
{
    if (config->ring == 0 && config->enumerate)
        klf_rule_broken(rules, "enumerate", NULL, "enumerate goes over all states of a ring: give ring too, with N up to %d",
                        KLF_ISING1D_MAX_ENUMERATED);
    if (config->ring % 2 != 0)
        klf_rule_broken(rules, "ring", NULL, "a ring of %" PRIu64 " spins cannot lose every second one: ring must be even",
                        config->ring);
    if (config->enumerate && config->ring > KLF_ISING1D_MAX_ENUMERATED)
        klf_rule_broken(rules, "enumerate", "ring",
                        "enumerate goes over all 2^N states and takes a ring of %d spins at most, not %" PRIu64
                        "; without it ring is exact too",
                        KLF_ISING1D_MAX_ENUMERATED, config->ring);
}

static klf_status check(void *target, klf_complaint *complain, void *arg)
{
    const klf_ising1d_config *config = target;
    klf_rules                 rules = {.complain = complain, .arg = arg};
    if (config->coupling.n == 0)
        klf_rule_broken(&rules, "coupling", NULL, "ising1d needs a coupling, such as 0.7");
    for (size_t i = 0; i < config->coupling.n; i++)
        if (!check_size(&rules, "coupling", config->coupling.v[i]))
            break;
    klf_rule_reals(&rules, "coupling", &config->coupling, KLF_SWEEP_MAX_LIST);
    check_size(&rules, "field", config->field);
    if (config->expansions && config->field != 0.0)
        klf_rule_broken(&rules, "expansions", "field", "expansions are for a chain without a field: leave out field");
    check_ring(&rules, config);
    if (config->s_only && config->output.file == NULL)
        klf_rule_broken(&rules, "s_only", "output", "s_only is about the result file, but no output file is given");
    if (config->s_only && (config->ring != 0 || config->field_given || config->expansions || config->output.json))
        klf_rule_broken(&rules, "s_only", NULL, "s_only leaves no room for ring, field, expansions or json: leave them out");
    klf_sweep_check_output(&rules, &config->output);
    return rules.status;
}

const klf_section klf_ising1d_section = {.name = "ising1d",
                                         .table = table,
                                         .n = sizeof table / sizeof table[0],
                                         .config_size = sizeof(klf_ising1d_config),
                                         .config_file = offsetof(klf_ising1d_config, output.config_file),
                                         .init = init,
                                         .free = release,
                                         .check = check,
                                         .text = text};
