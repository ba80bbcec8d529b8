/* SPDX-License-Identifier: BSD-3-Clause */
/* The checkpoint of a run: the results that it has, and the sums of the passes that were under way. Layout: docs/formats.md. */
#ifndef KLFLOW_STORE_CHECKPOINT_H
#define KLFLOW_STORE_CHECKPOINT_H

#include "klflow/flow.h"
#include "klflow/store.h"

/* What a record is of. Numbers as in the file. */
typedef enum klf_record_kind {
    KLF_RECORD_POINT = 0,     /* the result of a point of the grid */
    KLF_RECORD_NETWORK = 1,   /* that of one network of a point that has more to come */
    KLF_RECORD_IMAGE = 2,     /* that of one image of a network that has more to come */
    KLF_RECORD_SUMS = 3,      /* the sums of a pass that was under way */
    KLF_RECORD_REFERENCE = 4, /* in the file only: the reference of the result in front of it */
} klf_record_kind;

typedef struct klf_record {
    klf_record_kind  kind;
    size_t           network; /* counted over the points of the grid; of a point its first */
    size_t           image;   /* of KLF_RECORD_IMAGE and _SUMS */
    double           wall_s;  /* that its point has taken so far */
    klf_kl_point     point;   /* a result; of sums nothing */
    klf_layer_stats *stats;   /* [sums->n_layers] that the sums belong to; NULL for results */
    klf_flow_sums   *sums;    /* NULL for results */
} klf_record;

typedef struct klf_checkpoint {
    const char *config;  /* the part of the config that the numbers depend on */
    const char *backend; /* that ran; "auto" resolved */
    const char *precision;
    const char *kernels;       /* of the backend */
    const char *version;       /* of klflow */
    int64_t     n_networks;    /* of the whole run */
    int64_t     chunk_threads; /* by which chunks are evened out */
    int64_t     restarts;      /* how often the run has been resumed */
    int64_t     network_saved; /* 1: the network file is written */
    double      wall_s;        /* of all its processes */
    size_t      n;
    klf_record *record; /* [n] in any order */
} klf_checkpoint;

/* Replaces the file of that name once it is whole. Fails as klf_store_write_kl does. */
klf_status klf_store_write_checkpoint(const char *path, const klf_checkpoint *checkpoint, const klf_provenance *provenance);

/* Reads one, texts and records in memory of its own. KLF_ERR_NOINPUT; KLF_ERR_DATA if it is damaged, of another kind, or does
 * not fit together. *out is NULL on failure. */
klf_status klf_store_read_checkpoint(const char *path, klf_checkpoint **out);
/* Of one that was read, or whose records are owned by it. Accepts NULL. */
void klf_store_free_checkpoint(klf_checkpoint *checkpoint);

/* Frees what a record holds. */
void klf_record_free(klf_record *record);

#endif
