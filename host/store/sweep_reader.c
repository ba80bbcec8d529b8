/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads single columns of the result files of sweeps (sweep_file.h), and tells what kind of file one is. */
#include "klflow/store.h"
#include "store/hdf5_file.h"

#include <stdint.h>
#include <stdlib.h>

enum { MOST_VALUES = 100000000 };

klf_status klf_store_read_schema(const char *path, char **schema)
{
    klf_status  st = KLF_OK;
    klf_h5_file f;
    *schema = NULL;
    KLF_TRY(klf_h5_open(path, &f));
    KLF_TRY(klf_h5_read_text(&f, "schema", schema));
    if (*schema == NULL)
        st = klf_fail(KLF_ERR_DATA, "%s is HDF5, but not a file of klflow: it has no attribute schema", f.name.text);
done:
    klf_h5_close(&f);
    return st;
}

static klf_status read_column(klf_h5_file *f, const char *group, const char *name, size_t *n, double **values)
{
    klf_status st = KLF_OK;
    hid_t      id = H5I_INVALID_HID, dataset = H5I_INVALID_HID, space = H5I_INVALID_HID;
    htri_t     there;
    hsize_t    size;
    KLF_H5(f, there = H5Lexists(f->id, group, H5P_DEFAULT));
    if (there) {
        KLF_H5(f, id = H5Gopen2(f->id, group, H5P_DEFAULT));
        KLF_H5(f, there = H5Lexists(id, name, H5P_DEFAULT));
    }
    if (!there) {
        st = klf_fail(KLF_ERR_DATA, "%s has no variable /%s/%s", f->name.text, group, name);
        goto done;
    }
    KLF_H5(f, dataset = H5Dopen2(id, name, H5P_DEFAULT));
    KLF_H5(f, space = H5Dget_space(dataset));
    if (H5Sget_simple_extent_ndims(space) != 1) {
        st = klf_fail(KLF_ERR_DATA, "%s: variable /%s/%s has %d dimensions, not 1", f->name.text, group, name,
                      H5Sget_simple_extent_ndims(space));
        goto done;
    }
    KLF_H5(f, H5Sget_simple_extent_dims(space, &size, NULL));
    if (size > MOST_VALUES || !(*values = malloc((size + 1) * sizeof **values))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the %llu values of /%s/%s in %s", (unsigned long long)size, group, name,
                      f->name.text);
        goto done;
    }
    KLF_H5(f, H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values));
    *n = (size_t)size;
done:
    klf_h5_release(space);
    klf_h5_release(dataset);
    klf_h5_release(id);
    return st;
}

klf_status klf_store_read_columns(const char *path, const char *group, const char *const name[2], size_t *n, double *column[2])
{
    klf_status  st = KLF_OK;
    klf_h5_file f;
    size_t      size[2] = {0};
    column[0] = column[1] = NULL;
    KLF_TRY(klf_h5_open(path, &f));
    for (size_t i = 0; i < 2; i++)
        KLF_TRY(read_column(&f, group, name[i], &size[i], &column[i]));
    if (size[0] != size[1])
        st = klf_fail(KLF_ERR_DATA, "%s: /%s/%s has %zu values and /%s/%s %zu", f.name.text, group, name[0], size[0], group,
                      name[1], size[1]);
    *n = size[0];
done:
    if (st != KLF_OK) {
        free(column[0]);
        free(column[1]);
        column[0] = column[1] = NULL;
    }
    klf_h5_close(&f);
    return st;
}
