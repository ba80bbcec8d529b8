/* SPDX-License-Identifier: BSD-3-Clause */
/* A network as a folder of NumPy's .npy files, for benchmark peers on machines without HDF5. The format: magic, version 1.0,
 * the length of the header as two little-endian bytes, the header (a Python dict, padded so that the data begin at a multiple
 * of 64 bytes), then the elements. */
#include "klflow/store.h"

#include "core/quote.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static klf_status failed(klf_status code, const char *what, const char *path)
{
    return klf_fail(code, "cannot %s %s: %s", what, klf_quoted_path(path).text, strerror(errno));
}

static char byte_order(void)
{
    const uint16_t one = 1;
    unsigned char  first;
    memcpy(&first, &one, 1);
    return first == 1 ? '<' : '>';
}

/* rows = 0: an array of one dimension. */
static bool write_array(FILE *file, size_t rows, size_t columns, const double *x)
{
    enum { PREAMBLE = 10, ALIGNMENT = 64, SIZE = 3 * ALIGNMENT };
    char         shape[64], header[SIZE];
    const size_t n = (rows > 0 ? rows : 1) * columns;
    if (rows > 0)
        snprintf(shape, sizeof shape, "(%zu, %zu)", rows, columns);
    else
        snprintf(shape, sizeof shape, "(%zu,)", columns);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)(SIZE - PREAMBLE);
    header[9] = 0;
    snprintf(header + PREAMBLE, SIZE - PREAMBLE, "%-*s", SIZE - PREAMBLE - 1, "");
    int length = snprintf(header + PREAMBLE, SIZE - PREAMBLE, "{'descr': '%cf8', 'fortran_order': False, 'shape': %s, }",
                          byte_order(), shape);
    header[PREAMBLE + length] = ' ';
    header[SIZE - 1] = '\n';
    return fwrite(header, SIZE, 1, file) == 1 && fwrite(x, sizeof *x, n, file) == n;
}

static klf_status write_file(const char *folder, const char *name, size_t rows, size_t columns, const double *x)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s.npy", folder, name) >= (int)sizeof path)
        return klf_fail(KLF_ERR_CREATE, "the name of the folder is too long: %s", klf_quoted_path(folder).text);
    FILE *file = fopen(path, "wb");
    if (!file)
        return failed(KLF_ERR_CREATE, "create", path);
    const bool written = write_array(file, rows, columns, x);
    if (fclose(file) != 0 || !written)
        return failed(KLF_ERR_IO, "write", path);
    return KLF_OK;
}

klf_status klf_store_write_arrays(const char *folder, const klf_network *net)
{
    klf_status st = KLF_OK;
    char       name[32];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return failed(KLF_ERR_CREATE, "create the folder", folder);
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *layer = &net->layer[l];
        snprintf(name, sizeof name, "W%zu", l);
        KLF_TRY(write_file(folder, name, layer->width, layer->fan_in, layer->weight));
        snprintf(name, sizeof name, "B%zu", l);
        KLF_TRY(write_file(folder, name, 0, layer->width, layer->bias));
    }
    KLF_TRY(write_file(folder, "variances", 0, 2, (double[]){net->var_w, net->var_b}));
done:
    return st;
}
