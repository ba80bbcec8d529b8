/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a result file back into the sweep that was written: the counterpart of kl_file.c. Every shape is looked at before
 * memory is taken for it; whether all of a file is as it was written is klf_store_check's to say. Layout: docs/formats.md. */
#include "store/identity.h"
#include "store/kl_variables.h"
#include "store/netcdf4.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_RANK = KLF_KL_GRID_RANK, LAYER_RANK = KLF_KL_LAYER_RANK, MOMENT_RANK = KLF_KL_MOMENT_RANK };

/* ---- the axes ---- */

static klf_status measure_axis(klf_kl_reader *r, size_t axis)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    KLF_TRY(klf_kl_open_variable(r, klf_kl_axis[axis], 1, &dataset, &r->size[axis]));
    if (r->size[axis] == 0)
        st = klf_fail(KLF_ERR_DATA, "%s: axis %s of /%s is empty", r->file.name.text, klf_kl_axis[axis], r->name);
done:
    klf_h5_release(dataset);
    return st;
}

/* An axis of numbers: r->size[axis] is used in the place of a rank of 1, which all axes have. */
static klf_status read_axis(klf_kl_reader *r, size_t axis, hid_t type, void **values)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    hsize_t    extent;
    if (!(*values = malloc(r->size[axis] * 8)))
        return klf_kl_no_memory(r);
    KLF_TRY(klf_kl_open_variable(r, klf_kl_axis[axis], 1, &dataset, &extent));
    KLF_H5(&r->file, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values));
done:
    klf_h5_release(dataset);
    return st;
}

static klf_status read_axes(klf_kl_reader *r)
{
    klf_status    st = KLF_OK;
    klf_kl_sweep *s = &r->out->sweep;
    void         *values;
    char        **input;
    int64_t       reference_layer = 0;
    bool          found;
    double        points = 1.0;
    for (size_t i = 0; i < LAYER_RANK; i++)
        KLF_TRY(measure_axis(r, i));
    for (size_t i = 0; i < LAYER_RANK; i++)
        points *= (double)r->size[i];
    if (points > 1e12) {
        st = klf_fail(KLF_ERR_DATA, "%s: a grid of %.0f values is larger than any that klflow writes", r->file.name.text,
                      points);
        goto done;
    }
    s->n_var_w = r->size[0];
    s->n_var_b = r->size[1];
    s->n_depth = r->size[2];
    s->n_seed = r->size[3];
    s->n_input = r->size[4];
    s->n_points = s->n_var_w * s->n_var_b * s->n_depth * s->n_seed * s->n_input;
    st = read_axis(r, 0, H5T_NATIVE_DOUBLE, &values);
    s->var_w = values;
    KLF_TRY(st);
    st = read_axis(r, 1, H5T_NATIVE_DOUBLE, &values);
    s->var_b = values;
    KLF_TRY(st);
    st = read_axis(r, 2, H5T_NATIVE_UINT64, &values);
    s->depth = values;
    KLF_TRY(st);
    st = read_axis(r, 3, H5T_NATIVE_UINT64, &values);
    s->seed = values;
    KLF_TRY(st);
    if (!(input = calloc(s->n_input, sizeof *input))) {
        st = klf_kl_no_memory(r);
        goto done;
    }
    s->input = (const char *const *)input;
    KLF_TRY(klf_kl_read_texts(r, klf_kl_axis[4], 1, s->n_input, input));

    klf_h5_file here = r->file;
    here.id = r->group;
    KLF_TRY(klf_h5_read_number(&here, "reference_layer", H5T_NATIVE_INT64, &reference_layer, &found));
    if (!found || reference_layer < 0)
        st = klf_fail(KLF_ERR_DATA, "%s: group /%s does not say which layer is the reference layer", r->file.name.text,
                      r->name);
    s->reference_layer = (size_t)reference_layer;
done:
    return st;
}

/* ---- the points ---- */

/* What is known of a point from its place in the grid. */
static klf_status create_point(klf_kl_reader *r, size_t index, size_t ensemble, size_t n_images, klf_kl_point *point)
{
    klf_status          st = KLF_OK;
    const klf_kl_sweep *s = &r->out->sweep;
    size_t              rest = index, reference = s->reference_layer;
    const size_t        input = rest % s->n_input;
    const size_t        seed = (rest /= s->n_input) % s->n_seed;
    const size_t        depth = (rest /= s->n_seed) % s->n_depth;
    const size_t        var_b = (rest /= s->n_depth) % s->n_var_b;
    const size_t        var_w = rest / s->n_var_b;
    if (s->depth[depth] <= reference || s->depth[depth] - reference > r->size[GRID_RANK])
        return klf_fail(KLF_ERR_DATA, "%s: a network of %" PRIu64 " layers does not fit %llu layers from layer %zu on",
                        r->file.name.text, s->depth[depth], (unsigned long long)r->size[GRID_RANK], reference);
    KLF_TRY(klf_kl_point_create(s->depth[depth] - reference, ensemble, n_images, point));
    point->depth = s->depth[depth];
    point->reference_layer = reference;
    point->var_w = s->var_w[var_w];
    point->var_b = s->var_b[var_b];
    point->seed = s->seed[seed];
    if (!(point->input = strdup(s->input[input])))
        st = klf_kl_no_memory(r);
done:
    return st;
}

/* Every one is eight bytes wide in klf_kl_point. */
static const struct {
    const char *name;
    klf_nc_type type;
    size_t      offset;
} point_fact[] = {
#define POINT_FACT(member, name, type, units, text) {name, type, offsetof(klf_kl_point, member)},
    KLF_KL_POINT_FACTS(POINT_FACT)
#undef POINT_FACT
};

static hid_t native(klf_nc_type type)
{
    return type == KLF_NC_DOUBLE ? H5T_NATIVE_DOUBLE : type == KLF_NC_INT64 ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
}

/* The counts decide which scatter a point has, so they come first. */
static klf_status create_points(klf_kl_reader *r, klf_kl_point *point)
{
    klf_status      st = KLF_OK;
    const size_t    n = r->out->sweep.n_points;
    const uint64_t *ensemble = r->buffer;
    uint64_t       *n_images = malloc(n * sizeof *n_images);
    if (!n_images)
        return klf_kl_no_memory(r);
    KLF_TRY(klf_kl_read_all(r, "n_images", GRID_RANK, H5T_NATIVE_UINT64, n_images));
    KLF_TRY(klf_kl_read_all(r, "ensemble", GRID_RANK, H5T_NATIVE_UINT64, r->buffer));
    for (size_t p = 0; p < n; p++)
        KLF_TRY(create_point(r, p, ensemble[p], n_images[p], &point[p]));
    for (size_t k = 0; k < sizeof point_fact / sizeof *point_fact; k++) {
        KLF_TRY(klf_kl_read_all(r, point_fact[k].name, GRID_RANK, native(point_fact[k].type), r->buffer));
        for (size_t p = 0; p < n; p++)
            memcpy((char *)&point[p] + point_fact[k].offset, (const char *)r->buffer + 8 * p, 8);
    }
done:
    free(n_images);
    return st;
}

static klf_status read_layer_facts(klf_kl_reader *r, klf_kl_point *point)
{
    klf_status     st = KLF_OK;
    const size_t   n = r->out->sweep.n_points, n_layers = r->size[GRID_RANK];
    const int64_t *width = r->buffer;
    const int8_t  *flag = r->buffer;
    KLF_TRY(klf_kl_read_all(r, "width", LAYER_RANK, H5T_NATIVE_INT64, r->buffer));
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0; i < point[p].n_layers; i++) {
            const int64_t w = width[p * n_layers + i];
            if (w < 1) {
                st = klf_fail(KLF_ERR_DATA, "%s: layer %zu of point %zu of /%s has %" PRId64 " neurons", r->file.name.text,
                              point[p].reference_layer + i, p, r->name, w);
                goto done;
            }
            point[p].width[i] = (size_t)w;
        }
    KLF_TRY(klf_kl_read_all(r, "layer_status", LAYER_RANK, H5T_NATIVE_INT8, r->buffer));
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0; i < point[p].n_layers; i++)
            point[p].layer_status[i] = flag[p * n_layers + i] == KLF_LAYER_OK ? KLF_LAYER_OK : KLF_LAYER_DEGENERATE;
    KLF_TRY(klf_kl_read_all(r, "width_changed", LAYER_RANK, H5T_NATIVE_INT8, r->buffer));
    for (size_t p = 0; p < n; p++)
        for (size_t i = 0; i < point[p].n_layers; i++)
            point[p].width_changed[i] = flag[p * n_layers + i] != 0;
done:
    return st;
}

/* ---- a quantity per layer, its scatter over networks, its scatter over images ---- */

enum { VALUE, ENSEMBLE_STD, INPUT_STD, N_PARTS };

static double *values_of(const klf_kl_point *point, int field, int which)
{
    return which == VALUE ? point->value[field] : which == ENSEMBLE_STD ? point->ensemble_std[field] : point->input_std[field];
}

static klf_status read_field(klf_kl_reader *r, int field, int which, klf_kl_point *point)
{
    static const char *const suffix[N_PARTS] = {"", "_ensemble_std", "_input_std"};
    klf_status               st = KLF_OK;
    const size_t             n = r->out->sweep.n_points, n_layers = r->size[GRID_RANK];
    const double            *row = r->buffer;
    char                     name[64];
    bool                     any = false;
    for (size_t p = 0; p < n; p++)
        any = any || values_of(&point[p], field, which);
    if (!any)
        return KLF_OK;
    snprintf(name, sizeof name, "%s%s", klf_kl_field_table[field].name, suffix[which]);
    KLF_TRY(klf_kl_read_all(r, name, LAYER_RANK, H5T_NATIVE_DOUBLE, r->buffer));
    for (size_t p = 0; p < n; p++, row += n_layers) {
        double *values = values_of(&point[p], field, which);
        if (values)
            memcpy(values, row, point[p].n_layers * sizeof *values);
    }
done:
    return st;
}

/* ---- f_j and f_jk ---- */

/* The moment of one layer; *moment stays NULL where it was not kept, which its first value tells. */
static klf_status read_moment(klf_kl_reader *r, hid_t dataset, size_t rank, size_t point, size_t layer, size_t width,
                              double **moment)
{
    klf_status st = KLF_OK;
    hid_t      space = H5I_INVALID_HID, memory = H5I_INVALID_HID;
    hsize_t    start[MOMENT_RANK] = {0}, count[MOMENT_RANK] = {1, 1, 1, 1, 1, 1, width, width};
    size_t     values = rank > LAYER_RANK + 1 ? width * width : width;
    double    *v = NULL;
    start[GRID_RANK] = layer;
    for (size_t axis = GRID_RANK; axis-- > 0; point /= r->size[axis])
        start[axis] = point % r->size[axis];
    if (!(v = malloc(values * sizeof *v)))
        return klf_kl_no_memory(r);
    KLF_H5(&r->file, space = H5Dget_space(dataset));
    KLF_H5(&r->file, memory = H5Screate_simple((int)rank, count, NULL));
    KLF_H5(&r->file, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
    KLF_H5(&r->file, H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, v));
    if (!isnan(v[0])) {
        *moment = v;
        v = NULL;
    }
done:
    free(v);
    klf_h5_release(memory);
    klf_h5_release(space);
    return st;
}

static klf_status read_moments(klf_kl_reader *r, const char *name, size_t rank, klf_kl_point *point, size_t offset)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    htri_t     there;
    KLF_H5(&r->file, there = H5Lexists(r->group, name, H5P_DEFAULT));
    if (!there)
        goto done;
    for (size_t i = LAYER_RANK; i < rank; i++)
        KLF_TRY(measure_axis(r, i));
    KLF_TRY(klf_kl_open_over_axes(r, name, rank, &dataset));
    for (size_t p = 0; p < r->out->sweep.n_points; p++) {
        double ***moment = (double ***)((char *)&point[p] + offset);
        if (!(*moment = calloc(point[p].n_layers, sizeof **moment))) {
            st = klf_kl_no_memory(r);
            goto done;
        }
        for (size_t i = 0; i < point[p].n_layers; i++) {
            if (point[p].width[i] > r->size[LAYER_RANK]) {
                st = klf_fail(KLF_ERR_DATA, "%s: /%s/%s has no room for the %zu neurons of layer %zu", r->file.name.text,
                              r->name, name, point[p].width[i], point[p].reference_layer + i);
                goto done;
            }
            r->file.object = name;
            KLF_TRY(read_moment(r, dataset, rank, p, i, point[p].width[i], &(*moment)[i]));
        }
    }
done:
    r->file.object = NULL;
    klf_h5_release(dataset);
    return st;
}

/* ---- the file ---- */

static klf_status read_points(klf_kl_reader *r, klf_kl_point *point)
{
    klf_status st = KLF_OK;
    KLF_TRY(create_points(r, point));
    KLF_TRY(read_layer_facts(r, point));
    for (int field = 0; field < KLF_KL_N_FIELDS; field++)
        for (int which = VALUE; which < N_PARTS; which++)
            KLF_TRY(read_field(r, field, which, point));
    KLF_TRY(read_moments(r, "f_j", LAYER_RANK + 1, point, offsetof(klf_kl_point, f_j)));
    KLF_TRY(read_moments(r, "f_jk", LAYER_RANK + 2, point, offsetof(klf_kl_point, f_jk)));
done:
    return st;
}

static klf_status read_results(klf_kl_reader *r)
{
    klf_status    st = KLF_OK;
    klf_kl_sweep *s = &r->out->sweep;
    KLF_TRY(klf_kl_open_group(r, KLF_KL_GROUP));
    KLF_TRY(read_axes(r));
    s->point = calloc(s->n_points, sizeof *s->point);
    r->buffer = calloc(s->n_points * r->size[GRID_RANK], 8);
    if (!s->point || !r->buffer) {
        st = klf_kl_no_memory(r);
        goto done;
    }
    KLF_TRY(read_points(r, s->point));
done:
    klf_kl_close_group(r);
    return st;
}

/* The references, which are handed to their points. */
static klf_status read_references(klf_kl_reader *r)
{
    klf_status    st = KLF_OK;
    klf_kl_sweep *s = &r->out->sweep;
    htri_t        there;
    klf_kl_point *reference = NULL;
    KLF_H5(&r->file, there = H5Lexists(r->file.id, KLF_KL_REFERENCE_GROUP, H5P_DEFAULT));
    if (!there)
        goto done;
    KLF_TRY(klf_kl_open_group(r, KLF_KL_REFERENCE_GROUP));
    if (!(reference = calloc(s->n_points, sizeof *reference))) {
        st = klf_kl_no_memory(r);
        goto done;
    }
    KLF_TRY(read_points(r, reference));
    for (size_t p = 0; p < s->n_points; p++) {
        if (!(s->point[p].reference = malloc(sizeof *reference))) {
            st = klf_kl_no_memory(r);
            goto done;
        }
        *s->point[p].reference = reference[p];
        reference[p] = (klf_kl_point){0};
    }
done:
    for (size_t p = 0; reference && p < s->n_points; p++)
        klf_kl_point_free(&reference[p]);
    free(reference);
    klf_kl_close_group(r);
    return st;
}

static klf_status read_fact(const klf_h5_file *provenance, const char *name, char **text)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_h5_read_text(provenance, name, text));
    if (!*text && !(*text = strdup("")))
        st = klf_fail(KLF_ERR_MEMORY, "not enough memory to read %s", provenance->name.text);
done:
    return st;
}

static klf_status read_provenance(klf_kl_reader *r)
{
    klf_status  st = KLF_OK;
    klf_h5_file provenance = r->file;
    KLF_TRY(klf_kl_open_group(r, "provenance"));
    provenance.id = r->group;
    KLF_TRY(read_fact(&provenance, "version", &r->out->version));
    KLF_TRY(read_fact(&provenance, "backend", &r->out->backend));
    KLF_TRY(read_fact(&provenance, "precision", &r->out->precision));
    KLF_TRY(read_fact(&provenance, "weight_format", &r->out->weight_format));
    KLF_TRY(read_fact(&provenance, "compare_backend", &r->out->reference_backend));
    KLF_TRY(read_fact(&provenance, "compare_precision", &r->out->reference_precision));
    KLF_TRY(klf_kl_read_texts(r, "config_text", 0, 1, &r->out->config_text));
done:
    klf_kl_close_group(r);
    return st;
}

static klf_status expect_schema(const klf_h5_file *f)
{
    klf_status st = KLF_OK;
    char      *schema = NULL;
    int64_t    version = 0;
    bool       found;
    KLF_TRY(klf_h5_read_text(f, "schema", &schema));
    KLF_TRY(klf_h5_read_number(f, "schema_version", H5T_NATIVE_INT64, &version, &found));
    if (!schema)
        st = klf_fail(KLF_ERR_DATA, "%s is HDF5, but not a file of klflow: it has no attribute schema", f->name.text);
    else if (strcmp(schema, KLF_SCHEMA_KL) != 0)
        st = klf_fail(KLF_ERR_DATA, "%s holds no results of klflow kl: its schema is %s, not %s", f->name.text,
                      klf_quoted(schema).text, KLF_SCHEMA_KL);
    else if (version != KLF_SCHEMA_VERSION)
        st = klf_fail(KLF_ERR_DATA, "%s: version %" PRId64 " of schema %s is unknown to this klflow, which knows version %d",
                      f->name.text, version, schema, KLF_SCHEMA_VERSION);
done:
    free(schema);
    return st;
}

klf_status klf_store_read_kl(const char *path, klf_kl_file **out)
{
    klf_status    st = KLF_OK;
    klf_kl_reader r = {.group = H5I_INVALID_HID};
    *out = NULL;
    KLF_TRY(klf_h5_open(path, &r.file));
    KLF_TRY(expect_schema(&r.file));
    if (!(r.out = calloc(1, sizeof *r.out))) {
        st = klf_kl_no_memory(&r);
        goto done;
    }
    KLF_TRY(read_provenance(&r));
    KLF_TRY(read_results(&r));
    KLF_TRY(read_references(&r));
    *out = r.out;
    r.out = NULL;
done:
    klf_store_free_kl(r.out);
    free(r.buffer);
    klf_h5_close(&r.file);
    return st;
}

void klf_store_free_kl(klf_kl_file *file)
{
    if (!file)
        return;
    klf_kl_sweep *s = &file->sweep;
    for (size_t p = 0; s->point && p < s->n_points; p++)
        klf_kl_point_free(&s->point[p]);
    free(s->point);
    for (size_t i = 0; s->input && i < s->n_input; i++)
        free((char *)s->input[i]);
    free((char **)s->input);
    free((double *)s->var_w);
    free((double *)s->var_b);
    free((uint64_t *)s->depth);
    free((uint64_t *)s->seed);
    free(file->config_text);
    free(file->version);
    free(file->backend);
    free(file->precision);
    free(file->weight_format);
    free(file->reference_backend);
    free(file->reference_precision);
    free(file);
}
