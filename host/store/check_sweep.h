/* SPDX-License-Identifier: BSD-3-Clause */
/* Is a result file of a sweep (sweep_file.h) as it should be? A part of klf_store_check. */
#ifndef KLFLOW_STORE_CHECK_SWEEP_H
#define KLFLOW_STORE_CHECK_SWEEP_H

#include "store/hdf5_file.h"

/* Whether there is such a schema: then klf_check_sweep may be called. */
bool klf_check_knows_sweep(const char *schema);

/* KLF_ERR_DATA unless the group has the schema's coordinates and first quantities, and every variable is over coordinates of
 * the group and as long as they are. summary [size]: how long the axes are. */
klf_status klf_check_sweep(const klf_h5_file *f, const char *schema, char *summary, size_t size);

#endif
