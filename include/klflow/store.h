/* SPDX-License-Identifier: BSD-3-Clause */
/** Files: HDF5 that netCDF-4 readers open as it is. Written under a temporary name, flushed to disk, then renamed: a file of
 *  the final name is always whole. Layout: docs/formats.md. HDF5 need not be thread-safe: only one of these functions may run
 *  at a time.
 *
 *      klf_network *net = NULL;
 *      KLF_TRY(klf_store_check_output("net.h5", false));     // before any work
 *      KLF_TRY(klf_network_draw(784, 3, widths, 1.5, 0.05, 1, &net));
 *      KLF_TRY(klf_store_write_network("net.h5", false, net, &provenance));
 */
#ifndef KLFLOW_STORE_H
#define KLFLOW_STORE_H

#include "klflow/kl_result.h"
#include "klflow/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One fact for /provenance. */
typedef struct klf_fact {
    const char *name;
    enum { KLF_FACT_TEXT, KLF_FACT_INT, KLF_FACT_REAL } type;
    union {
        const char *text;
        int64_t     i;
        double      real;
    } value;
} klf_fact;

typedef struct klf_provenance {
    const char     *config_text; /**< the whole effective config as YAML */
    size_t          n_facts;
    const klf_fact *fact;
} klf_provenance;

/** Checks that the HDF5 library at hand is the one that klflow was built with: KLF_ERR_INTERNAL with a sentence if not.
 *  version [size], the library's version, "1.10.8"; may be NULL. */
klf_status klf_store_library(char *version, size_t size);

/** Whether an output may be written to path: KLF_ERR_CREATE if the file exists and force is off, the folder is missing, or no
 * file of that name can be created there; KLF_ERR_IO if the disk is full. Called before any work. Tries it with a temporary;
 * leaves nothing. */
klf_status klf_store_check_output(const char *path, bool force);

/** Writes the result file of a sweep; where its points have references, those too. KLF_ERR_CREATE or KLF_ERR_IO, and no file
 * and no temporary left, on failure. */
klf_status klf_store_write_kl(const char *path, bool force, const klf_kl_sweep *sweep, const klf_provenance *provenance);

/** A result file that has been read. Owns all that it points to. */
typedef struct klf_kl_file {
    klf_kl_sweep sweep; /**< points as they were written, but for their lanes (0) and wherever one has a label of its own */
    char        *config_text;
    char        *version, *backend, *precision;           /**< of /provenance; "" where it does not tell */
    char        *weight_format;                           /**< likewise: what the weights were rounded to */
    char        *reference_backend, *reference_precision; /**< of the points' references; "" without them */
} klf_kl_file;

/** Reads a result file of `klflow kl`, moments included. KLF_ERR_NOINPUT; KLF_ERR_DATA with a sentence if it is damaged or of
 *  another kind. Checks the shapes that it relies on; klf_store_check looks at more. *out is NULL on failure. */
klf_status klf_store_read_kl(const char *path, klf_kl_file **out);
/** Accepts NULL. */
void klf_store_free_kl(klf_kl_file *file);

/** What kind of file of klflow it is: its attribute schema, as "klflow-kl"; the caller's, free(). KLF_ERR_NOINPUT,
 * KLF_ERR_DATA. *schema is NULL on failure. */
klf_status klf_store_read_schema(const char *path, char **schema);

/** Two variables of one dimension of a group, such as "coupling" and "s_inf" of group "ising1d", equally long.
 *  column [2]: the values, [*n] each, the caller's, free(); NULL on failure: KLF_ERR_NOINPUT, KLF_ERR_DATA, KLF_ERR_MEMORY. */
klf_status klf_store_read_columns(const char *path, const char *group, const char *const name[2], size_t *n, double *column[2]);

/** Writes a network as datasets W0.., B0.. (double, W is [out][in]) with attributes depth, var_w, var_b, seed, random,
 *  weight_format. Fails as
 *  klf_store_write_kl does. */
klf_status klf_store_write_network(const char *path, bool force, const klf_network *net, const klf_provenance *provenance);

/** Reads one: any file with float or double datasets W0.., B0.. of matching shapes. var_w, var_b and seed are taken from the
 *  attributes where present; else NaN, and `random` false. KLF_ERR_NOINPUT, KLF_ERR_DATA. *out is NULL on failure. */
klf_status klf_store_read_network(const char *path, klf_network **out);

/** Writes a network into a folder, which is made if need be, as NumPy arrays of doubles W0.npy, B0.npy, .. and variances.npy
 *  (var_w, var_b): for programs without HDF5. Files of these names are replaced. KLF_ERR_CREATE or KLF_ERR_IO. */
klf_status klf_store_write_arrays(const char *folder, const klf_network *net);

/** Writes a network into a folder, which is made if need be, as the file that the paper's notebooks read:
 *  e<epoch>-para-<100 var_w>-<depth>.hdf5 with var_weight, var_bias, depth and W0.., B0.. rounded to single precision. Read
 *  again by klf_store_read_network.
 *  written  the file's path; the caller's, free(); NULL on failure: KLF_ERR_DATA where the name or the precision cannot hold
 *           the network, KLF_ERR_CREATE, KLF_ERR_IO, KLF_ERR_MEMORY */
klf_status klf_store_write_entropy_dnn(const char *folder, bool force, uint64_t epoch, const klf_network *net, char **written);

/** Is this file whole and of a known schema? KLF_OK and a one-line summary (owned by the caller, free()), or KLF_ERR_NOINPUT /
 *  KLF_ERR_DATA with a sentence that says what is wrong. Reads every dataset. */
klf_status klf_store_check(const char *path, char **summary);

/** Removes the temporary of a file being written. For signal handlers that end the process: async-signal-safe, and true if
 *  there was a file to remove. */
bool klf_store_remove_unfinished(void);

#ifdef __cplusplus
}
#endif
#endif
