/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table of the options of `klflow kl`. The order is that of --help, of the effective config and of docs/config.md. */
#include "run/kl_options.h"

#include "backend/backends.h"
#include "core/cpu_count.h"
#include "klflow/images.h"

#include <assert.h>
#include <stddef.h>

static const char *const architectures[] = {"wide", "taper", NULL};
static const char *const estimators[] = {"direct", "gram", "both", NULL};
static const char *const precisions[] = {"fp64", "fp32", "tf32x3", "tf32", "fp16", "bf16", NULL};
static const char *const formats[] = {"fp64", "fp32", "tf32", "fp16", "bf16", NULL};
static const char *const statistics[] = {"input", "dataset", "theory", NULL};
static const char *const references[] = {"ref", "cpu", NULL};
static const char *const backend_misnomers[] = {"gpu", "cuda", NULL}; /* cpu is but a letter away */

static_assert(sizeof(klf_architecture) == sizeof(int) && sizeof(klf_estimator) == sizeof(int) &&
                  sizeof(klf_precision) == sizeof(int) && sizeof(klf_format) == sizeof(int) &&
                  sizeof(klf_statistics) == sizeof(int),
              "options store choices as int");
static_assert(KLF_WIDE == 0 && KLF_TAPER == 1 && KLF_DIRECT == 0 && KLF_GRAM == 1 && KLF_BOTH == 2 && KLF_FP64 == 0 &&
                  KLF_FP32 == 1 && KLF_TF32X3 == 2 && KLF_TF32 == 3 && KLF_FP16 == 4 && KLF_BF16 == 5 && KLF_FORMAT_FP64 == 0 &&
                  KLF_FORMAT_FP32 == 1 && KLF_FORMAT_TF32 == 2 && KLF_FORMAT_FP16 == 3 && KLF_FORMAT_BF16 == 4 &&
                  KLF_STATS_INPUT == 0 && KLF_STATS_DATASET == 1 && KLF_STATS_THEORY == 2,
              "choices are in the order of their enums");

static klf_status check_images(const char *text, bool need_index)
{
    klf_image_spec spec;
    klf_status     st = klf_image_spec_parse(text, need_index, &spec);
    klf_image_spec_free(&spec);
    return st;
}

static klf_status check_input(const char *text)
{
    return check_images(text, true);
}

static klf_status check_dataset(const char *text)
{
    return check_images(text, false);
}

#define AT(field) .offset = offsetof(klf_kl_config, field)
#define GIVEN(field) .given_offset = offsetof(klf_kl_config, field)

enum {
    COMPUTED = KLF_IN_KL | KLF_IN_SECTION | KLF_IN_RECORD,
    COMPUTED_OR_RUN = COMPUTED | KLF_IN_RUN,
    REPORTING = KLF_IN_KL | KLF_IN_RUN | KLF_IN_SECTION,
};

/* Bounds that no machine reaches, so that sizes computed from them cannot overflow. n_mc: a sample's index has 56 bits. */
#define MAX_SAMPLES UINT64_C(1000000000000)
#define MAX_WIDTH UINT64_C(1000000)
#define MAX_OTHER UINT64_C(1000000)

const klf_option klf_kl_options[KLF_KL_N_OPTIONS] = {
    {.name = "depth",
     AT(depth),
     .type = KLF_OPTION_WHOLES,
     .where = COMPUTED,
     .min = 2,
     .max = KLF_MAX_DEPTH,
     .metavar = "N,...",
     .unit = "layers",
     .value = "30",
     .help = "number of linear maps, and so of layers",
     .group = "Network (lists, as in --var-w 1.5,2.0, span a grid)"},
    {.name = "var-w",
     AT(var_w),
     .type = KLF_OPTION_REALS,
     .where = COMPUTED,
     .metavar = "X,...",
     .unit = "1",
     .value = "1.5",
     .help = "variance of a weight times the fan-in of its layer"},
    {.name = "var-b",
     AT(var_b),
     .type = KLF_OPTION_REALS,
     .where = COMPUTED,
     .metavar = "X,...",
     .unit = "1",
     .value = "0.05",
     .help = "variance of a bias"},
    {.name = "seed",
     AT(seed),
     .type = KLF_OPTION_WHOLES,
     .where = COMPUTED,
     .max = UINT64_MAX,
     .metavar = "N,...",
     .unit = "1",
     .value = "1",
     .help = "seed of weights and biases"},
    {.name = "architecture",
     AT(architecture),
     GIVEN(architecture_given),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = architectures,
     .metavar = "NAME",
     .unit = "1",
     .value = "wide",
     .help = "widths: wide = 784 x (depth - 2), 400, 10; taper = 784 down to 10"},
    {.name = "widths",
     AT(widths),
     .type = KLF_OPTION_WHOLES,
     .where = COMPUTED,
     .min = 1,
     .max = MAX_WIDTH,
     .metavar = "N,N,...",
     .unit = "neurons",
     .otherwise = "by architecture and depth",
     .help = "explicit widths of the layers; sets the depth"},
    {.name = "network",
     AT(network),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .metavar = "FILE",
     .unit = "path",
     .otherwise = "drawn",
     .help = "load the network from an HDF5 file, which fixes all of the above; a seed is then that of the samples"},
    {.name = "save-network",
     AT(save_network),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .metavar = "FILE",
     .unit = "path",
     .otherwise = "not saved",
     .help = "save the one network of the run to an HDF5 file"},

    {.name = "input",
     AT(input),
     .type = KLF_OPTION_TEXTS,
     .where = COMPUTED,
     .metavar = "IMAGES",
     .unit = "images",
     .otherwise = "no image: q0",
     .check = check_input,
     .group = "Input (one of --input, --q0, --gaussian-input)",
     .help = "mnist:FILE:INDEX or mnist:FILE:FIRST-LAST: images of an IDX file, plain or .gz; idx: is a synonym; a range gives "
             "mean and scatter; repeated, it spans a grid"},
    {.name = "q0",
     AT(q0),
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     .positive = true,
     .metavar = "X",
     .unit = "1",
     .otherwise = "0.1 var_w + var_b",
     .help = "no input: layer 0 is N(0, q0)"},
    {.name = "gaussian-input",
     AT(gaussian_input),
     .type = KLF_OPTION_REAL,
     .where = COMPUTED,
     .metavar = "X",
     .unit = "1",
     .otherwise = "none",
     .help = "a synthetic Gaussian input of this mean square"},

    {.name = "n-mc",
     AT(n_mc),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 1,
     .max = MAX_SAMPLES,
     .metavar = "N",
     .unit = "samples",
     .value = "10000",
     .help = "number of Monte Carlo samples; 1e5 is a whole number too",
     .group = "Computation"},
    {.name = "sample-seed",
     AT(sample_seed),
     GIVEN(sample_seed_given),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .max = UINT64_MAX,
     .metavar = "N",
     .unit = "1",
     .otherwise = "the network's seed",
     .help = "seed of the Monte Carlo samples"},
    {.name = "estimator",
     AT(estimator),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = estimators,
     .metavar = "NAME",
     .unit = "1",
     .value = "both",
     .help = "of Q: direct (mean of |z - mu|^2), gram (from f_j and f_jk by (3.34), 1.5 times the work), or both: each "
             "checks the other, and KL is from direct"},
    {.name = "precision",
     AT(precision),
     GIVEN(precision_given),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = precisions,
     .metavar = "NAME",
     .unit = "1",
     .value = "fp32",
     .help = "of the samples (sums are in double): fp64, fp32, its equal tf32x3, or the fast tf32, fp16, bf16, which round "
             "activations; backend ref is fp64, or double with rounded activations"},
    {.name = "weight-format",
     AT(weight_format),
     GIVEN(weight_format_given),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = formats,
     .metavar = "NAME",
     .unit = "1",
     .otherwise = "by precision",
     .help =
         "round the weights to this first and call that the network, which any precision and backend can run; by precision: "
         "a network drawn for tf32, fp16 or bf16 is rounded to that, others stay as they are"},
    {.name = "backend",
     AT(backend),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .choices = klf_backend_choices,
     .unlisted = klf_backend_unlisted,
     .misnomers = backend_misnomers,
     .metavar = "NAME",
     .unit = "1",
     .value = "cpu",
     .help = "ref (slow, the oracle), cpu, cuda, or auto (cuda if it works)"},
    {.name = "compare",
     AT(compare),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .choices = references,
     .metavar = "NAME",
     .unit = "1",
     .otherwise = "no comparison",
     .help = "run the same networks and samples on backend ref (slow) or cpu too, in fp64, and compare: exit code 1 where "
             "they differ by more than rounding"},
    {.name = "reference-layer",
     AT(reference_layer),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .max = KLF_MAX_DEPTH - 1,
     .metavar = "N",
     .unit = "layer",
     .value = "0",
     .help = "layer of the reference distribution; it and those above are reported"},
    {.name = "statistics",
     AT(statistics),
     .type = KLF_OPTION_CHOICE,
     .where = COMPUTED,
     .choices = statistics,
     .metavar = "NAME",
     .unit = "1",
     .value = "input",
     .help = "mean and variance of a layer: input (over its neurons, for the input), dataset (pooled over the "
             "images of --dataset) or theory (mean field)"},
    {.name = "dataset",
     AT(dataset),
     .type = KLF_OPTION_TEXT,
     .where = COMPUTED,
     .metavar = "IMAGES",
     .unit = "images",
     .otherwise = "none",
     .check = check_dataset,
     .help = "mnist:FILE or mnist:FILE:FIRST-LAST, for --statistics dataset"},
    {.name = "ensemble",
     AT(ensemble),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 1,
     .max = MAX_OTHER,
     .metavar = "N",
     .unit = "networks",
     .value = "1",
     .help = "networks a point, seeds seed .. seed + N - 1: their mean, and their scatter beside the Monte Carlo error"},
    {.name = "threads",
     AT(threads),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED_OR_RUN,
     .min = 1,
     .max = KLF_MAX_THREADS,
     .metavar = "N",
     .unit = "threads",
     .otherwise = "OMP_NUM_THREADS, or the usable cores",
     .help = "worker threads"},
    {.name = "chunk",
     AT(chunk),
     .type = KLF_OPTION_WHOLE,
     .where = COMPUTED,
     .min = 1,
     .max = MAX_OTHER,
     .metavar = "N",
     .unit = "samples",
     .otherwise = "the backend's choice",
     .help = "samples that go through the layers together"},

    {.name = "output",
     .letter = 'o',
     AT(output),
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_KL | KLF_IN_RUN | KLF_IN_TOP | KLF_IN_RECORD,
     .metavar = "FILE",
     .unit = "path",
     .otherwise = "no file",
     .help = "write the results to this HDF5 file",
     .group = "Output"},
    {.name = "plot",
     AT(plot),
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_TOP | KLF_IN_RECORD,
     .metavar = "FILE",
     .unit = "path",
     .otherwise = "no picture",
     .help = "draw the result file's KL per neuron: .png, .svg or .pdf"},
    {.name = "save-f-j",
     AT(save_f_j),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "keep f_j, the means of tanh(z_j), in the result file"},
    {.name = "save-f-jk",
     AT(save_f_jk),
     .type = KLF_OPTION_FLAG,
     .where = COMPUTED,
     .unit = "1",
     .value = "false",
     .help = "keep f_jk, the means of tanh(z_j) tanh(z_k), there: 4.9 MB a layer"},
    {.name = "force",
     AT(force),
     .type = KLF_OPTION_FLAG,
     .where = REPORTING,
     .unit = "1",
     .value = "false",
     .help = "overwrite files that exist"},
    {.name = "json",
     AT(json),
     .type = KLF_OPTION_FLAG,
     .where = REPORTING,
     .unit = "1",
     .value = "false",
     .help = "print one line of JSON a point instead of a table"},
    {.name = "quiet",
     AT(quiet),
     .type = KLF_OPTION_FLAG,
     .where = REPORTING,
     .unit = "1",
     .value = "false",
     .help = "no progress and no notes on stderr; errors stay"},
    {.name = "dry-run",
     AT(dry_run),
     .type = KLF_OPTION_FLAG,
     .where = REPORTING,
     .unit = "1",
     .value = "false",
     .help = "check everything and print the plan; compute nothing"},
};

klf_option_set klf_kl_option_set(klf_kl_config *config, unsigned where)
{
    return (klf_option_set){.table = klf_kl_options, .n = KLF_KL_N_OPTIONS, .where = where, .target = config};
}
