/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups and variables of a result file, opened and read with their shapes checked (kl_variables.h). */
#include "store/kl_variables.h"

#include <stdlib.h>
#include <string.h>

klf_status klf_kl_open_group(klf_kl_reader *r, const char *name)
{
    klf_status st = KLF_OK;
    htri_t     there;
    r->name = name;
    KLF_H5(&r->file, there = H5Lexists(r->file.id, name, H5P_DEFAULT));
    if (!there)
        return klf_fail(KLF_ERR_DATA, "%s is not whole: group /%s is missing", r->file.name.text, name);
    KLF_H5(&r->file, r->group = H5Gopen2(r->file.id, name, H5P_DEFAULT));
done:
    return st;
}

void klf_kl_close_group(klf_kl_reader *r)
{
    klf_h5_release(r->group);
    r->group = H5I_INVALID_HID;
}

klf_status klf_kl_no_memory(const klf_kl_reader *r)
{
    return klf_fail(KLF_ERR_MEMORY, "not enough memory to read %s", r->file.name.text);
}

klf_status klf_kl_open_variable(klf_kl_reader *r, const char *name, size_t rank, hid_t *dataset, hsize_t *extent)
{
    klf_status st = KLF_OK;
    hid_t      space = H5I_INVALID_HID;
    htri_t     there;
    *dataset = H5I_INVALID_HID;
    r->file.object = name;
    KLF_H5(&r->file, there = H5Lexists(r->group, name, H5P_DEFAULT));
    if (!there) {
        st = klf_fail(KLF_ERR_DATA, "%s is not whole: variable /%s/%s is missing", r->file.name.text, r->name, name);
        goto done;
    }
    KLF_H5(&r->file, *dataset = H5Dopen2(r->group, name, H5P_DEFAULT));
    KLF_H5(&r->file, space = H5Dget_space(*dataset));
    if (H5Sget_simple_extent_ndims(space) != (int)rank) {
        st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %d dimensions, not %zu", r->file.name.text, r->name, name,
                      H5Sget_simple_extent_ndims(space), rank);
        goto done;
    }
    KLF_H5(&r->file, H5Sget_simple_extent_dims(space, extent, NULL));
done:
    r->file.object = NULL;
    klf_h5_release(space);
    if (st != KLF_OK) {
        klf_h5_release(*dataset);
        *dataset = H5I_INVALID_HID;
    }
    return st;
}

klf_status klf_kl_open_over_axes(klf_kl_reader *r, const char *name, size_t rank, hid_t *dataset)
{
    klf_status st = KLF_OK;
    hsize_t    extent[KLF_KL_MOMENT_RANK];
    KLF_TRY(klf_kl_open_variable(r, name, rank, dataset, extent));
    for (size_t i = 0; i < rank; i++)
        if (extent[i] != r->size[i]) {
            st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %llu values along %s, which has %llu", r->file.name.text,
                          r->name, name, (unsigned long long)extent[i], klf_kl_axis[i], (unsigned long long)r->size[i]);
            goto done;
        }
done:
    return st;
}

klf_status klf_kl_read_all(klf_kl_reader *r, const char *name, size_t rank, hid_t type, void *values)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    KLF_TRY(klf_kl_open_over_axes(r, name, rank, &dataset));
    r->file.object = name;
    KLF_H5(&r->file, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
done:
    r->file.object = NULL;
    klf_h5_release(dataset);
    return st;
}

klf_status klf_kl_read_texts(klf_kl_reader *r, const char *name, size_t rank, size_t n, char **texts)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hsize_t    extent[KLF_KL_MOMENT_RANK];
    char     **raw = NULL;
    bool       read = false;
    KLF_TRY(klf_kl_open_variable(r, name, rank, &dataset, extent));
    KLF_H5(&r->file, type = H5Dget_type(dataset));
    KLF_H5(&r->file, space = H5Dget_space(dataset));
    if (H5Tis_variable_str(type) <= 0 || H5Sget_simple_extent_npoints(space) != (hssize_t)n) {
        st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s is no text", r->file.name.text, r->name, name);
        goto done;
    }
    if (!(raw = calloc(n, sizeof *raw))) {
        st = klf_kl_no_memory(r);
        goto done;
    }
    KLF_H5(&r->file, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw));
    read = true;
    for (size_t i = 0; i < n; i++)
        if (!(texts[i] = strdup(raw[i] ? raw[i] : ""))) /* HDF5 reads an empty text as NULL */
            st = klf_kl_no_memory(r);
done:
    if (read)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    free(raw);
    klf_h5_release(space);
    klf_h5_release(type);
    klf_h5_release(dataset);
    return st;
}
