/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes a checkpoint: group checkpoint with a table of records, the widths of their layers, and all their numbers in one row,
 * which a buffer cuts into blocks. Layout: docs/formats.md. */
#include "klflow/build_info.h"
#include "store/checkpoint_layout.h"
#include "store/identity.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = KLF_H5_BLOCK_BYTES / sizeof(double) };

typedef struct checkpoint_file {
    klf_nc_writer        *writer;
    const klf_checkpoint *checkpoint;
    hid_t                 group;
    size_t                n_rows, n_layers, n_numbers;
    klf_checkpoint_row   *row;   /* [n_rows] records, and the references behind their results */
    uint64_t             *width; /* [n_layers] of all rows, one row behind the other */
    int8_t               *flags; /* [n_layers] */
    klf_nc_var            numbers;
    size_t                written, buffered;
    double               *buffer; /* [BUFFER] */
} checkpoint_file;

static void count_rows(checkpoint_file *f)
{
    for (size_t i = 0; i < f->checkpoint->n; i++) {
        const klf_record *record = &f->checkpoint->record[i];
        f->n_rows += record->point.reference ? 2 : 1;
        f->n_layers += record->sums ? record->sums->n_layers : record->point.n_layers;
        f->n_layers += record->point.reference ? record->point.reference->n_layers : 0;
    }
}

static void add_sums(checkpoint_file *f, klf_checkpoint_row *row, const klf_flow_sums *sums)
{
    row->n_layers = (int64_t)sums->n_layers;
    row->n_samples = sums->n_samples;
    row->chunk = (int64_t)sums->chunk;
    row->var_w = row->var_b = row->q0 = row->entropy_reference = row->wall_s = NAN;
    for (size_t i = 0; i < sums->n_layers; i++, f->n_layers++) {
        f->width[f->n_layers] = sums->width[i];
        f->flags[f->n_layers] = sums->layer[i].gram ? KLF_FLAG_GRAM : 0;
    }
}

static void add_result(checkpoint_file *f, klf_checkpoint_row *row, const klf_kl_point *p)
{
    row->contents = (p->f_j ? KLF_HOLDS_F_J : 0) | (p->f_jk ? KLF_HOLDS_F_JK : 0) | (p->reference ? KLF_HOLDS_REFERENCE : 0);
    row->n_layers = (int64_t)p->n_layers;
    row->depth = (int64_t)p->depth;
    row->reference_layer = (int64_t)p->reference_layer;
    row->n_samples = p->n_mc;
    row->ensemble = (int64_t)p->ensemble;
    row->n_images = (int64_t)p->n_images;
    row->chunk = (int64_t)p->chunk;
    row->lanes = (int64_t)p->lanes;
    row->seed = p->seed;
    row->sample_seed = p->sample_seed;
    row->var_w = p->var_w;
    row->var_b = p->var_b;
    row->q0 = p->q0;
    row->entropy_reference = p->entropy_reference;
    row->wall_s = p->wall_s;
    for (size_t i = 0; i < p->n_layers; i++, f->n_layers++) {
        f->width[f->n_layers] = p->width[i];
        f->flags[f->n_layers] = (int8_t)((int)p->layer_status[i] | (p->width_changed[i] ? KLF_FLAG_WIDTH_CHANGED : 0));
    }
}

static void add_row(checkpoint_file *f, const klf_record *record, klf_record_kind kind, const klf_kl_point *point)
{
    const size_t        first = f->n_layers;
    klf_checkpoint_row *row = &f->row[f->n_rows++];
    row->kind = kind;
    row->network = (int64_t)record->network;
    row->image = (int64_t)record->image;
    row->elapsed_s = record->wall_s;
    if (kind == KLF_RECORD_SUMS)
        add_sums(f, row, record->sums);
    else
        add_result(f, row, point);
    f->n_numbers += (size_t)klf_checkpoint_count(row, f->width + first, f->flags + first);
}

static klf_status fill_rows(checkpoint_file *f)
{
    count_rows(f);
    f->row = calloc(f->n_rows, sizeof *f->row);
    f->width = calloc(f->n_layers, sizeof *f->width);
    f->flags = calloc(f->n_layers, sizeof *f->flags);
    f->buffer = malloc(BUFFER * sizeof *f->buffer);
    if (!f->row || !f->width || !f->flags || !f->buffer)
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write a checkpoint of %zu records", f->n_rows);
    f->n_rows = f->n_layers = 0;
    for (size_t i = 0; i < f->checkpoint->n; i++) {
        const klf_record *record = &f->checkpoint->record[i];
        add_row(f, record, record->kind, &record->point);
        if (record->point.reference)
            add_row(f, record, KLF_RECORD_REFERENCE, record->point.reference);
    }
    return KLF_OK;
}

/* ---- the file ---- */

static klf_status new_variable(checkpoint_file *f, const char *name, klf_nc_type type, const klf_nc_dim *dim,
                               const char *long_name, klf_nc_var *var)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_nc_variable(f->writer, f->group, name, type, 1, dim, NULL, var));
    KLF_TRY(klf_nc_text(f->writer, var->id, "long_name", long_name));
done:
    return st;
}

static klf_status write_columns(checkpoint_file *f, const klf_nc_dim *record)
{
    static const struct {
        const char *name;
        klf_nc_type type;
        size_t      offset;
        const char *long_name;
    } column[] = {
#define COLUMN(member, type, text) {#member, type, offsetof(klf_checkpoint_row, member), text},
        KLF_CHECKPOINT_COLUMNS(COLUMN)
#undef COLUMN
    };
    klf_status st = KLF_OK;
    klf_nc_var var;
    char      *values = malloc(f->n_rows * 8);
    if (!values)
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write a checkpoint of %zu records", f->n_rows);
    for (size_t c = 0; c < sizeof column / sizeof *column; c++) {
        for (size_t i = 0; i < f->n_rows; i++)
            memcpy(values + 8 * i, (const char *)&f->row[i] + column[c].offset, 8);
        KLF_TRY(new_variable(f, column[c].name, column[c].type, record, column[c].long_name, &var));
        KLF_TRY(klf_nc_write(f->writer, var, values));
    }
done:
    free(values);
    return st;
}

/* The label of a result's input; sums have none. */
static klf_status write_labels(checkpoint_file *f, const klf_nc_dim *record)
{
    klf_status   st = KLF_OK;
    klf_nc_var   var;
    const char **label = calloc(f->n_rows, sizeof *label);
    size_t       row = 0;
    if (!label)
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write a checkpoint of %zu records", f->n_rows);
    for (size_t i = 0; i < f->checkpoint->n; i++)
        for (const klf_kl_point *p = &f->checkpoint->record[i].point; p; p = p->reference)
            label[row++] = p->input ? p->input : "";
    KLF_TRY(new_variable(f, "input", KLF_NC_TEXT, record, "input of the result", &var));
    KLF_TRY(klf_nc_write(f->writer, var, label));
done:
    free(label);
    return st;
}

static klf_status flush(checkpoint_file *f)
{
    const hsize_t start = f->written, count = f->buffered;
    f->written += f->buffered;
    f->buffered = 0;
    return count > 0 ? klf_nc_write_block(f->writer, f->numbers, &start, &count, f->buffer) : KLF_OK;
}

static klf_status put(void *arg, double *values, size_t n)
{
    checkpoint_file *f = arg;
    klf_status       st = KLF_OK;
    while (n > 0) {
        const size_t room = BUFFER - f->buffered, part = n < room ? n : room;
        memcpy(f->buffer + f->buffered, values, part * sizeof *values);
        f->buffered += part;
        values += part;
        n -= part;
        if (f->buffered == BUFFER)
            KLF_TRY(flush(f));
    }
done:
    return st;
}

static klf_status write_numbers(checkpoint_file *f, const klf_nc_dim *number)
{
    klf_status st = KLF_OK;
    KLF_TRY(new_variable(f, "numbers", KLF_NC_DOUBLE, number, "the numbers of all records", &f->numbers));
    for (size_t i = 0; i < f->checkpoint->n; i++) {
        const klf_record *record = &f->checkpoint->record[i];
        if (record->sums)
            KLF_TRY(klf_checkpoint_visit_sums(record->stats, record->sums, put, f));
        for (const klf_kl_point *p = record->sums ? NULL : &record->point; p; p = p->reference)
            KLF_TRY(klf_checkpoint_visit_result(p, put, f));
    }
    KLF_TRY(flush(f));
done:
    return st;
}

static klf_status write_records(checkpoint_file *f)
{
    klf_status st = KLF_OK;
    klf_nc_dim record, layer, number;
    klf_nc_var var;
    KLF_TRY(klf_nc_dimension(f->writer, f->group, "record", f->n_rows, &record));
    KLF_TRY(klf_nc_dimension(f->writer, f->group, "layer", f->n_layers, &layer));
    KLF_TRY(klf_nc_dimension(f->writer, f->group, "number", f->n_numbers, &number));
    KLF_TRY(write_columns(f, &record));
    KLF_TRY(write_labels(f, &record));
    KLF_TRY(new_variable(f, "width", KLF_NC_UINT64, &layer, "neurons of the layers of all records", &var));
    KLF_TRY(klf_nc_write(f->writer, var, f->width));
    KLF_TRY(new_variable(f, "layer_flags", KLF_NC_INT8, &layer,
                         "of a result: 0 ok, 1 degenerate, plus 8 if the width changed; of sums: 1 has second moments", &var));
    KLF_TRY(klf_nc_write(f->writer, var, f->flags));
    KLF_TRY(write_numbers(f, &number));
done:
    return st;
}

static klf_status write_facts(checkpoint_file *f)
{
    klf_status            st = KLF_OK;
    const klf_checkpoint *c = f->checkpoint;
    const hid_t           root = klf_nc_root(f->writer);
    const int64_t         n_fields = KLF_KL_N_FIELDS, n_records = (int64_t)f->n_rows;
    klf_nc_var            config;
    KLF_TRY(klf_nc_text(f->writer, root, "klflow_version", c->version));
    KLF_TRY(klf_nc_text(f->writer, root, "backend", c->backend));
    KLF_TRY(klf_nc_text(f->writer, root, "precision", c->precision));
    KLF_TRY(klf_nc_text(f->writer, root, "kernels", c->kernels));
    KLF_TRY(klf_nc_attribute(f->writer, root, "n_networks", KLF_NC_INT64, 1, &c->n_networks));
    KLF_TRY(klf_nc_attribute(f->writer, root, "chunk_threads", KLF_NC_INT64, 1, &c->chunk_threads));
    KLF_TRY(klf_nc_attribute(f->writer, root, "restarts", KLF_NC_INT64, 1, &c->restarts));
    KLF_TRY(klf_nc_attribute(f->writer, root, "network_saved", KLF_NC_INT64, 1, &c->network_saved));
    KLF_TRY(klf_nc_attribute(f->writer, root, "wall_s", KLF_NC_DOUBLE, 1, &c->wall_s));
    KLF_TRY(klf_nc_attribute(f->writer, root, "n_fields", KLF_NC_INT64, 1, &n_fields));
    KLF_TRY(klf_nc_attribute(f->writer, root, "n_records", KLF_NC_INT64, 1, &n_records));
    KLF_TRY(klf_nc_variable(f->writer, f->group, "config", KLF_NC_TEXT, 0, NULL, NULL, &config));
    KLF_TRY(klf_nc_text(f->writer, config.id, "long_name", "the part of the config that the numbers depend on, YAML"));
    KLF_TRY(klf_nc_write(f->writer, config, &c->config));
done:
    return st;
}

klf_status klf_store_write_checkpoint(const char *path, const klf_checkpoint *checkpoint, const klf_provenance *provenance)
{
    klf_status      st = KLF_OK;
    checkpoint_file f = {.checkpoint = checkpoint};
    if (checkpoint->n > 0)
        KLF_TRY(fill_rows(&f));
    KLF_TRY(klf_nc_create(path, true, &f.writer));
    klf_nc_leave_uncompressed(f.writer); /* a job has seconds between its signal and its end, and sums do not shrink */
    KLF_TRY(klf_identity_write(f.writer, KLF_SCHEMA_CHECKPOINT, "What an interrupted run of klflow kl has so far", provenance));
    KLF_TRY(klf_nc_group(f.writer, klf_nc_root(f.writer), KLF_CHECKPOINT_GROUP, &f.group));
    KLF_TRY(write_facts(&f));
    if (f.n_rows > 0)
        KLF_TRY(write_records(&f));
    st = klf_nc_commit(f.writer);
    f.writer = NULL;
done:
    klf_nc_abandon(f.writer);
    free(f.row);
    free(f.width);
    free(f.flags);
    free(f.buffer);
    return st;
}
