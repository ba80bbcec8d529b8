/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads every dataset and attribute of a file (read_through.h). */
#include "store/read_through.h"

#include "store/text_checksum.h"

#include <stdlib.h>
#include <string.h>

typedef struct reader {
    klf_h5_file *file;
    klf_status   st;
} reader;

static void reclaim(hid_t type, hid_t space, void *values)
{
    if (H5Tis_variable_str(type) > 0 || H5Tdetect_class(type, H5T_VLEN) > 0)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
}

static klf_status no_memory(const klf_h5_file *f)
{
    return klf_fail(KLF_ERR_MEMORY, "not enough memory to check %s", f->name.text);
}

static klf_status read_attribute(const klf_h5_file *f, hid_t object, hsize_t index)
{
    klf_status st = KLF_OK;
    hid_t      attribute = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    void      *values = NULL;
    KLF_H5(f, attribute = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, H5P_DEFAULT, H5P_DEFAULT));
    KLF_H5(f, type = H5Aget_type(attribute));
    KLF_H5(f, space = H5Aget_space(attribute));
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    if (!(values = calloc(n > 0 ? (size_t)n : 1, H5Tget_size(type)))) {
        st = no_memory(f);
        goto done;
    }
    KLF_H5(f, H5Aread(attribute, type, values));
    reclaim(type, space, values);
done:
    free(values);
    klf_h5_release(space);
    klf_h5_release(type);
    klf_h5_release(attribute);
    return st;
}

/* Reads the selected part of a dataset into values [what `memory` holds] and takes text into the checksum. */
static klf_status read_part(const klf_h5_file *f, hid_t dataset, hid_t type, hid_t memory, hid_t space, void *values,
                            int64_t *checksum)
{
    klf_status st = KLF_OK;
    KLF_H5(f, H5Dread(dataset, type, memory, space, H5P_DEFAULT, values));
    if (H5Tis_variable_str(type) > 0)
        *checksum = klf_text_checksum(*checksum, (size_t)H5Sget_simple_extent_npoints(memory), values);
    reclaim(type, memory, values);
done:
    return st;
}

/* Reads the block at start; values [block]. */
static klf_status read_block(const klf_h5_file *f, hid_t dataset, hid_t type, hid_t space, const hsize_t *start,
                             const hsize_t *count, void *values, int64_t *checksum)
{
    klf_status st = KLF_OK;
    hid_t      memory = H5I_INVALID_HID;
    KLF_H5(f, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
    KLF_H5(f, memory = H5Screate_simple(H5Sget_simple_extent_ndims(space), count, NULL));
    KLF_TRY(read_part(f, dataset, type, memory, space, values, checksum));
done:
    klf_h5_release(memory);
    return st;
}

/* Only text that klflow wrote has a checksum to compare with. */
static klf_status compare_checksum(const klf_h5_file *f, hid_t dataset, int64_t checksum)
{
    klf_status st = KLF_OK;
    hid_t      attribute = H5I_INVALID_HID;
    htri_t     there;
    int64_t    expected;
    KLF_H5(f, there = H5Aexists(dataset, KLF_TEXT_CHECKSUM));
    if (!there)
        goto done;
    KLF_H5(f, attribute = H5Aopen(dataset, KLF_TEXT_CHECKSUM, H5P_DEFAULT));
    KLF_H5(f, H5Aread(attribute, H5T_NATIVE_INT64, &expected));
    if (checksum != expected)
        st = klf_fail(KLF_ERR_DATA, "%s is damaged: the text %s differs from its checksum", f->name.text,
                      klf_quoted(f->object).text);
done:
    klf_h5_release(attribute);
    return st;
}

/* Moves start to the next block, the last axis fastest; false behind the last one. */
static bool next_block(size_t rank, const hsize_t *extent, const hsize_t *block, hsize_t *start)
{
    for (size_t i = rank; i-- > 0;) {
        if ((start[i] += block[i]) < extent[i])
            return true;
        start[i] = 0;
    }
    return false;
}

static klf_status read_dataset(const klf_h5_file *f, hid_t dataset)
{
    klf_status st = KLF_OK;
    hid_t      type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    void      *values = NULL;
    int64_t    checksum = 0;
    hsize_t    extent[H5S_MAX_RANK], block[H5S_MAX_RANK], start[H5S_MAX_RANK] = {0}, count[H5S_MAX_RANK];
    KLF_H5(f, type = H5Dget_type(dataset));
    KLF_H5(f, space = H5Dget_space(dataset));
    const size_t rank = (size_t)H5Sget_simple_extent_ndims(space), element = H5Tget_size(type);
    if (H5Sget_simple_extent_npoints(space) < 1)
        goto done;
    H5Sget_simple_extent_dims(space, extent, NULL);
    klf_h5_block_shape(rank, extent, element, block);
    size_t bytes = element;
    for (size_t i = 0; i < rank; i++)
        bytes *= block[i];
    if (!(values = malloc(bytes))) {
        st = no_memory(f);
        goto done;
    }
    if (rank == 0) {
        KLF_TRY(read_part(f, dataset, type, space, space, values, &checksum));
    } else {
        do {
            for (size_t i = 0; i < rank; i++)
                count[i] = block[i] < extent[i] - start[i] ? block[i] : extent[i] - start[i];
            KLF_TRY(read_block(f, dataset, type, space, start, count, values, &checksum));
        } while (next_block(rank, extent, block, start));
    }
    if (H5Tis_variable_str(type) > 0)
        KLF_TRY(compare_checksum(f, dataset, checksum));
done:
    free(values);
    klf_h5_release(space);
    klf_h5_release(type);
    return st;
}

/* H5Ovisit's callback: a group or dataset with its attributes. */
static herr_t read_object(hid_t root, const char *name, const H5O_info_t *info, void *arg)
{
    reader      *r = arg;
    klf_h5_file *f = r->file;
    klf_status   st = KLF_OK;
    hid_t        object = H5I_INVALID_HID;
    f->object = strcmp(name, ".") != 0 ? name : NULL; /* the root is no matter */
    KLF_H5(f, object = H5Oopen(root, name, H5P_DEFAULT));
    for (hsize_t i = 0; i < info->num_attrs; i++)
        KLF_TRY(read_attribute(f, object, i));
    if (info->type == H5O_TYPE_DATASET)
        KLF_TRY(read_dataset(f, object));
done:
    f->object = NULL;
    klf_h5_release(object);
    r->st = st;
    return st == KLF_OK ? 0 : -1;
}

klf_status klf_h5_read_through(klf_h5_file *f)
{
    klf_status st = KLF_OK;
    reader     r = {.file = f};
    KLF_H5(f, H5Ovisit(f->id, H5_INDEX_NAME, H5_ITER_INC, read_object, &r) < 0 && r.st == KLF_OK ? -1 : 0);
    return r.st;
done:
    return st;
}
