/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a network from any HDF5 file with datasets W0.., B0..: ours, the notebooks', or one written with h5py. Shapes are
 * checked before anything is allocated. Layout: docs/formats.md. */
#include "klflow/store.h"
#include "store/hdf5_file.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers about the network ---- */

/* Under our name or the notebooks'; left as it is if there is neither. */
static klf_status read_real(const klf_h5_file *f, const char *name, const char *notebook_name, double *value)
{
    bool       found;
    klf_status st = klf_h5_read_number(f, name, H5T_NATIVE_DOUBLE, value, &found);
    if (st == KLF_OK && !found)
        st = klf_h5_read_number(f, notebook_name, H5T_NATIVE_DOUBLE, value, &found);
    return st;
}

static klf_status read_facts(const klf_h5_file *f, klf_network *net)
{
    klf_status st = KLF_OK;
    bool       found;
    int8_t     random = 0;
    double     depth = (double)net->depth;
    char      *format = NULL;
    net->var_w = net->var_b = NAN;
    KLF_TRY(read_real(f, "var_w", "var_weight", &net->var_w));
    KLF_TRY(read_real(f, "var_b", "var_bias", &net->var_b));
    KLF_TRY(klf_h5_read_number(f, "seed", H5T_NATIVE_UINT64, &net->seed, &found));
    KLF_TRY(klf_h5_read_number(f, "random", H5T_NATIVE_INT8, &random, &found));
    KLF_TRY(klf_h5_read_number(f, "depth", H5T_NATIVE_DOUBLE, &depth, &found));
    net->random = random != 0;
    KLF_TRY(klf_h5_read_text(f, "weight_format", &format));
    if (format && !klf_format_find(format, &net->weight_format)) {
        st = klf_fail(KLF_ERR_DATA, "%s: weight_format is %s; known are fp64, fp32, tf32, fp16 and bf16", f->name.text,
                      klf_quoted(format).text);
        goto done;
    }
    if (depth != (double)net->depth)
        st = klf_fail(KLF_ERR_DATA, "%s: depth says %g layers, but there are W0 .. W%zu", f->name.text, depth, net->depth - 1);
done:
    free(format);
    return st;
}

/* ---- shapes ---- */

/* Links at the root named W and a number. */
static klf_status count_weights(const klf_h5_file *f, size_t *count)
{
    klf_status st = KLF_OK;
    H5G_info_t root;
    *count = 0;
    KLF_H5(f, H5Gget_info(f->id, &root));
    for (hsize_t i = 0; i < root.nlinks; i++) {
        char name[32]; /* longer ones are not of the kind that counts */
        KLF_H5(f, H5Lget_name_by_idx(f->id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT));
        if (name[0] == 'W' && isdigit((unsigned char)name[1]) && name[1 + strspn(name + 1, "0123456789")] == '\0')
            (*count)++;
    }
done:
    return st;
}

/* The shape of dataset <letter><l>, of floating-point numbers in `rank` axes. */
static klf_status read_shape(klf_h5_file *f, char letter, size_t l, size_t rank, hsize_t *extent)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID, space = H5I_INVALID_HID, type = H5I_INVALID_HID;
    char       name[32];
    htri_t     there;
    snprintf(name, sizeof name, "%c%zu", letter, l);
    f->object = name;
    KLF_H5(f, there = H5Lexists(f->id, name, H5P_DEFAULT));
    if (!there) {
        st = klf_fail(KLF_ERR_DATA, "%s is no whole network: dataset %s is missing", f->name.text, name);
        goto done;
    }
    KLF_H5(f, dataset = H5Oopen(f->id, name, H5P_DEFAULT));
    if (H5Iget_type(dataset) != H5I_DATASET) {
        st = klf_fail(KLF_ERR_DATA, "%s: %s is not a dataset", f->name.text, name);
        goto done;
    }
    KLF_H5(f, space = H5Dget_space(dataset));
    KLF_H5(f, type = H5Dget_type(dataset));
    if (H5Tget_class(type) != H5T_FLOAT) {
        st = klf_fail(KLF_ERR_DATA, "%s: dataset %s does not hold floating-point numbers", f->name.text, name);
        goto done;
    }
    const int axes = H5Sget_simple_extent_ndims(space);
    if (axes != (int)rank) {
        st = klf_fail(KLF_ERR_DATA, "%s: dataset %s has %d dimensions, not %zu", f->name.text, name, axes, rank);
        goto done;
    }
    KLF_H5(f, H5Sget_simple_extent_dims(space, extent, NULL));
    for (size_t i = 0; i < rank; i++)
        if (extent[i] == 0)
            st = klf_fail(KLF_ERR_DATA, "%s: dataset %s is empty", f->name.text, name);
done:
    f->object = NULL;
    klf_h5_release(type);
    klf_h5_release(space);
    klf_h5_release(dataset);
    return st;
}

/* That W{l} is [n_l][n_{l-1}] and B{l} has n_l values.  widths [depth] */
static klf_status read_widths(klf_h5_file *f, size_t depth, size_t *input_width, size_t *widths)
{
    klf_status st = KLF_OK;
    for (size_t l = 0; l < depth; l++) {
        hsize_t w[2], b[1];
        KLF_TRY(read_shape(f, 'W', l, 2, w));
        KLF_TRY(read_shape(f, 'B', l, 1, b));
        if (l > 0 && w[1] != widths[l - 1]) {
            st = klf_fail(KLF_ERR_DATA, "%s: W%zu is %llu x %llu, but W%zu has %zu rows; W%zu must have as many columns",
                          f->path, l, (unsigned long long)w[0], (unsigned long long)w[1], l - 1, widths[l - 1], l);
            goto done;
        }
        if (b[0] != w[0]) {
            st = klf_fail(KLF_ERR_DATA, "%s: B%zu has %llu values, but W%zu is %llu x %llu: one value for each row is needed",
                          f->name.text, l, (unsigned long long)b[0], l, (unsigned long long)w[0], (unsigned long long)w[1]);
            goto done;
        }
        if (l == 0)
            *input_width = (size_t)w[1];
        widths[l] = (size_t)w[0];
    }
done:
    return st;
}

/* ---- values ---- */

static klf_status read_values(klf_h5_file *f, char letter, size_t l, size_t n, size_t columns, double *values)
{
    klf_status st = KLF_OK;
    hid_t      dataset = H5I_INVALID_HID;
    char       name[32];
    snprintf(name, sizeof name, "%c%zu", letter, l);
    f->object = name;
    KLF_H5(f, dataset = H5Dopen2(f->id, name, H5P_DEFAULT));
    KLF_H5(f, H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i])) {
            st = klf_fail(KLF_ERR_DATA, "%s: %s is %g in row %zu, column %zu (from 0); weights and biases must be finite",
                          f->name.text, name, values[i], i / columns, i % columns);
            goto done;
        }
done:
    f->object = NULL;
    klf_h5_release(dataset);
    return st;
}

static klf_status read_layers(klf_h5_file *f, klf_network *net)
{
    klf_status st = KLF_OK;
    for (size_t l = 0; l < net->depth; l++) {
        klf_layer *layer = &net->layer[l];
        KLF_TRY(read_values(f, 'W', l, layer->width * layer->fan_in, layer->fan_in, layer->weight));
        KLF_TRY(read_values(f, 'B', l, layer->width, 1, layer->bias));
    }
done:
    return st;
}

klf_status klf_store_read_network(const char *path, klf_network **out)
{
    klf_status   st = KLF_OK;
    klf_h5_file  f;
    klf_network *net = NULL;
    size_t       depth, input_width = 0, *widths = NULL;
    *out = NULL;
    KLF_TRY(klf_h5_open(path, &f));
    KLF_TRY(count_weights(&f, &depth));
    if (depth == 0) {
        st = klf_fail(KLF_ERR_DATA, "%s holds no network: it has no datasets W0, B0, W1, B1, ...", f.name.text);
        goto done;
    }
    if (!(widths = malloc(depth * sizeof *widths))) {
        st = klf_fail(KLF_ERR_MEMORY, "not enough memory to read a network of %zu layers", depth);
        goto done;
    }
    KLF_TRY(read_widths(&f, depth, &input_width, widths));
    KLF_TRY(klf_network_create(input_width, depth, widths, &net));
    KLF_TRY(read_facts(&f, net));
    KLF_TRY(read_layers(&f, net));
    *out = net;
    net = NULL;
done:
    klf_network_destroy(net);
    free(widths);
    klf_h5_close(&f);
    return st;
}
