/* SPDX-License-Identifier: BSD-3-Clause */
/* A network as the paper's notebooks keep it: scalars var_weight, var_bias and depth, and W0.., B0.. in single precision, in a
 * file whose name tells the epoch, 100 var_w and the depth. Reading such a file is network_reader.c's. Layout: docs/formats.md.
 */
#include "klflow/store.h"
#include "store/hdf5_file.h"
#include "store/output_file.h"

#include <hdf5_hl.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The notebooks' names have a whole number there, and only such names do their loops find. */
static klf_status name_file(const char *folder, uint64_t epoch, const klf_network *net, char *path, size_t size)
{
    const double percent = 100.0 * net->var_w, whole = round(percent);
    if (isnan(net->var_w) || isnan(net->var_b))
        return klf_fail(KLF_ERR_DATA, "the network does not tell var_w and var_b, which the file's name and datasets need; "
                                      "add them to its file as attributes var_w and var_b");
    if (!(fabs(percent - whole) <= 1e-9 * whole) || whole > 1e9)
        return klf_fail(KLF_ERR_DATA,
                        "var_w is %.15g, but files of this format are named by 100 var_w, which must be a whole number",
                        net->var_w);
    if (snprintf(path, size, "%s/e%llu-para-%.0f-%zu.hdf5", folder, (unsigned long long)epoch, whole, net->depth) >= (int)size)
        return klf_fail(KLF_ERR_CREATE, "the name of the folder is too long: %s", klf_quoted_path(folder).text);
    return KLF_OK;
}

/* Fails where a number is beyond single precision, rather than write an infinity. */
static klf_status write_floats(klf_h5_file *f, const char *name, int rank, const hsize_t *extent, size_t n, const double *x,
                               float *buffer)
{
    klf_status st = KLF_OK;
    for (size_t i = 0; i < n; i++) {
        if (fabs(x[i]) > (double)FLT_MAX)
            return klf_fail(KLF_ERR_DATA, "%s holds %g, which single precision, the format of these files, cannot hold", name,
                            x[i]);
        buffer[i] = (float)x[i];
    }
    KLF_H5(f, H5LTmake_dataset_float(f->id, name, rank, extent, buffer));
done:
    return st;
}

static klf_status write_datasets(klf_h5_file *f, const klf_network *net, float *buffer)
{
    klf_status    st = KLF_OK;
    const int64_t depth = (int64_t)net->depth;
    char          name[32];
    KLF_H5(f, H5LTmake_dataset(f->id, "var_weight", 0, NULL, H5T_NATIVE_DOUBLE, &net->var_w));
    KLF_H5(f, H5LTmake_dataset(f->id, "var_bias", 0, NULL, H5T_NATIVE_DOUBLE, &net->var_b));
    KLF_H5(f, H5LTmake_dataset(f->id, "depth", 0, NULL, H5T_NATIVE_INT64, &depth));
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *layer = &net->layer[l];
        snprintf(name, sizeof name, "W%zu", l);
        KLF_TRY(write_floats(f, name, 2, (hsize_t[]){layer->width, layer->fan_in}, layer->width * layer->fan_in, layer->weight,
                             buffer));
        snprintf(name, sizeof name, "B%zu", l);
        KLF_TRY(write_floats(f, name, 1, (hsize_t[]){layer->width}, layer->width, layer->bias, buffer));
    }
done:
    return st;
}

static klf_status make_buffer(const klf_network *net, float **buffer)
{
    size_t n = 0;
    for (size_t l = 0; l < net->depth; l++)
        if (net->layer[l].width * net->layer[l].fan_in > n)
            n = net->layer[l].width * net->layer[l].fan_in;
    *buffer = malloc(n * sizeof **buffer);
    return *buffer ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "not enough memory to write a layer of %zu weights", n);
}

klf_status klf_store_write_entropy_dnn(const char *folder, bool force, uint64_t epoch, const klf_network *net, char **written)
{
    klf_status  st = KLF_OK;
    klf_h5_file f = {.id = H5I_INVALID_HID};
    klf_output  output = {0};
    hid_t       access = H5I_INVALID_HID;
    float      *buffer = NULL;
    char        path[4096];
    *written = NULL;
    KLF_TRY(name_file(folder, epoch, net, path, sizeof path));
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return klf_fail(KLF_ERR_CREATE, "cannot create the folder %s: %s", klf_quoted_path(folder).text, strerror(errno));
    KLF_TRY(make_buffer(net, &buffer));
    KLF_TRY(klf_h5_begin(path, KLF_ERR_IO, &f));
    KLF_TRY(klf_output_create(path, force, &output));
    KLF_TRY(klf_h5_access(&f, &access));
    KLF_H5(&f, f.id = H5Fcreate(output.temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access));
    KLF_TRY(write_datasets(&f, net, buffer));
    KLF_H5(&f, H5Fflush(f.id, H5F_SCOPE_GLOBAL));
    KLF_H5(&f, H5Fclose(f.id));
    KLF_TRY(klf_output_publish(&output));
    if (!(*written = strdup(path)))
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the name of %s", klf_quoted_path(path).text);
done: /* a file that failed is not closed: netcdf4.c says why */
    klf_h5_release(access);
    klf_h5_end(&f);
    klf_output_discard(&output);
    free(buffer);
    return st;
}
