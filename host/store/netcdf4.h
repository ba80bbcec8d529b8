/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes HDF5 files that netCDF-4 readers open as they are: dimensions are HDF5 dimension scales beside the variables, creation
 * order is tracked, text is variable-length UTF-8.
 *
 *     klf_nc_writer *w;
 *     klf_nc_dim layer;
 *     klf_nc_var kl;
 *     hid_t group;
 *     KLF_TRY(klf_nc_create("results.h5", false, &w));
 *     KLF_TRY(klf_nc_group(w, "kl", &group));
 *     KLF_TRY(klf_nc_coordinate(w, group, "layer", KLF_NC_INT64, 30, index, &layer));
 *     KLF_TRY(klf_nc_variable(w, group, "kl", KLF_NC_DOUBLE, 1, &layer, &nan, &kl));
 *     KLF_TRY(klf_nc_text(w, kl.id, "units", "nat"));
 *     KLF_TRY(klf_nc_write(w, kl, values));
 *     return klf_nc_commit(w);
 * done:
 *     klf_nc_abandon(w);
 *
 * Groups, variables and scales stay open until the file is closed; nobody closes them one by one. */
#ifndef KLFLOW_STORE_NETCDF4_H
#define KLFLOW_STORE_NETCDF4_H

#include "store/hdf5_file.h"

#include <stdint.h>

/* In memory: double, int64_t, uint64_t, int8_t, const char *. */
typedef enum klf_nc_type { KLF_NC_DOUBLE, KLF_NC_INT64, KLF_NC_UINT64, KLF_NC_INT8, KLF_NC_TEXT } klf_nc_type;

typedef struct klf_nc_writer klf_nc_writer;

typedef struct klf_nc_dim {
    hid_t   scale;
    hsize_t size;
} klf_nc_dim;

typedef struct klf_nc_var {
    hid_t       id;
    klf_nc_type type;
} klf_nc_var;

/* A new file under a temporary name. The target is checked as by klf_store_check_output. *out is NULL on failure. */
klf_status klf_nc_create(const char *path, bool force, klf_nc_writer **out);

/* Closes the file and gives it its name; frees the writer. On failure nothing is left behind. */
klf_status klf_nc_commit(klf_nc_writer *w);

/* Removes what has been written and frees the writer. Accepts NULL. */
void klf_nc_abandon(klf_nc_writer *w);

/* From now on large variables are not compressed, which takes time. */
void klf_nc_leave_uncompressed(klf_nc_writer *w);

/* The root group. */
hid_t klf_nc_root(const klf_nc_writer *w);

klf_status klf_nc_group(klf_nc_writer *w, hid_t parent, const char *name, hid_t *group);

/* A dimension without values. */
klf_status klf_nc_dimension(klf_nc_writer *w, hid_t group, const char *name, hsize_t size, klf_nc_dim *dim);

/* A dimension whose values are `data` [size]. */
klf_status klf_nc_coordinate(klf_nc_writer *w, hid_t group, const char *name, klf_nc_type type, hsize_t size, const void *data,
                             klf_nc_dim *dim);

/* A variable over dimensions of the same group; rank 0 is a scalar.
 *  fill  what stands where nothing is written, stored as _FillValue; NULL: none */
klf_status klf_nc_variable(klf_nc_writer *w, hid_t group, const char *name, klf_nc_type type, size_t rank,
                           const klf_nc_dim *dim, const void *fill, klf_nc_var *var);

/* All of a variable, text with its checksum (text_checksum.h), or the block of `count` values from `start` on, from contiguous
 * memory. */
klf_status klf_nc_write(klf_nc_writer *w, klf_nc_var var, const void *data);
klf_status klf_nc_write_block(klf_nc_writer *w, klf_nc_var var, const hsize_t *start, const hsize_t *count, const void *data);

/* Attributes of a group, variable or scale: one value is a scalar, more are a list. */
klf_status klf_nc_attribute(klf_nc_writer *w, hid_t object, const char *name, klf_nc_type type, size_t n, const void *values);
klf_status klf_nc_text(klf_nc_writer *w, hid_t object, const char *name, const char *text);

#endif
