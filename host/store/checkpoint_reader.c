/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a checkpoint back: the counterpart of checkpoint_file.c. How many numbers a record has is counted, and compared with
 * how many there are, before there is memory for it. Layout: docs/formats.md. */
#include "store/checkpoint_layout.h"
#include "store/identity.h"
#include "store/kl_variables.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = KLF_H5_BLOCK_BYTES / sizeof(double) };

typedef struct reader {
    klf_kl_reader       kl; /* file and group */
    klf_checkpoint     *out;
    size_t              n_rows, n_layers, n_numbers;
    klf_checkpoint_row *row;   /* [n_rows] */
    char              **label; /* [n_rows] */
    uint64_t           *width; /* [n_layers] */
    int8_t             *flags; /* [n_layers] */
    hid_t               numbers;
    size_t              read, buffered, used; /* of the numbers: in the buffer or before, in it, taken from it */
    double             *buffer;               /* [BUFFER] */
} reader;

static klf_status not_whole(const reader *r, const char *what)
{
    return klf_fail(KLF_ERR_DATA, "%s is no whole checkpoint: %s", r->kl.file.name.text, what);
}

/* ---- what it says about the run ---- */

static klf_status read_text(reader *r, const char *name, const char **text)
{
    char            *value;
    const klf_status st = klf_h5_read_text(&r->kl.file, name, &value);
    *text = value;
    return st == KLF_OK && !value ? not_whole(r, "it does not tell which klflow and kernels made it") : st;
}

static klf_status read_count(reader *r, const char *name, int64_t *value)
{
    bool             found;
    const klf_status st = klf_h5_read_number(&r->kl.file, name, H5T_NATIVE_INT64, value, &found);
    if (st == KLF_OK && (!found || *value < 0))
        return not_whole(r, "a number about the run is missing or negative");
    return st;
}

static klf_status read_facts(reader *r)
{
    klf_status      st = KLF_OK;
    klf_checkpoint *c = r->out;
    char           *schema = NULL, *config = NULL;
    bool            found;
    int64_t         version = 0, n_fields, n_records;
    KLF_TRY(klf_h5_read_text(&r->kl.file, "schema", &schema));
    if (!schema || strcmp(schema, KLF_SCHEMA_CHECKPOINT) != 0) {
        st = klf_fail(KLF_ERR_DATA, "%s is not a checkpoint of klflow", r->kl.file.name.text);
        goto done;
    }
    KLF_TRY(read_count(r, "schema_version", &version));
    KLF_TRY(read_count(r, "n_fields", &n_fields));
    if (version != KLF_SCHEMA_VERSION || n_fields != KLF_KL_N_FIELDS) {
        st = klf_fail(KLF_ERR_DATA, "%s was made by another version of klflow, which keeps other results",
                      r->kl.file.name.text);
        goto done;
    }
    KLF_TRY(read_text(r, "klflow_version", &c->version));
    KLF_TRY(read_text(r, "backend", &c->backend));
    KLF_TRY(read_text(r, "precision", &c->precision));
    KLF_TRY(read_text(r, "kernels", &c->kernels));
    KLF_TRY(read_count(r, "n_networks", &c->n_networks));
    KLF_TRY(read_count(r, "chunk_threads", &c->chunk_threads));
    KLF_TRY(read_count(r, "restarts", &c->restarts));
    KLF_TRY(read_count(r, "network_saved", &c->network_saved));
    KLF_TRY(klf_h5_read_number(&r->kl.file, "wall_s", H5T_NATIVE_DOUBLE, &c->wall_s, &found));
    KLF_TRY(klf_kl_open_group(&r->kl, KLF_CHECKPOINT_GROUP));
    KLF_TRY(klf_kl_read_texts(&r->kl, "config", 0, 1, &config));
    c->config = config;
    KLF_TRY(read_count(r, "n_records", &n_records));
    r->n_rows = (size_t)n_records;
done:
    free(schema);
    return st;
}

/* ---- the tables ---- */

/* All of a variable over one axis: *n values, or as many as there are if that is 0. */
static klf_status read_list(reader *r, const char *name, hid_t type, size_t *n, void **values)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    hsize_t    extent;
    *values = NULL;
    KLF_TRY(klf_kl_open_variable(&r->kl, name, 1, &dataset, &extent));
    if (extent == 0 || (*n > 0 && extent != *n)) {
        st = not_whole(r, "its tables are of different lengths");
        goto done;
    }
    *n = (size_t)extent;
    if (extent > SIZE_MAX / 8 || !(*values = malloc((size_t)extent * 8))) {
        st = klf_kl_no_memory(&r->kl);
        goto done;
    }
    r->kl.file.object = name;
    KLF_H5(&r->kl.file, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values));
done:
    r->kl.file.object = NULL;
    klf_h5_release(dataset);
    return st;
}

static klf_status read_columns(reader *r)
{
    static const struct {
        const char *name;
        klf_nc_type type;
        size_t      offset;
    } column[] = {
#define COLUMN(member, type, text) {#member, type, offsetof(klf_checkpoint_row, member)},
        KLF_CHECKPOINT_COLUMNS(COLUMN)
#undef COLUMN
    };
    klf_status st = KLF_OK;
    void      *values = NULL;
    for (size_t c = 0; c < sizeof column / sizeof *column; c++) {
        const klf_nc_type type = column[c].type;
        KLF_TRY(read_list(r, column[c].name,
                          type == KLF_NC_DOUBLE   ? H5T_NATIVE_DOUBLE
                          : type == KLF_NC_UINT64 ? H5T_NATIVE_UINT64
                                                  : H5T_NATIVE_INT64,
                          &r->n_rows, &values));
        if (!r->row && !(r->row = calloc(r->n_rows, sizeof *r->row))) { /* now that so many are known to be there */
            st = klf_kl_no_memory(&r->kl);
            goto done;
        }
        for (size_t i = 0; i < r->n_rows; i++)
            memcpy((char *)&r->row[i] + column[c].offset, (const char *)values + 8 * i, 8);
        free(values);
        values = NULL;
    }
done:
    free(values);
    return st;
}

static klf_status read_tables(reader *r)
{
    klf_status st = KLF_OK;
    hsize_t    extent;
    void      *values;
    KLF_TRY(read_columns(r));
    if (!(r->label = calloc(r->n_rows, sizeof *r->label)) || !(r->buffer = malloc(BUFFER * sizeof *r->buffer))) {
        st = klf_kl_no_memory(&r->kl);
        goto done;
    }
    KLF_TRY(klf_kl_read_texts(&r->kl, "input", 1, r->n_rows, r->label));
    st = read_list(r, "width", H5T_NATIVE_UINT64, &r->n_layers, &values);
    r->width = values;
    KLF_TRY(st);
    st = read_list(r, "layer_flags", H5T_NATIVE_INT8, &r->n_layers, &values);
    r->flags = values;
    KLF_TRY(st);
    KLF_TRY(klf_kl_open_variable(&r->kl, "numbers", 1, &r->numbers, &extent));
    r->n_numbers = (size_t)extent;
done:
    return st;
}

/* ---- the records ---- */

static klf_status fill_buffer(reader *r)
{
    klf_status    st = KLF_OK;
    const size_t  left = r->n_numbers - r->read;
    const hsize_t start = r->read, count = left < BUFFER ? left : BUFFER;
    hid_t         space = H5I_INVALID_HID, memory = H5I_INVALID_HID;
    r->kl.file.object = "numbers";
    KLF_H5(&r->kl.file, space = H5Dget_space(r->numbers));
    KLF_H5(&r->kl.file, H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL));
    KLF_H5(&r->kl.file, memory = H5Screate_simple(1, &count, NULL));
    KLF_H5(&r->kl.file, H5Dread(r->numbers, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, r->buffer));
    r->read += (size_t)count;
    r->buffered = (size_t)count;
    r->used = 0;
done:
    r->kl.file.object = NULL;
    klf_h5_release(memory);
    klf_h5_release(space);
    return st;
}

/* How many are there has been looked at. */
static klf_status get(void *arg, double *values, size_t n)
{
    reader    *r = arg;
    klf_status st = KLF_OK;
    while (n > 0) {
        if (r->used == r->buffered)
            KLF_TRY(fill_buffer(r));
        const size_t ready = r->buffered - r->used, part = n < ready ? n : ready;
        memcpy(values, r->buffer + r->used, part * sizeof *values);
        r->used += part;
        values += part;
        n -= part;
    }
done:
    return st;
}

static size_t numbers_left(const reader *r)
{
    return r->n_numbers - r->read + r->buffered - r->used;
}

static klf_status read_sums(reader *r, const klf_checkpoint_row *row, const uint64_t *width, const int8_t *flags,
                            klf_record *record)
{
    klf_status   st = KLF_OK;
    const size_t n = (size_t)row->n_layers;
    size_t      *widths = malloc(n * sizeof *widths);
    bool        *gram = malloc(n * sizeof *gram);
    record->stats = malloc(n * sizeof *record->stats);
    if (!widths || !gram || !record->stats) {
        st = klf_kl_no_memory(&r->kl);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        widths[i] = (size_t)width[i];
        gram[i] = (flags[i] & KLF_FLAG_GRAM) != 0;
    }
    KLF_TRY(klf_flow_sums_create(n, widths, gram, &record->sums));
    record->sums->chunk = (size_t)row->chunk;
    record->sums->n_samples = row->n_samples;
    for (size_t i = 0; i < n; i++)
        record->sums->layer[i].n_samples = row->n_samples;
    KLF_TRY(klf_checkpoint_visit_sums(record->stats, record->sums, get, r));
done:
    free(widths);
    free(gram);
    return st;
}

static klf_status create_moments(reader *r, const klf_kl_point *p, bool squared, double ***moment)
{
    if (!(*moment = calloc(p->n_layers, sizeof **moment)))
        return klf_kl_no_memory(&r->kl);
    for (size_t i = 0; i < p->n_layers; i++)
        if (!((*moment)[i] = malloc(p->width[i] * (squared ? p->width[i] : 1) * sizeof(double))))
            return klf_kl_no_memory(&r->kl);
    return KLF_OK;
}

static klf_status read_result(reader *r, const klf_checkpoint_row *row, const uint64_t *width, const int8_t *flags,
                              char **label, klf_kl_point *p)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_kl_point_create((size_t)row->n_layers, (size_t)row->ensemble, (size_t)row->n_images, p));
    p->depth = (size_t)row->depth;
    p->reference_layer = (size_t)row->reference_layer;
    p->n_mc = row->n_samples;
    p->chunk = (size_t)row->chunk;
    p->lanes = (size_t)row->lanes;
    p->seed = row->seed;
    p->sample_seed = row->sample_seed;
    p->var_w = row->var_w;
    p->var_b = row->var_b;
    p->q0 = row->q0;
    p->entropy_reference = row->entropy_reference;
    p->wall_s = row->wall_s;
    p->input = *label;
    *label = NULL;
    for (size_t i = 0; i < p->n_layers; i++) {
        p->width[i] = (size_t)width[i];
        p->layer_status[i] = flags[i] & KLF_LAYER_DEGENERATE ? KLF_LAYER_DEGENERATE : KLF_LAYER_OK;
        p->width_changed[i] = (flags[i] & KLF_FLAG_WIDTH_CHANGED) != 0;
    }
    if (row->contents & KLF_HOLDS_F_J)
        KLF_TRY(create_moments(r, p, false, &p->f_j));
    if (row->contents & KLF_HOLDS_F_JK)
        KLF_TRY(create_moments(r, p, true, &p->f_jk));
    KLF_TRY(klf_checkpoint_visit_result(p, get, r));
done:
    return st;
}

/* That the row's layers and numbers are there; nothing in it is out of bounds of the types in memory. */
static klf_status check_row(const reader *r, const klf_checkpoint_row *row, size_t first)
{
    static const double MOST_NEURONS = 1e9;
    const int64_t       counts[] = {row->network,   row->image,    row->depth,    row->reference_layer,
                                    row->n_samples, row->ensemble, row->n_images, row->lanes};
    if (row->kind < KLF_RECORD_POINT || row->kind > KLF_RECORD_REFERENCE)
        return not_whole(r, "it has a record of no known kind");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] < 0)
            return not_whole(r, "a count in a record is negative");
    if (row->n_layers < 1 || (uint64_t)row->n_layers > r->n_layers - first || row->chunk < 1)
        return not_whole(r, "a record has no layers, or more than there are");
    for (size_t i = first; i < first + (size_t)row->n_layers; i++)
        if (r->width[i] < 1 || (double)r->width[i] > MOST_NEURONS)
            return not_whole(r, "a layer has no neurons, or too many");
    if (klf_checkpoint_count(row, r->width + first, r->flags + first) > (double)numbers_left(r))
        return not_whole(r, "it has fewer numbers than its records need");
    return KLF_OK;
}

static klf_status read_row(reader *r, size_t i, size_t first)
{
    klf_status                st = KLF_OK;
    const klf_checkpoint_row *row = &r->row[i];
    klf_record               *last = r->out->n > 0 ? &r->out->record[r->out->n - 1] : NULL;
    const bool                is_reference = i > 0 && (r->row[i - 1].contents & KLF_HOLDS_REFERENCE) != 0;
    KLF_TRY(check_row(r, row, first));
    if (is_reference != (row->kind == KLF_RECORD_REFERENCE) || (is_reference && (row->contents & KLF_HOLDS_REFERENCE))) {
        st = not_whole(r, "a reference is missing, or is that of no result");
        goto done;
    }
    if (is_reference) {
        if (!(last->point.reference = calloc(1, sizeof *last->point.reference))) {
            st = klf_kl_no_memory(&r->kl);
            goto done;
        }
        KLF_TRY(read_result(r, row, r->width + first, r->flags + first, &r->label[i], last->point.reference));
        goto done;
    }
    klf_record *record = &r->out->record[r->out->n++];
    record->kind = (klf_record_kind)row->kind;
    record->network = (size_t)row->network;
    record->image = (size_t)row->image;
    record->wall_s = row->elapsed_s;
    st = row->kind == KLF_RECORD_SUMS ? read_sums(r, row, r->width + first, r->flags + first, record)
                                      : read_result(r, row, r->width + first, r->flags + first, &r->label[i], &record->point);
done:
    return st;
}

static klf_status read_records(reader *r)
{
    klf_status st = KLF_OK;
    size_t     first = 0;
    KLF_TRY(read_tables(r));
    if (!(r->out->record = calloc(r->n_rows, sizeof *r->out->record))) {
        st = klf_kl_no_memory(&r->kl);
        goto done;
    }
    for (size_t i = 0; i < r->n_rows; i++) {
        KLF_TRY(read_row(r, i, first));
        first += (size_t)r->row[i].n_layers;
    }
    if (first != r->n_layers || numbers_left(r) != 0 || (r->row[r->n_rows - 1].contents & KLF_HOLDS_REFERENCE))
        st = not_whole(r, "it has more layers or numbers than its records, or fewer references");
done:
    return st;
}

klf_status klf_store_read_checkpoint(const char *path, klf_checkpoint **out)
{
    klf_status st = KLF_OK;
    reader     r = {.kl = {.group = H5I_INVALID_HID}, .numbers = H5I_INVALID_HID};
    *out = NULL;
    KLF_TRY(klf_h5_open(path, &r.kl.file));
    if (!(r.out = calloc(1, sizeof *r.out))) {
        st = klf_kl_no_memory(&r.kl);
        goto done;
    }
    KLF_TRY(read_facts(&r));
    if (r.n_rows > 0)
        KLF_TRY(read_records(&r));
    *out = r.out;
    r.out = NULL;
done:
    for (size_t i = 0; r.label && i < r.n_rows; i++)
        free(r.label[i]);
    free(r.label);
    free(r.row);
    free(r.width);
    free(r.flags);
    free(r.buffer);
    klf_h5_release(r.numbers);
    klf_kl_close_group(&r.kl);
    klf_h5_close(&r.kl.file);
    klf_store_free_checkpoint(r.out);
    return st;
}
