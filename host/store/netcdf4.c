/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer of netCDF-4 readable HDF5 (netcdf4.h). */
#include "store/netcdf4.h"

#include "store/output_file.h"
#include "store/text_checksum.h"

#include <hdf5_hl.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct klf_nc_writer {
    klf_h5_file h5;
    klf_output  output;
    hid_t       text; /* the type of variable-length UTF-8 */
    bool        uncompressed;
};

/* Readers then show variables and attributes in the order of their making. */
#define CREATION_ORDER (H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)

/* Below this size compression has nothing to gain. */
enum { COMPRESSED_BYTES = 64 * 1024, DEFLATE_LEVEL = 1 };

static hid_t file_type(const klf_nc_writer *w, klf_nc_type type)
{
    switch (type) {
    case KLF_NC_DOUBLE: return H5T_IEEE_F64LE;
    case KLF_NC_INT64: return H5T_STD_I64LE;
    case KLF_NC_UINT64: return H5T_STD_U64LE;
    case KLF_NC_INT8: return H5T_STD_I8LE;
    case KLF_NC_TEXT: return w->text;
    }
    return H5I_INVALID_HID;
}

static hid_t memory_type(const klf_nc_writer *w, klf_nc_type type)
{
    switch (type) {
    case KLF_NC_DOUBLE: return H5T_NATIVE_DOUBLE;
    case KLF_NC_INT64: return H5T_NATIVE_INT64;
    case KLF_NC_UINT64: return H5T_NATIVE_UINT64;
    case KLF_NC_INT8: return H5T_NATIVE_INT8;
    case KLF_NC_TEXT: return w->text;
    }
    return H5I_INVALID_HID;
}

static klf_status open_file(klf_nc_writer *w)
{
    klf_status st = KLF_OK;
    hid_t      access = H5I_INVALID_HID, create = H5I_INVALID_HID;
    KLF_TRY(klf_h5_access(&w->h5, &access));
    KLF_H5(&w->h5, create = H5Pcreate(H5P_FILE_CREATE));
    KLF_H5(&w->h5, H5Pset_link_creation_order(create, CREATION_ORDER));
    KLF_H5(&w->h5, H5Pset_attr_creation_order(create, CREATION_ORDER));
    KLF_H5(&w->h5, w->h5.id = H5Fcreate(w->output.temporary, H5F_ACC_TRUNC, create, access));
    KLF_H5(&w->h5, w->text = H5Tcopy(H5T_C_S1));
    KLF_H5(&w->h5, H5Tset_size(w->text, H5T_VARIABLE));
    KLF_H5(&w->h5, H5Tset_cset(w->text, H5T_CSET_UTF8));
done:
    klf_h5_release(create);
    klf_h5_release(access);
    return st;
}

klf_status klf_nc_create(const char *path, bool force, klf_nc_writer **out)
{
    klf_status     st = KLF_OK;
    klf_nc_writer *w = calloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return klf_fail(KLF_ERR_MEMORY, "not enough memory to write %s", klf_quoted_path(path).text);
    w->text = H5I_INVALID_HID;
    KLF_TRY(klf_h5_begin(path, KLF_ERR_IO, &w->h5));
    KLF_TRY(klf_output_create(path, force, &w->output));
    KLF_TRY(open_file(w));
    *out = w;
    return KLF_OK;
done:
    klf_nc_abandon(w);
    return st;
}

klf_status klf_nc_commit(klf_nc_writer *w)
{
    klf_status st = KLF_OK;
    KLF_H5(&w->h5, H5Fflush(w->h5.id, H5F_SCOPE_GLOBAL));
    KLF_H5(&w->h5, H5Fclose(w->h5.id));
    KLF_TRY(klf_output_publish(&w->output));
done:
    klf_nc_abandon(w);
    return st;
}

/* A file that was not committed is removed but not closed: closing would flush it, and where that fails, on a full disk, HDF5
 * (1.10.8) crashes. So its memory is lost until the process ends, which after such a failure is soon. */
void klf_nc_abandon(klf_nc_writer *w)
{
    if (!w)
        return;
    klf_h5_release(w->text);
    klf_h5_end(&w->h5);
    klf_output_discard(&w->output);
    free(w);
}

void klf_nc_leave_uncompressed(klf_nc_writer *w)
{
    w->uncompressed = true;
}

hid_t klf_nc_root(const klf_nc_writer *w)
{
    return w->h5.id;
}

klf_status klf_nc_group(klf_nc_writer *w, hid_t parent, const char *name, hid_t *group)
{
    klf_status st = KLF_OK;
    hid_t      create = H5I_INVALID_HID;
    KLF_H5(&w->h5, create = H5Pcreate(H5P_GROUP_CREATE));
    KLF_H5(&w->h5, H5Pset_link_creation_order(create, CREATION_ORDER));
    KLF_H5(&w->h5, H5Pset_attr_creation_order(create, CREATION_ORDER));
    KLF_H5(&w->h5, *group = H5Gcreate2(parent, name, H5P_DEFAULT, create, H5P_DEFAULT));
done:
    klf_h5_release(create);
    return st;
}

/* Numbers lie in chunks, small variables in a single one, because only chunks have checksums. Large ones are compressed, which
 * pays for padding and smooth curves. HDF5 keeps the characters of text apart from the dataset, where no filter sees them. */
static klf_status set_layout(klf_nc_writer *w, hid_t create, klf_nc_type type, size_t rank, const hsize_t *extent)
{
    klf_status   st = KLF_OK;
    const size_t element = H5Tget_size(file_type(w, type));
    hsize_t      bytes = element, block[KLF_H5_MAX_RANK];
    for (size_t i = 0; i < rank; i++)
        bytes *= extent[i];
    if (rank == 0 || type == KLF_NC_TEXT)
        return KLF_OK;
    klf_h5_block_shape(rank, extent, element, block);
    KLF_H5(&w->h5, H5Pset_chunk(create, (int)rank, block));
    if (bytes >= COMPRESSED_BYTES && !w->uncompressed) {
        KLF_H5(&w->h5, H5Pset_shuffle(create));
        KLF_H5(&w->h5, H5Pset_deflate(create, DEFLATE_LEVEL));
    }
    KLF_H5(&w->h5, H5Pset_fletcher32(create));
done:
    return st;
}

static klf_status create_dataset(klf_nc_writer *w, hid_t group, const char *name, klf_nc_type type, size_t rank,
                                 const hsize_t *extent, const void *fill, hid_t *dataset)
{
    klf_status st = KLF_OK;
    hid_t      create = H5I_INVALID_HID, space = H5I_INVALID_HID;
    KLF_H5(&w->h5, space = H5Screate_simple((int)rank, extent, NULL)); /* rank 0 makes a scalar */
    KLF_H5(&w->h5, create = H5Pcreate(H5P_DATASET_CREATE));
    KLF_H5(&w->h5, H5Pset_attr_creation_order(create, CREATION_ORDER));
    KLF_TRY(set_layout(w, create, type, rank, extent));
    if (fill)
        KLF_H5(&w->h5, H5Pset_fill_value(create, memory_type(w, type), fill));
    KLF_H5(&w->h5, *dataset = H5Dcreate2(group, name, file_type(w, type), space, H5P_DEFAULT, create, H5P_DEFAULT));
    if (fill)
        KLF_TRY(klf_nc_attribute(w, *dataset, "_FillValue", type, 1, fill));
done:
    klf_h5_release(create);
    klf_h5_release(space);
    return st;
}

klf_status klf_nc_dimension(klf_nc_writer *w, hid_t group, const char *name, hsize_t size, klf_nc_dim *dim)
{
    klf_status st = KLF_OK;
    char       no_variable[80]; /* the name by which netCDF knows a dimension without values */
    snprintf(no_variable, sizeof no_variable, "This is a netCDF dimension but not a netCDF variable.%10llu",
             (unsigned long long)size);
    dim->size = size;
    KLF_TRY(create_dataset(w, group, name, KLF_NC_INT8, 1, &size, NULL, &dim->scale));
    KLF_H5(&w->h5, H5DSset_scale(dim->scale, no_variable));
done:
    return st;
}

klf_status klf_nc_coordinate(klf_nc_writer *w, hid_t group, const char *name, klf_nc_type type, hsize_t size, const void *data,
                             klf_nc_dim *dim)
{
    klf_status st = KLF_OK;
    dim->size = size;
    KLF_TRY(create_dataset(w, group, name, type, 1, &size, NULL, &dim->scale));
    KLF_H5(&w->h5, H5DSset_scale(dim->scale, name));
    KLF_TRY(klf_nc_write(w, (klf_nc_var){dim->scale, type}, data));
done:
    return st;
}

klf_status klf_nc_variable(klf_nc_writer *w, hid_t group, const char *name, klf_nc_type type, size_t rank,
                           const klf_nc_dim *dim, const void *fill, klf_nc_var *var)
{
    klf_status st = KLF_OK;
    hsize_t    extent[KLF_H5_MAX_RANK] = {0};
    var->type = type;
    for (size_t i = 0; i < rank; i++)
        extent[i] = dim[i].size;
    KLF_TRY(create_dataset(w, group, name, type, rank, extent, fill, &var->id));
    for (size_t i = 0; i < rank; i++)
        KLF_H5(&w->h5, H5DSattach_scale(var->id, dim[i].scale, (unsigned)i));
done:
    return st;
}

static klf_status write_text_checksum(klf_nc_writer *w, hid_t dataset, const char *const *text)
{
    klf_status st = KLF_OK;
    hid_t      space = H5I_INVALID_HID;
    KLF_H5(&w->h5, space = H5Dget_space(dataset));
    const int64_t checksum = klf_text_checksum(0, (size_t)H5Sget_simple_extent_npoints(space), text);
    KLF_TRY(klf_nc_attribute(w, dataset, KLF_TEXT_CHECKSUM, KLF_NC_INT64, 1, &checksum));
done:
    klf_h5_release(space);
    return st;
}

klf_status klf_nc_write(klf_nc_writer *w, klf_nc_var var, const void *data)
{
    klf_status st = KLF_OK;
    KLF_H5(&w->h5, H5Dwrite(var.id, memory_type(w, var.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    if (var.type == KLF_NC_TEXT)
        KLF_TRY(write_text_checksum(w, var.id, data));
done:
    return st;
}

klf_status klf_nc_write_block(klf_nc_writer *w, klf_nc_var var, const hsize_t *start, const hsize_t *count, const void *data)
{
    klf_status st = KLF_OK;
    hid_t      memory = H5I_INVALID_HID, space = H5I_INVALID_HID;
    KLF_H5(&w->h5, space = H5Dget_space(var.id));
    KLF_H5(&w->h5, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
    KLF_H5(&w->h5, memory = H5Screate_simple(H5Sget_simple_extent_ndims(space), count, NULL));
    KLF_H5(&w->h5, H5Dwrite(var.id, memory_type(w, var.type), memory, space, H5P_DEFAULT, data));
done:
    klf_h5_release(memory);
    klf_h5_release(space);
    return st;
}

klf_status klf_nc_attribute(klf_nc_writer *w, hid_t object, const char *name, klf_nc_type type, size_t n, const void *values)
{
    klf_status    st = KLF_OK;
    const hsize_t extent = n;
    hid_t         attribute = H5I_INVALID_HID, space = H5I_INVALID_HID;
    KLF_H5(&w->h5, space = n == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, NULL));
    KLF_H5(&w->h5, attribute = H5Acreate2(object, name, file_type(w, type), space, H5P_DEFAULT, H5P_DEFAULT));
    KLF_H5(&w->h5, H5Awrite(attribute, memory_type(w, type), values));
done:
    klf_h5_release(attribute);
    klf_h5_release(space);
    return st;
}

klf_status klf_nc_text(klf_nc_writer *w, hid_t object, const char *name, const char *text)
{
    return klf_nc_attribute(w, object, name, KLF_NC_TEXT, 1, &text);
}
