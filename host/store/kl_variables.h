/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups and variables of a result file, for its reader: opened and read with their shapes checked. Sentences name the variable
 * with its group. */
#ifndef KLFLOW_STORE_KL_VARIABLES_H
#define KLFLOW_STORE_KL_VARIABLES_H

#include "klflow/store.h"
#include "store/hdf5_file.h"
#include "store/kl_schema.h"

typedef struct klf_kl_reader {
    klf_h5_file  file;
    klf_kl_file *out;
    const char  *name;                     /* of the group that is being read */
    hid_t        group;                    /* opened; < 0: none */
    hsize_t      size[KLF_KL_MOMENT_RANK]; /* of the axes; of the neurons once a moment is read */
    void        *buffer;                   /* [n_points][n_layers] values of eight bytes */
} klf_kl_reader;

klf_status klf_kl_no_memory(const klf_kl_reader *r);

/* Opens a group of the root; KLF_ERR_DATA if it is missing. */
klf_status klf_kl_open_group(klf_kl_reader *r, const char *name);
void       klf_kl_close_group(klf_kl_reader *r);

/* Opens a variable of the group that has `rank` axes: their extents. *dataset is the caller's to release, also after a failure.
 */
klf_status klf_kl_open_variable(klf_kl_reader *r, const char *name, size_t rank, hid_t *dataset, hsize_t *extent);

/* The same where these extents must be those of the axes. */
klf_status klf_kl_open_over_axes(klf_kl_reader *r, const char *name, size_t rank, hid_t *dataset);

/* All of a variable, as the memory type.  values [the product of the first `rank` axes] */
klf_status klf_kl_read_all(klf_kl_reader *r, const char *name, size_t rank, hid_t type, void *values);

/* Texts, each of its own memory: one of a scalar (rank 0) or those of a list.  texts [n], overwritten */
klf_status klf_kl_read_texts(klf_kl_reader *r, const char *name, size_t rank, size_t n, char **texts);

#endif
