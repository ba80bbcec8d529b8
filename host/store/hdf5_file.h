/* SPDX-License-Identifier: BSD-3-Clause */
/* What reading and writing share: checked HDF5 calls, files opened for reading, blocks. HDF5's own error printing is off while
 * a file is open; its reason becomes part of our one sentence. */
#ifndef KLFLOW_STORE_HDF5_FILE_H
#define KLFLOW_STORE_HDF5_FILE_H

#define H5_USE_110_API /* later versions of HDF5 offer the calls of 1.10 on demand */
#include <hdf5.h>

#include "core/quote.h"
#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { KLF_H5_MAX_RANK = 8 };

typedef struct klf_h5_file {
    hid_t       id;      /* < 0: not open */
    const char *path;    /* as the user wrote it; not owned */
    const char *object;  /* what in the file is at hand, for sentences; NULL: no matter */
    klf_status  failure; /* what a failing call means: KLF_ERR_DATA in a file being read, KLF_ERR_IO in one being written */
    bool        silenced;
    H5E_auto2_t printer; /* the caller's error printing, restored by klf_h5_end */
    void       *printer_data;

    klf_path_quote name; /* the path as it stands in sentences */
} klf_h5_file;

/* Makes an HDF5 call; on failure stores a sentence with the reason, or where HDF5 gives none with the call and its place, and
 * goes to done. Needs `st`. */
#define KLF_H5(file, call)                                                                                                     \
    do {                                                                                                                       \
        if ((call) < 0) {                                                                                                      \
            st = klf_h5_fail((file), #call, __FILE__, __LINE__);                                                               \
            goto done;                                                                                                         \
        }                                                                                                                      \
    } while (0)

klf_status klf_h5_fail(const klf_h5_file *file, const char *call, const char *source, int line);

/* Closes an identifier of any kind; nothing for a negative one. */
void klf_h5_release(hid_t id);

/* Checks the library and silences HDF5: the first step of every use. klf_h5_end, the last one, restores its error printing. */
klf_status klf_h5_begin(const char *path, klf_status failure, klf_h5_file *file);
void       klf_h5_end(klf_h5_file *file);

/* A file access property list with our settings; the caller closes it. */
klf_status klf_h5_access(const klf_h5_file *file, hid_t *access);

/* Opens a file for reading: KLF_ERR_NOINPUT if there is none, KLF_ERR_DATA if it is not HDF5 or cut short. */
klf_status klf_h5_open(const char *path, klf_h5_file *file);

/* Closes a file opened by klf_h5_open, with all that is open in it, and ends the use. Accepts a file that did not open. */
void klf_h5_close(klf_h5_file *file);

/* The largest block, whole in its last dimensions and evenly cut in the first that does not fit, of at most KLF_H5_BLOCK_BYTES.
 */
enum { KLF_H5_BLOCK_BYTES = 512 * 1024 };
void klf_h5_block_shape(size_t rank, const hsize_t *extent, size_t element_bytes, hsize_t *block);

/* The text attribute of the root group; *text = NULL if there is none. free(). */
klf_status klf_h5_read_text(const klf_h5_file *file, const char *name, char **text);

/* A number about the file, converted to the memory type: an attribute of the root group, or a scalar dataset, which is how the
 * notebooks write them. *found = false, and *value as it was, if there is neither. */
klf_status klf_h5_read_number(const klf_h5_file *file, const char *name, hid_t type, void *value, bool *found);

#endif
