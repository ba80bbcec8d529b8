/* SPDX-License-Identifier: BSD-3-Clause */
/* The result file of `klflow kl`: group kl with one variable a field over (var_w, var_b, depth, seed, input, layer), written
 * one variable at a time, the large moments one layer at a time; group kl_ref is the same for the points' references. Layout:
 * docs/formats.md. */
#include "klflow/store.h"
#include "store/identity.h"
#include "store/kl_schema.h"
#include "store/netcdf4.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_RANK = KLF_KL_GRID_RANK, LAYER_RANK = KLF_KL_LAYER_RANK, MOMENT_RANK = KLF_KL_MOMENT_RANK };

typedef struct kl_file {
    klf_nc_writer      *writer;
    const klf_kl_sweep *sweep;
    hid_t               group;
    size_t              n_layers, widest;
    klf_nc_dim          dim[MOMENT_RANK]; /* the grid, layer, neuron_j, neuron_k */
    void               *buffer;           /* [n_points][n_layers] values of eight bytes: the one variable being written */
} kl_file;

static const double  no_value = NAN;
static const int64_t no_width = -1;

static klf_status new_variable(kl_file *f, const char *name, klf_nc_type type, size_t rank, const void *fill, const char *units,
                               const char *long_name, klf_nc_var *var)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_nc_variable(f->writer, f->group, name, type, rank, f->dim, fill, var));
    KLF_TRY(klf_nc_text(f->writer, var->id, "long_name", long_name));
    if (units)
        KLF_TRY(klf_nc_text(f->writer, var->id, "units", units));
done:
    return st;
}

static klf_status new_flags(kl_file *f, const char *name, size_t rank, const char *long_name, const char *meanings, size_t n,
                            klf_nc_var *var)
{
    static const int8_t values[] = {0, 1, 2};
    klf_status          st = KLF_OK;
    KLF_TRY(new_variable(f, name, KLF_NC_INT8, rank, NULL, NULL, long_name, var));
    KLF_TRY(klf_nc_attribute(f->writer, var->id, "flag_values", KLF_NC_INT8, n, values));
    KLF_TRY(klf_nc_text(f->writer, var->id, "flag_meanings", meanings));
done:
    return st;
}

static klf_status write_coordinate(kl_file *f, size_t axis, klf_nc_type type, size_t size, const void *values,
                                   const char *units, const char *long_name)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_nc_coordinate(f->writer, f->group, klf_kl_axis[axis], type, size, values, &f->dim[axis]));
    KLF_TRY(klf_nc_text(f->writer, f->dim[axis].scale, "long_name", long_name));
    if (units)
        KLF_TRY(klf_nc_text(f->writer, f->dim[axis].scale, "units", units));
done:
    return st;
}

static klf_status write_coordinates(kl_file *f)
{
    klf_status          st = KLF_OK;
    const klf_kl_sweep *s = f->sweep;
    int64_t            *index = f->buffer;
    KLF_TRY(write_coordinate(f, 0, KLF_NC_DOUBLE, s->n_var_w, s->var_w, "1", "variance of a weight times its fan-in"));
    KLF_TRY(write_coordinate(f, 1, KLF_NC_DOUBLE, s->n_var_b, s->var_b, "1", "variance of a bias"));
    for (size_t i = 0; i < s->n_depth; i++)
        index[i] = (int64_t)s->depth[i];
    KLF_TRY(write_coordinate(f, 2, KLF_NC_INT64, s->n_depth, index, "1", "number of layers of the network"));
    KLF_TRY(write_coordinate(f, 3, KLF_NC_UINT64, s->n_seed, s->seed, "1", "seed of the (first) network"));
    KLF_TRY(write_coordinate(f, 4, KLF_NC_TEXT, s->n_input, s->input, NULL, "input of the network"));
    for (size_t i = 0; i < f->n_layers; i++)
        index[i] = (int64_t)(s->reference_layer + i);
    KLF_TRY(write_coordinate(f, 5, KLF_NC_INT64, f->n_layers, index, "1", "layer, counted from 0 behind the input"));
done:
    return st;
}

/* ---- a quantity per layer, its scatter over networks, its scatter over images ---- */

static const struct {
    const char *suffix, *of;
} part[] = {{"", ""},
            {"_ensemble_std", "standard deviation over the networks of the ensemble: "},
            {"_input_std", "standard deviation over the images: "}};

enum { VALUE, ENSEMBLE_STD, INPUT_STD, N_PARTS };

static const double *values_of(const klf_kl_point *point, int field, int which)
{
    switch (which) {
    case VALUE: return point->value[field];
    case ENSEMBLE_STD: return point->ensemble_std[field];
    default: return point->input_std[field];
    }
}

/* Puts the points' values into the buffer; false if no point has any. */
static bool gather(kl_file *f, int field, int which)
{
    double *row = f->buffer;
    bool    any = false;
    for (size_t p = 0; p < f->sweep->n_points; p++, row += f->n_layers) {
        const klf_kl_point *point = &f->sweep->point[p];
        const double       *values = values_of(point, field, which);
        any = any || values;
        for (size_t i = 0; i < f->n_layers; i++)
            row[i] = values && i < point->n_layers ? values[i] : NAN;
    }
    return any;
}

static bool width_changes(const klf_kl_sweep *sweep)
{
    for (size_t p = 0; p < sweep->n_points; p++)
        for (size_t i = 0; i < sweep->point[p].n_layers; i++)
            if (sweep->point[p].width_changed[i])
                return true;
    return false;
}

static klf_status annotate(kl_file *f, int field, hid_t var)
{
    klf_status  st = KLF_OK;
    const char *error = field == KLF_KL_KL                                   ? "kl_stderr "
                        : field == KLF_KL_Q_DIRECT || field == KLF_KL_Q_GRAM ? "Q_stderr "
                                                                             : "";
    char        ancillary[64];
    snprintf(ancillary, sizeof ancillary, "%slayer_status status", error);
    KLF_TRY(klf_nc_text(f->writer, var, "ancillary_variables", ancillary));
    if (field == KLF_KL_KL_STDERR || field == KLF_KL_Q_STDERR)
        KLF_TRY(klf_nc_text(f->writer, var, "comment",
                            "The error of sampling with the weights held fixed. The scatter over networks (*_ensemble_std) or "
                            "images (*_input_std) is another, usually wider band."));
    if ((field == KLF_KL_KL || field == KLF_KL_KL_PER_NEURON) && width_changes(f->sweep))
        KLF_TRY(klf_nc_text(f->writer, var, "note", klf_kl_width_note));
done:
    return st;
}

static klf_status write_field(kl_file *f, int field, int which)
{
    klf_status               st = KLF_OK;
    const klf_kl_field_info *info = &klf_kl_field_table[field];
    char                     name[64], long_name[160];
    klf_nc_var               var;
    if (!gather(f, field, which))
        return KLF_OK;
    snprintf(name, sizeof name, "%s%s", info->name, part[which].suffix);
    snprintf(long_name, sizeof long_name, "%s%s", part[which].of, info->long_name);
    KLF_TRY(new_variable(f, name, KLF_NC_DOUBLE, LAYER_RANK, &no_value, info->units, long_name, &var));
    if (which == VALUE)
        KLF_TRY(annotate(f, field, var.id));
    KLF_TRY(klf_nc_write(f->writer, var, f->buffer));
done:
    return st;
}

/* ---- what a layer is ---- */

static klf_status write_layer_facts(kl_file *f)
{
    klf_status          st = KLF_OK;
    const klf_kl_sweep *s = f->sweep;
    int64_t            *width = f->buffer;
    int8_t             *flag = f->buffer;
    klf_nc_var          var;

    KLF_TRY(new_variable(f, "width", KLF_NC_INT64, LAYER_RANK, &no_width, "1", "number of neurons of the layer", &var));
    for (size_t p = 0; p < s->n_points; p++)
        for (size_t i = 0; i < f->n_layers; i++)
            width[p * f->n_layers + i] = i < s->point[p].n_layers ? (int64_t)s->point[p].width[i] : no_width;
    KLF_TRY(klf_nc_write(f->writer, var, width));

    KLF_TRY(new_flags(f, "layer_status", LAYER_RANK, "whether the layer has a density, zero variance, or does not exist",
                      "ok degenerate absent", 3, &var));
    for (size_t p = 0; p < s->n_points; p++)
        for (size_t i = 0; i < f->n_layers; i++)
            flag[p * f->n_layers + i] = (int8_t)(i < s->point[p].n_layers ? s->point[p].layer_status[i] : KLF_LAYER_ABSENT);
    KLF_TRY(klf_nc_write(f->writer, var, flag));

    KLF_TRY(new_flags(f, "width_changed", LAYER_RANK, "whether the width differs from that of the reference layer", "no yes", 2,
                      &var));
    for (size_t p = 0; p < s->n_points; p++)
        for (size_t i = 0; i < f->n_layers; i++)
            flag[p * f->n_layers + i] = i < s->point[p].n_layers && s->point[p].width_changed[i];
    KLF_TRY(klf_nc_write(f->writer, var, flag));
done:
    return st;
}

/* ---- what a point is ---- */

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "sizes are stored as uint64 without conversion");

/* Every one is eight bytes wide in klf_kl_point. */
static const struct {
    const char *name;
    klf_nc_type type;
    size_t      offset;
    const char *units, *long_name;
} point_fact[] = {
#define POINT_FACT(member, name, type, units, text) {name, type, offsetof(klf_kl_point, member), units, text},
    KLF_KL_POINT_FACTS(POINT_FACT)
#undef POINT_FACT
};

static klf_status write_point_facts(kl_file *f)
{
    klf_status          st = KLF_OK;
    const klf_kl_sweep *s = f->sweep;
    int8_t             *flag = f->buffer;
    klf_nc_var          var;

    KLF_TRY(new_flags(f, "status", GRID_RANK, "whether every layer of the point has a density", "ok degenerate", 2, &var));
    for (size_t p = 0; p < s->n_points; p++)
        flag[p] = klf_kl_point_is_degenerate(&s->point[p]);
    KLF_TRY(klf_nc_write(f->writer, var, flag));

    for (size_t k = 0; k < sizeof point_fact / sizeof *point_fact; k++) {
        const void *fill = point_fact[k].type == KLF_NC_DOUBLE ? &no_value : NULL;
        KLF_TRY(new_variable(f, point_fact[k].name, point_fact[k].type, GRID_RANK, fill, point_fact[k].units,
                             point_fact[k].long_name, &var));
        for (size_t p = 0; p < s->n_points; p++)
            memcpy((char *)f->buffer + 8 * p, (const char *)&s->point[p] + point_fact[k].offset, 8);
        KLF_TRY(klf_nc_write(f->writer, var, f->buffer));
    }
done:
    return st;
}

/* ---- f_j and f_jk, far larger than all else ---- */

static klf_status write_moment(kl_file *f, klf_nc_var var, size_t point, size_t layer, const double *values)
{
    const size_t width = f->sweep->point[point].width[layer];
    hsize_t      start[MOMENT_RANK] = {0}, count[MOMENT_RANK] = {1, 1, 1, 1, 1, 1, width, width};
    start[GRID_RANK] = layer;
    for (size_t axis = GRID_RANK; axis-- > 0; point /= f->dim[axis].size)
        start[axis] = point % f->dim[axis].size;
    return klf_nc_write_block(f->writer, var, start, count, values);
}

/* Layers narrower than the widest keep the fill value behind their last neuron. */
static klf_status write_moments(kl_file *f, size_t rank, const char *name, const char *long_name, size_t offset)
{
    klf_status st = KLF_OK;
    klf_nc_var var;
    KLF_TRY(new_variable(f, name, KLF_NC_DOUBLE, rank, &no_value, "1", long_name, &var));
    for (size_t p = 0; p < f->sweep->n_points; p++) {
        const klf_kl_point *point = &f->sweep->point[p];
        double *const      *moment = *(double **const *)((const char *)point + offset);
        for (size_t i = 0; moment && i < point->n_layers; i++)
            if (moment[i])
                KLF_TRY(write_moment(f, var, p, i, moment[i]));
    }
done:
    return st;
}

static klf_status new_neurons(kl_file *f, size_t axis)
{
    return klf_nc_dimension(f->writer, f->group, klf_kl_axis[axis], f->widest, &f->dim[axis]);
}

static klf_status write_kept_moments(kl_file *f)
{
    klf_status st = KLF_OK;
    bool       f_j = false, f_jk = false;
    for (size_t p = 0; p < f->sweep->n_points; p++) {
        f_j = f_j || f->sweep->point[p].f_j;
        f_jk = f_jk || f->sweep->point[p].f_jk;
    }
    if (f_j || f_jk)
        KLF_TRY(new_neurons(f, LAYER_RANK));
    if (f_jk)
        KLF_TRY(new_neurons(f, LAYER_RANK + 1));
    if (f_j)
        KLF_TRY(
            write_moments(f, LAYER_RANK + 1, "f_j", "mean of phi_j = tanh(z_j) over the samples", offsetof(klf_kl_point, f_j)));
    if (f_jk)
        KLF_TRY(write_moments(f, LAYER_RANK + 2, "f_jk", "mean of phi_j phi_k over the samples", offsetof(klf_kl_point, f_jk)));
done:
    return st;
}

/* ---- the file ---- */

static klf_status write_group(kl_file *f, const char *name)
{
    klf_status    st = KLF_OK;
    const int64_t reference_layer = (int64_t)f->sweep->reference_layer;
    KLF_TRY(klf_nc_group(f->writer, klf_nc_root(f->writer), name, &f->group));
    KLF_TRY(klf_nc_attribute(f->writer, f->group, "reference_layer", KLF_NC_INT64, 1, &reference_layer));
    KLF_TRY(write_coordinates(f));
    KLF_TRY(write_layer_facts(f));
    KLF_TRY(write_point_facts(f));
    for (int field = 0; field < KLF_KL_N_FIELDS; field++)
        for (int which = VALUE; which < N_PARTS; which++)
            KLF_TRY(write_field(f, field, which));
    KLF_TRY(write_kept_moments(f));
done:
    return st;
}

/* The references are a sweep of their own over the same axes. All points have one, or none has. */
static klf_status write_references(kl_file *f)
{
    klf_status          st = KLF_OK;
    const klf_kl_sweep *sweep = f->sweep;
    klf_kl_sweep        references = *sweep;
    if (!sweep->point[0].reference)
        return KLF_OK;
    if (!(references.point = malloc(sweep->n_points * sizeof *references.point)))
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write the references of %zu points", sweep->n_points);
    for (size_t p = 0; p < sweep->n_points; p++) {
        assert(sweep->point[p].reference && sweep->point[p].reference->n_layers == sweep->point[p].n_layers);
        references.point[p] = *sweep->point[p].reference;
    }
    f->sweep = &references;
    KLF_TRY(write_group(f, KLF_KL_REFERENCE_GROUP));
done:
    f->sweep = sweep;
    free(references.point);
    return st;
}

/* The widest and the deepest network of a sweep give the file its shape. */
static void measure(kl_file *f)
{
    const klf_kl_sweep *s = f->sweep;
    assert(s->n_points > 0 && s->n_points == s->n_var_w * s->n_var_b * s->n_depth * s->n_seed * s->n_input);
    for (size_t p = 0; p < s->n_points; p++) {
        if (s->point[p].n_layers > f->n_layers)
            f->n_layers = s->point[p].n_layers;
        for (size_t i = 0; i < s->point[p].n_layers; i++)
            if (s->point[p].width[i] > f->widest)
                f->widest = s->point[p].width[i];
    }
}

klf_status klf_store_write_kl(const char *path, bool force, const klf_kl_sweep *sweep, const klf_provenance *provenance)
{
    klf_status st = KLF_OK;
    kl_file    f = {.sweep = sweep};
    measure(&f);
    KLF_TRY(klf_nc_create(path, force, &f.writer));
    if (!(f.buffer = calloc(sweep->n_points * f.n_layers, 8))) {
        st = klf_fail(KLF_ERR_MEMORY, "not enough memory to write %zu points of %zu layers", sweep->n_points, f.n_layers);
        goto done;
    }
    KLF_TRY(klf_identity_write(f.writer, KLF_SCHEMA_KL, "Relative entropy of the layers of tanh networks to a reference layer",
                               provenance));
    KLF_TRY(write_group(&f, KLF_KL_GROUP));
    KLF_TRY(write_references(&f));
    st = klf_nc_commit(f.writer);
    f.writer = NULL;
done:
    free(f.buffer);
    klf_nc_abandon(f.writer);
    return st;
}
