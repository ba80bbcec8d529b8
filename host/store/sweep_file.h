/* SPDX-License-Identifier: BSD-3-Clause */
/* Result files of sweeps over what is computed at once (ising1d, ...): one group with the coordinates and one variable a
 * quantity. Layout: docs/formats.md. */
#ifndef KLFLOW_STORE_SWEEP_FILE_H
#define KLFLOW_STORE_SWEEP_FILE_H

#include "klflow/store.h"

#define KLF_SCHEMA_ISING1D "klflow-ising1d"
#define KLF_SCHEMA_ISING2D "klflow-ising2d"
#define KLF_SCHEMA_MEANFIELD "klflow-meanfield"
#define KLF_SCHEMA_FIT "klflow-fit"

enum { KLF_SWEEP_MAX_AXES = 6 };

typedef struct klf_sweep_axis {
    const char   *name, *units, *long_name;
    size_t        size;
    const double *values; /* [size]; NULL: the whole numbers from 0 on, stored as such */
} klf_sweep_axis;

typedef struct klf_sweep_variable {
    const char   *name, *long_name;
    const char   *units; /* NULL: a flag, stored in a byte */
    const char   *flags; /* of a flag: the meanings of 0, 1, ... with blanks between; NULL: no flag */
    size_t        rank;
    size_t        axis[KLF_SWEEP_MAX_AXES]; /* indices in the axes of the file */
    bool          whole;                    /* whole numbers, and stored as such */
    const double *values;
} klf_sweep_variable;

typedef struct klf_sweep_contents {
    const char               *schema, *title;
    const char               *group;
    size_t                    n_axes, n_variables, n_facts;
    const klf_sweep_axis     *axis;
    const klf_sweep_variable *variable;
    const klf_fact           *fact; /* attributes of the group */
} klf_sweep_contents;

/* KLF_ERR_CREATE or KLF_ERR_IO, and no file and no temporary left, on failure. */
klf_status klf_store_write_sweep(const char *path, bool force, const klf_sweep_contents *contents,
                                 const klf_provenance *provenance);

#endif
