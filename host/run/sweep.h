/* SPDX-License-Identifier: BSD-3-Clause */
/* Sweeps over what is computed at once, point by point: the Ising models and the mean field. A kind of sweep is data: its
 * section, the quantities of a point, and a function that computes one. From it come the result file, the dry run and `klflow
 * run`.
 *
 *     st = klf_sweep_run(&klf_ising1d_sweep_kind, &config, &hooks);
 *
 * The axes of a kind are those of the points (coupling; or var_w and var_b), the last one fastest, then the inner ones (step),
 * along which a quantity of one point may be an array. */
#ifndef KLFLOW_RUN_SWEEP_H
#define KLFLOW_RUN_SWEEP_H

#include "core/cpu_count.h"
#include "run/rules.h"
#include "store/sweep_file.h"

#include <signal.h>

/* What every config of a sweep has, for klf_sweep_output_rows. */
typedef struct klf_sweep_output {
    char       *file, *plot; /* NULL: none */
    const char *config_file; /* not owned */
    uint64_t    threads;     /* 0: the usable cores */
    bool        force, json, quiet, dry_run;
} klf_sweep_output;

/* The rows of an option table that fill it. `at` is offsetof(config, the klf_sweep_output). */
#define KLF_SWEEP_OUTPUT_N_OPTIONS 7
#define KLF_SWEEP_OUTPUT_ROWS(at)                                                                                              \
    {.name = "threads",                                                                                                        \
     .offset = (at) + offsetof(klf_sweep_output, threads),                                                                     \
     .type = KLF_OPTION_WHOLE,                                                                                                 \
     .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_SECTION | KLF_IN_RECORD,                                                    \
     .min = 1,                                                                                                                 \
     .max = KLF_MAX_THREADS,                                                                                                   \
     .metavar = "N",                                                                                                           \
     .unit = "threads",                                                                                                        \
     .otherwise = "OMP_NUM_THREADS, or the usable cores",                                                                      \
     .help = "worker threads"},                                                                                                \
        {.name = "output",                                                                                                     \
         .letter = 'o',                                                                                                        \
         .offset = (at) + offsetof(klf_sweep_output, file),                                                                    \
         .type = KLF_OPTION_TEXT,                                                                                              \
         .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_TOP | KLF_IN_RECORD,                                                    \
         .metavar = "FILE",                                                                                                    \
         .unit = "path",                                                                                                       \
         .otherwise = "no file",                                                                                               \
         .help = "write the results to this HDF5 file",                                                                        \
         .group = "Output"},                                                                                                   \
        {.name = "plot",                                                                                                       \
         .offset = (at) + offsetof(klf_sweep_output, plot),                                                                    \
         .type = KLF_OPTION_TEXT,                                                                                              \
         .where = KLF_IN_TOP | KLF_IN_RECORD,                                                                                  \
         .metavar = "FILE",                                                                                                    \
         .unit = "path",                                                                                                       \
         .otherwise = "no picture",                                                                                            \
         .help = "draw the result file: .png, .svg or .pdf"},                                                                  \
        {.name = "force",                                                                                                      \
         .offset = (at) + offsetof(klf_sweep_output, force),                                                                   \
         .type = KLF_OPTION_FLAG,                                                                                              \
         .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_SECTION,                                                                \
         .unit = "1",                                                                                                          \
         .value = "false",                                                                                                     \
         .help = "overwrite files that exist"},                                                                                \
        {.name = "json",                                                                                                       \
         .offset = (at) + offsetof(klf_sweep_output, json),                                                                    \
         .type = KLF_OPTION_FLAG,                                                                                              \
         .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_SECTION,                                                                \
         .unit = "1",                                                                                                          \
         .value = "false",                                                                                                     \
         .help = "print one line of JSON a point instead of a table"},                                                         \
        {.name = "quiet",                                                                                                      \
         .offset = (at) + offsetof(klf_sweep_output, quiet),                                                                   \
         .type = KLF_OPTION_FLAG,                                                                                              \
         .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_SECTION,                                                                \
         .unit = "1",                                                                                                          \
         .value = "false",                                                                                                     \
         .help = "no notes on stderr; errors stay"},                                                                           \
    {                                                                                                                          \
        .name = "dry-run", .offset = (at) + offsetof(klf_sweep_output, dry_run), .type = KLF_OPTION_FLAG,                      \
        .where = KLF_IN_COMMAND | KLF_IN_RUN | KLF_IN_SECTION, .unit = "1", .value = "false",                                  \
        .help = "check everything and print the plan; compute nothing"                                                         \
    }

typedef struct klf_quantity {
    const char *name, *units, *long_name; /* of its variable in the result file */
    const char *flags;                    /* of a flag: the meanings of 0, 1, ...; NULL: it is none */
    size_t      inner;                    /* 0: one number a point; else 1 + the index of its inner axis */
    unsigned    over;                     /* bits of the point axes that it is over; 0: all of them */
    enum { KLF_OF_DOUBLE, KLF_OF_BOOL, KLF_OF_INT, KLF_OF_SIZE } type; /* of its values in a result: int is that of an enum */
    size_t   offset; /* in the result of a point: one value, or as many as the axis has */
    unsigned needs;  /* it is there if the sweep has one of these bits */
} klf_quantity;

/* A row of a kind's table. */
#define KLF_QUANTITY(type, label, member, axis, bits, unit, text)                                                              \
    {                                                                                                                          \
        .name = (label), .units = (unit), .long_name = (text), .inner = (axis), .offset = offsetof(type, member),              \
        .needs = (bits)                                                                                                        \
    }

enum { KLF_SWEEP_ALWAYS = 1 };

typedef struct klf_sweep {
    size_t         n_point_axes, n_axes; /* the inner axes come behind those of the points */
    klf_sweep_axis axis[KLF_SWEEP_MAX_AXES];
    size_t         n_points;
    unsigned       has; /* KLF_SWEEP_ALWAYS and what the config asks for; meanings are the kind's own */
    size_t         n_facts;
    klf_fact       fact[8]; /* of the whole sweep: attributes of its group */
} klf_sweep;

typedef struct klf_sweep_kind {
    const klf_section  *section;
    const char         *schema, *title;
    const char         *point;  /* "coupling": what one is called */
    size_t              output; /* offset of the klf_sweep_output in the config */
    size_t              result_size;
    const klf_quantity *quantity;
    size_t              n_quantities;
    /* Fills axes, bits and facts; n_points is worked out from the axes. */
    void (*plan)(const void *config, klf_sweep *out);
    /* One point, counted along the axes. A quantity that is not over all of them is taken from any of the points that share it.
     */
    klf_status (*run)(const void *config, size_t point, void *result);
    /* Where the config asks for so little that all points can be computed in one go: true, and values[q], which is NULL for
     * quantities that are not there, is filled. May be NULL. */
    bool (*run_all)(const void *config, const klf_sweep *sweep, size_t threads, double *const *values);
} klf_sweep_kind;

const klf_sweep_output *klf_sweep_output_of(const klf_sweep_kind *kind, const void *config);

/* The plan with n_points. */
void klf_sweep_plan(const klf_sweep_kind *kind, const void *config, klf_sweep *out);

/* Whether the sweep has the quantity. */
bool klf_sweep_has(const klf_sweep *sweep, const klf_quantity *quantity);

/* Numbers that a result file takes. */
double klf_sweep_n_values(const klf_sweep_kind *kind, const klf_sweep *sweep);

typedef struct klf_sweep_hooks {
    void *arg;
    /* A point that is done. NULL, or not called where all points are computed in one go. */
    void (*point)(void *arg, size_t index, const klf_sweep *sweep, const void *result);
    const volatile sig_atomic_t *cancel; /* non-zero: stop; may be NULL */
} klf_sweep_hooks;

/* Computes all points and writes the result file if the config names one. The config is complete. KLF_ERR_INTERRUPTED if it was
 * cancelled, and no file then. */
klf_status klf_sweep_run(const klf_sweep_kind *kind, const void *config, const klf_sweep_hooks *hooks);

/* Rules that all of them share, for klf_section.check: plot needs output and a known suffix, and no file is written over
 * another of the run. */
void klf_sweep_check_output(klf_rules *rules, const klf_sweep_output *output);

/* Values that a list of points may have. */
enum { KLF_SWEEP_MAX_LIST = 1000000 };

#endif
