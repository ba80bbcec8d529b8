/* SPDX-License-Identifier: BSD-3-Clause */
/* klf_store_check: is a file whole and of a known schema? Every dataset and attribute is read, so that checksums speak. */
#include "core/quote.h"
#include "klflow/store.h"
#include "store/check_sweep.h"
#include "store/checkpoint.h"
#include "store/hdf5_file.h"
#include "store/identity.h"
#include "store/kl_schema.h"
#include "store/read_through.h"

#include <hdf5_hl.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static klf_status no_memory(const klf_h5_file *f)
{
    return klf_fail(KLF_ERR_MEMORY, "not enough memory to check %s", f->name.text);
}

static klf_status expect_group(const klf_h5_file *f, const char *name)
{
    klf_status st = KLF_OK;
    htri_t     there;
    KLF_H5(f, there = H5Lexists(f->id, name, H5P_DEFAULT));
    if (!there)
        st = klf_fail(KLF_ERR_DATA, "%s is not whole: group %s is missing", f->name.text, name);
done:
    return st;
}

static klf_status kl_exists(const klf_h5_file *f, const char *group, const char *name, bool *exists)
{
    klf_status st = KLF_OK;
    htri_t     there;
    char       path[80];
    snprintf(path, sizeof path, "/%s/%s", group, name);
    KLF_H5(f, there = H5Lexists(f->id, path, H5P_DEFAULT));
    *exists = there > 0;
done:
    return st;
}

/* The extents of /<group>/<name>. */
static klf_status kl_extent(const klf_h5_file *f, const char *group, const char *name, size_t rank, hsize_t *extent)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID, space = H5I_INVALID_HID;
    char       path[80];
    bool       exists = false;
    snprintf(path, sizeof path, "/%s/%s", group, name);
    KLF_TRY(kl_exists(f, group, name, &exists));
    if (!exists) {
        st = klf_fail(KLF_ERR_DATA, "%s is not whole: variable %s is missing", f->name.text, path);
        goto done;
    }
    KLF_H5(f, dataset = H5Dopen2(f->id, path, H5P_DEFAULT));
    KLF_H5(f, space = H5Dget_space(dataset));
    if (H5Sget_simple_extent_ndims(space) != (int)rank) {
        st = klf_fail(KLF_ERR_DATA, "%s: variable %s has %d dimensions, not %zu", f->name.text, path,
                      H5Sget_simple_extent_ndims(space), rank);
        goto done;
    }
    KLF_H5(f, H5Sget_simple_extent_dims(space, extent, NULL));
done:
    klf_h5_release(space);
    klf_h5_release(dataset);
    return st;
}

typedef struct kl_axis {
    hsize_t    size;
    hobj_ref_t scale;
} kl_axis;

static klf_status read_axis(const klf_h5_file *f, const char *group, size_t i, kl_axis *axis)
{
    klf_status st = KLF_OK;
    char       path[80];
    snprintf(path, sizeof path, "/%s/%s", group, klf_kl_axis[i]);
    KLF_TRY(kl_extent(f, group, klf_kl_axis[i], 1, &axis->size));
    KLF_H5(f, H5Rcreate(&axis->scale, f->id, path, H5R_OBJECT, -1));
done:
    return st;
}

/* That the axes of /<group>/<name> are the dimensions they should be. Readers go by these references, and HDF5 keeps them where
 * no checksum is. (H5DSis_attached asks both ends of each and takes a millisecond.) */
static klf_status expect_dimensions(const klf_h5_file *f, const char *group, const char *name, size_t rank, const kl_axis *axis)
{
    klf_status st = KLF_OK;
    hid_t      attribute = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hvl_t      list[KLF_KL_MOMENT_RANK] = {0};
    htri_t     there;
    char       path[80];
    snprintf(path, sizeof path, "/%s/%s", group, name);
    KLF_H5(f, there = H5Aexists_by_name(f->id, path, DIMENSION_LIST, H5P_DEFAULT));
    if (there) {
        KLF_H5(f, attribute = H5Aopen_by_name(f->id, path, DIMENSION_LIST, H5P_DEFAULT, H5P_DEFAULT));
        KLF_H5(f, type = H5Aget_type(attribute));
        KLF_H5(f, space = H5Aget_space(attribute));
        if (H5Tget_class(type) == H5T_VLEN && H5Tdetect_class(type, H5T_REFERENCE) > 0 &&
            H5Sget_simple_extent_npoints(space) == (hssize_t)rank)
            KLF_H5(f, H5Aread(attribute, type, list));
    }
    for (size_t i = 0; i < rank && st == KLF_OK; i++)
        if (list[i].len != 1 || memcmp(list[i].p, &axis[i].scale, sizeof axis[i].scale) != 0)
            st = klf_fail(KLF_ERR_DATA, "%s: axis %zu (from 0) of variable %s is not dimension %s", f->name.text, i, path,
                          klf_kl_axis[i]);
    if (type >= 0 && space >= 0)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, list);
done:
    klf_h5_release(space);
    klf_h5_release(type);
    klf_h5_release(attribute);
    return st;
}

static klf_status expect_kl(const klf_h5_file *f, const char *group, const char *name, size_t rank, const kl_axis *axis)
{
    klf_status st = KLF_OK;
    hsize_t    extent[KLF_KL_MOMENT_RANK];
    KLF_TRY(kl_extent(f, group, name, rank, extent));
    for (size_t i = 0; i < rank; i++) {
        if (extent[i] != axis[i].size) {
            st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %llu values along %s, which has %llu", f->name.text, group,
                          name, (unsigned long long)extent[i], klf_kl_axis[i], (unsigned long long)axis[i].size);
            goto done;
        }
    }
    KLF_TRY(expect_dimensions(f, group, name, rank, axis));
done:
    return st;
}

/* Variables that only some files have. */
static klf_status check_optional_kl(const klf_h5_file *f, const char *group, kl_axis *axis)
{
    static const struct {
        const char *name;
        size_t      rank;
    } optional[] = {
#define SCATTER(id, name, units, text, scatter)                                                                                \
    {name "_ensemble_std", KLF_KL_LAYER_RANK}, {name "_input_std", KLF_KL_LAYER_RANK},
        KLF_KL_FIELDS(SCATTER)
#undef SCATTER
            {"f_j", KLF_KL_LAYER_RANK + 1},
        {"f_jk", KLF_KL_LAYER_RANK + 2},
    };
    klf_status st = KLF_OK;
    for (size_t k = 0; k < sizeof optional / sizeof *optional; k++) {
        bool exists = false;
        KLF_TRY(kl_exists(f, group, optional[k].name, &exists));
        if (!exists)
            continue;
        for (size_t i = KLF_KL_LAYER_RANK; i < optional[k].rank; i++)
            KLF_TRY(read_axis(f, group, i, &axis[i]));
        KLF_TRY(expect_kl(f, group, optional[k].name, optional[k].rank, axis));
    }
done:
    return st;
}

/* Group /kl, or /kl_ref, which is of the same layout. */
static klf_status check_group(const klf_h5_file *f, const char *group, kl_axis *axis)
{
    static const char *const of_layer[] = {"width", "layer_status", "width_changed",
#define NAME(id, name, units, text, scatter) name,
                                           KLF_KL_FIELDS(NAME)
#undef NAME
    };
    static const char *const of_point[] = {"status",
#define NAME(member, name, type, units, text) name,
                                           KLF_KL_POINT_FACTS(NAME)
#undef NAME
    };
    klf_status st = KLF_OK;
    for (size_t i = 0; i < KLF_KL_LAYER_RANK; i++)
        KLF_TRY(read_axis(f, group, i, &axis[i]));
    for (size_t i = 0; i < sizeof of_layer / sizeof *of_layer; i++)
        KLF_TRY(expect_kl(f, group, of_layer[i], KLF_KL_LAYER_RANK, axis));
    for (size_t i = 0; i < sizeof of_point / sizeof *of_point; i++)
        KLF_TRY(expect_kl(f, group, of_point[i], KLF_KL_GRID_RANK, axis));
    KLF_TRY(check_optional_kl(f, group, axis));
done:
    return st;
}

/* The references are points of the same grid. */
static klf_status check_references(const klf_h5_file *f, const kl_axis *axis, bool *exist)
{
    klf_status st = KLF_OK;
    htri_t     there;
    kl_axis    own[KLF_KL_MOMENT_RANK];
    KLF_H5(f, there = H5Lexists(f->id, KLF_KL_REFERENCE_GROUP, H5P_DEFAULT));
    *exist = there > 0;
    if (!there)
        goto done;
    KLF_TRY(check_group(f, KLF_KL_REFERENCE_GROUP, own));
    for (size_t i = 0; i < KLF_KL_LAYER_RANK; i++)
        if (own[i].size != axis[i].size) {
            st = klf_fail(KLF_ERR_DATA, "%s: %s has %llu values in /%s and %llu in /%s", f->name.text, klf_kl_axis[i],
                          (unsigned long long)axis[i].size, KLF_KL_GROUP, (unsigned long long)own[i].size,
                          KLF_KL_REFERENCE_GROUP);
            goto done;
        }
done:
    return st;
}

static klf_status check_kl(klf_h5_file *f, char *summary, size_t size)
{
    klf_status st = KLF_OK;
    kl_axis    axis[KLF_KL_MOMENT_RANK];
    bool       references = false;
    KLF_TRY(expect_group(f, "/" KLF_KL_GROUP));
    KLF_TRY(check_group(f, KLF_KL_GROUP, axis));
    KLF_TRY(check_references(f, axis, &references));
    KLF_TRY(klf_h5_read_through(f));
    snprintf(summary, size, "%llu x %llu x %llu x %llu x %llu points, %llu layers%s", (unsigned long long)axis[0].size,
             (unsigned long long)axis[1].size, (unsigned long long)axis[2].size, (unsigned long long)axis[3].size,
             (unsigned long long)axis[4].size, (unsigned long long)axis[5].size, references ? ", with references" : "");
done:
    return st;
}

static klf_status check_network(klf_h5_file *f, char *summary, size_t size)
{
    klf_status   st = KLF_OK;
    klf_network *net = NULL;
    KLF_TRY(klf_h5_read_through(f));
    KLF_TRY(klf_store_read_network(f->path, &net));
    snprintf(summary, size, "%zu layers, input of %zu", net->depth, net->input_width);
done:
    klf_network_destroy(net);
    return st;
}

static klf_status check_checkpoint(klf_h5_file *f, char *summary, size_t size)
{
    klf_status      st = KLF_OK;
    klf_checkpoint *c = NULL;
    size_t          under_way = 0;
    KLF_TRY(klf_h5_read_through(f));
    KLF_TRY(klf_store_read_checkpoint(f->path, &c));
    for (size_t i = 0; i < c->n; i++)
        under_way += c->record[i].kind == KLF_RECORD_SUMS;
    snprintf(summary, size, "%zu results, %zu passes under way", c->n - under_way, under_way);
done:
    klf_store_free_checkpoint(c);
    return st;
}

static const struct {
    const char *name;
    klf_status (*check)(klf_h5_file *f, char *summary, size_t size);
} schema[] = {{KLF_SCHEMA_KL, check_kl}, {KLF_SCHEMA_NETWORK, check_network}, {KLF_SCHEMA_CHECKPOINT, check_checkpoint}};

static klf_status check_sweep(klf_h5_file *f, const char *name, char *summary, size_t size)
{
    klf_status st = KLF_OK;
    KLF_TRY(klf_check_sweep(f, name, summary, size));
    KLF_TRY(klf_h5_read_through(f));
done:
    return st;
}

static klf_status check_schema(klf_h5_file *f, const char *name, char *summary, size_t size)
{
    klf_status st = KLF_OK;
    int64_t    version = 0;
    size_t     i = 0;
    bool       found, sweep = name && klf_check_knows_sweep(name);
    if (!name)
        return klf_fail(KLF_ERR_DATA, "%s is HDF5, but not a file of klflow: it has no attribute schema", f->name.text);
    while (i < sizeof schema / sizeof *schema && strcmp(name, schema[i].name) != 0)
        i++;
    if (!sweep && i == sizeof schema / sizeof *schema)
        return klf_fail(KLF_ERR_DATA, "%s: schema %s is unknown to this klflow", f->name.text, klf_quoted(name).text);
    KLF_TRY(klf_h5_read_number(f, "schema_version", H5T_NATIVE_INT64, &version, &found));
    if (version != KLF_SCHEMA_VERSION)
        return klf_fail(KLF_ERR_DATA, "%s: version %" PRId64 " of schema %s is unknown to this klflow, which knows version %d",
                        f->name.text, version, name, KLF_SCHEMA_VERSION);
    KLF_TRY(expect_group(f, "/provenance"));
    st = sweep ? check_sweep(f, name, summary, size) : schema[i].check(f, summary, size);
done:
    return st;
}

klf_status klf_store_check(const char *path, char **summary)
{
    klf_status  st = KLF_OK;
    klf_h5_file f;
    char       *name = NULL, facts[160];
    *summary = NULL;
    KLF_TRY(klf_h5_open(path, &f));
    KLF_TRY(klf_h5_read_text(&f, "schema", &name));
    KLF_TRY(check_schema(&f, name, facts, sizeof facts));
    const size_t size = strlen(path) + strlen(name) + sizeof facts + 64;
    if ((*summary = malloc(size))) {
        snprintf(*summary, size, "%s: %s schema %d, %s, whole", path, name, KLF_SCHEMA_VERSION, facts);
        klf_make_printable(*summary);
    } else {
        st = no_memory(&f);
    }
done:
    free(name);
    klf_h5_close(&f);
    return st;
}
