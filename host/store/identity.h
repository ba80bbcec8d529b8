/* SPDX-License-Identifier: BSD-3-Clause */
/* What every file of ours says about itself: schema and conventions at the root, how it came to be in /provenance. */
#ifndef KLFLOW_STORE_IDENTITY_H
#define KLFLOW_STORE_IDENTITY_H

#include "klflow/store.h"
#include "store/netcdf4.h"

#define KLF_SCHEMA_KL "klflow-kl"
#define KLF_SCHEMA_NETWORK "klflow-network"
#define KLF_SCHEMA_CHECKPOINT "klflow-checkpoint"

/* Of all schemas. Rises when a reader of the old layout would fail or misread. */
enum { KLF_SCHEMA_VERSION = 1 };

/* Root attributes and the group /provenance. A fact named "command" also makes the history. */
klf_status klf_identity_write(klf_nc_writer *w, const char *schema, const char *title, const klf_provenance *provenance);

#endif
