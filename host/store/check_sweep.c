/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at the group of a sweep's result file, whatever variables its config asked for (check_sweep.h). */
#include "store/check_sweep.h"

#include "core/quote.h"
#include "store/sweep_file.h"

#include <hdf5_hl.h>

#include <stdio.h>
#include <string.h>

enum { MAX_REQUIRED = 4 };

/* The coordinates and quantities without which there is nothing to see. */
static const struct {
    const char *schema, *group;
    const char *axis[MAX_REQUIRED], *variable[MAX_REQUIRED];
} known[] = {
    {KLF_SCHEMA_ISING1D, "ising1d", {"coupling", "step"}, {"s", "s_inf"}},
    {KLF_SCHEMA_ISING2D, "ising2d", {"coupling", "step"}, {"s"}},
    {KLF_SCHEMA_MEANFIELD, "meanfield", {"var_w", "var_b"}, {"q_star", "xi_c", "xi_q", "phase"}},
    {KLF_SCHEMA_FIT, "fit", {"point"}, {"x", "y", "y_fit", "status"}},
};

enum { N_KNOWN = sizeof known / sizeof known[0] };

static size_t find(const char *schema)
{
    size_t i = 0;
    while (i < N_KNOWN && strcmp(known[i].schema, schema) != 0)
        i++;
    return i;
}

bool klf_check_knows_sweep(const char *schema)
{
    return find(schema) < N_KNOWN;
}

typedef struct checker {
    const klf_h5_file *file;
    const char        *group_name;
    hid_t              group;
    char              *summary;
    size_t             size, used, n_variables;
    klf_status         st;
} checker;

/* That axis i of the variable is a coordinate of the group and as long. Readers go by these references, and HDF5 keeps them
 * where no checksum is. */
static klf_status check_axis(const checker *c, const char *name, size_t i, hsize_t extent, const hvl_t *list)
{
    klf_status st = KLF_OK;
    hid_t      scale = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hsize_t    size = 0;
    if (list->len == 1)
        scale = H5Rdereference2(c->file->id, H5P_DEFAULT, H5R_OBJECT, list->p);
    if (scale < 0 || H5DSis_scale(scale) <= 0)
        return klf_fail(KLF_ERR_DATA, "%s: axis %zu (from 0) of variable /%s/%s has no coordinate", c->file->name.text, i,
                        c->group_name, name);
    KLF_H5(c->file, space = H5Dget_space(scale));
    if (H5Sget_simple_extent_ndims(space) == 1)
        H5Sget_simple_extent_dims(space, &size, NULL);
    if (size != extent)
        st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %llu values along axis %zu (from 0), whose coordinate has %llu",
                      c->file->name.text, c->group_name, name, (unsigned long long)extent, i, (unsigned long long)size);
done:
    klf_h5_release(space);
    klf_h5_release(scale);
    return st;
}

static klf_status check_variable(const checker *c, const char *name, hid_t dataset)
{
    klf_status st = KLF_OK;
    hid_t      attribute = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID, axes = H5I_INVALID_HID;
    hvl_t      list[KLF_H5_MAX_RANK] = {0};
    hsize_t    extent[KLF_H5_MAX_RANK];
    htri_t     there;
    KLF_H5(c->file, space = H5Dget_space(dataset));
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 1 || rank > KLF_H5_MAX_RANK) {
        st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %d dimensions", c->file->name.text, c->group_name, name, rank);
        goto done;
    }
    KLF_H5(c->file, H5Sget_simple_extent_dims(space, extent, NULL));
    KLF_H5(c->file, there = H5Aexists(dataset, DIMENSION_LIST));
    if (there) {
        KLF_H5(c->file, attribute = H5Aopen(dataset, DIMENSION_LIST, H5P_DEFAULT));
        KLF_H5(c->file, type = H5Aget_type(attribute));
        KLF_H5(c->file, axes = H5Aget_space(attribute));
        if (H5Tget_class(type) == H5T_VLEN && H5Tdetect_class(type, H5T_REFERENCE) > 0 &&
            H5Sget_simple_extent_npoints(axes) == rank)
            KLF_H5(c->file, H5Aread(attribute, type, list));
    }
    for (size_t i = 0; i < (size_t)rank && st == KLF_OK; i++)
        st = check_axis(c, name, i, extent[i], &list[i]);
    if (type >= 0 && axes >= 0)
        H5Dvlen_reclaim(type, axes, H5P_DEFAULT, list);
done:
    klf_h5_release(axes);
    klf_h5_release(space);
    klf_h5_release(type);
    klf_h5_release(attribute);
    return st;
}

static klf_status describe_axis(checker *c, const char *name, hid_t dataset)
{
    klf_status st = KLF_OK;
    hid_t      space = H5I_INVALID_HID;
    KLF_H5(c->file, space = H5Dget_space(dataset));
    int n = snprintf(c->summary + c->used, c->size - c->used, "%s%s %lld", c->used > 0 ? " x " : "", name,
                     (long long)H5Sget_simple_extent_npoints(space));
    if ((size_t)n < c->size - c->used)
        c->used += (size_t)n;
done:
    klf_h5_release(space);
    return st;
}

/* H5Literate's callback, in the order in which the datasets were made: coordinates come first. */
static herr_t check_dataset(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
    checker   *c = arg;
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    (void)info;
    KLF_H5(c->file, dataset = H5Dopen2(group, name, H5P_DEFAULT));
    if (H5DSis_scale(dataset) > 0) {
        st = describe_axis(c, name, dataset);
    } else {
        c->n_variables++;
        st = check_variable(c, name, dataset);
    }
done:
    klf_h5_release(dataset);
    c->st = st;
    return st == KLF_OK ? 0 : -1;
}

static klf_status expect_dataset(const checker *c, const char *name)
{
    klf_status st = KLF_OK;
    htri_t     there;
    KLF_H5(c->file, there = H5Lexists(c->group, name, H5P_DEFAULT));
    if (!there)
        st = klf_fail(KLF_ERR_DATA, "%s is not whole: variable /%s/%s is missing", c->file->name.text, c->group_name, name);
done:
    return st;
}

klf_status klf_check_sweep(const klf_h5_file *f, const char *schema, char *summary, size_t size)
{
    klf_status   st = KLF_OK;
    const size_t k = find(schema);
    checker      c = {.file = f, .group_name = known[k].group, .group = H5I_INVALID_HID, .summary = summary, .size = size};
    htri_t       there;
    summary[0] = '\0';
    KLF_H5(f, there = H5Lexists(f->id, c.group_name, H5P_DEFAULT));
    if (!there) {
        st = klf_fail(KLF_ERR_DATA, "%s is not whole: group /%s is missing", f->name.text, c.group_name);
        goto done;
    }
    KLF_H5(f, c.group = H5Gopen2(f->id, c.group_name, H5P_DEFAULT));
    for (size_t i = 0; i < MAX_REQUIRED && known[k].axis[i] != NULL; i++)
        KLF_TRY(expect_dataset(&c, known[k].axis[i]));
    for (size_t i = 0; i < MAX_REQUIRED && known[k].variable[i] != NULL; i++)
        KLF_TRY(expect_dataset(&c, known[k].variable[i]));
    KLF_H5(f, H5Literate(c.group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, check_dataset, &c) < 0 && c.st == KLF_OK ? -1 : 0);
    KLF_TRY(c.st);
    snprintf(summary + c.used, size - c.used, ", %zu quantities", c.n_variables);
done:
    klf_h5_release(c.group);
    return st;
}
