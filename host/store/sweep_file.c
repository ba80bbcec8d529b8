/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes what sweep_file.h describes; knows of no schema what it means. */
#include "store/sweep_file.h"

#include "store/identity.h"
#include "store/netcdf4.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

typedef struct sweep_file {
    klf_nc_writer            *writer;
    const klf_sweep_contents *contents;
    hid_t                     group;
    klf_nc_dim                dim[KLF_SWEEP_MAX_AXES];
} sweep_file;

static const double no_value = NAN;

static klf_status no_memory(const sweep_file *f)
{
    return klf_fail(KLF_ERR_MEMORY, "not enough memory to write the results in %s", f->contents->group);
}

static klf_status write_whole_numbers(sweep_file *f, const klf_sweep_axis *axis, klf_nc_dim *dim)
{
    int64_t *index = malloc(axis->size * sizeof *index);
    if (!index)
        return no_memory(f);
    for (size_t i = 0; i < axis->size; i++)
        index[i] = (int64_t)i;
    klf_status st = klf_nc_coordinate(f->writer, f->group, axis->name, KLF_NC_INT64, axis->size, index, dim);
    free(index);
    return st;
}

static klf_status write_axis(sweep_file *f, const klf_sweep_axis *axis, klf_nc_dim *dim)
{
    klf_status st = KLF_OK;
    if (axis->values)
        KLF_TRY(klf_nc_coordinate(f->writer, f->group, axis->name, KLF_NC_DOUBLE, axis->size, axis->values, dim));
    else
        KLF_TRY(write_whole_numbers(f, axis, dim));
    KLF_TRY(klf_nc_text(f->writer, dim->scale, "long_name", axis->long_name));
    KLF_TRY(klf_nc_text(f->writer, dim->scale, "units", axis->units));
done:
    return st;
}

static size_t count_values(const sweep_file *f, const klf_sweep_variable *v)
{
    size_t n = 1;
    for (size_t i = 0; i < v->rank; i++)
        n *= f->contents->axis[v->axis[i]].size;
    return n;
}

static klf_status write_flags(sweep_file *f, const klf_sweep_variable *v, klf_nc_var var)
{
    static const int8_t values[] = {0, 1, 2, 3, 4};
    klf_status          st = KLF_OK;
    size_t              n = 1, n_values = count_values(f, v);
    for (const char *p = v->flags; *p; p++)
        n += *p == ' ';
    assert(n <= sizeof values);
    int8_t *flag = malloc(n_values);
    if (!flag)
        return no_memory(f);
    for (size_t i = 0; i < n_values; i++)
        flag[i] = (int8_t)v->values[i];
    KLF_TRY(klf_nc_attribute(f->writer, var.id, "flag_values", KLF_NC_INT8, n, values));
    KLF_TRY(klf_nc_text(f->writer, var.id, "flag_meanings", v->flags));
    KLF_TRY(klf_nc_write(f->writer, var, flag));
done:
    free(flag);
    return st;
}

static klf_status write_whole(sweep_file *f, const klf_sweep_variable *v, klf_nc_var var)
{
    size_t   n = count_values(f, v);
    int64_t *whole = malloc(n * sizeof *whole);
    if (!whole)
        return no_memory(f);
    for (size_t i = 0; i < n; i++)
        whole[i] = (int64_t)v->values[i];
    klf_status st = klf_nc_write(f->writer, var, whole);
    free(whole);
    return st;
}

static klf_status write_variable(sweep_file *f, const klf_sweep_variable *v)
{
    klf_status  st = KLF_OK;
    klf_nc_dim  dim[KLF_SWEEP_MAX_AXES];
    klf_nc_var  var;
    klf_nc_type type = v->flags ? KLF_NC_INT8 : v->whole ? KLF_NC_INT64 : KLF_NC_DOUBLE;
    for (size_t i = 0; i < v->rank; i++)
        dim[i] = f->dim[v->axis[i]];
    KLF_TRY(klf_nc_variable(f->writer, f->group, v->name, type, v->rank, dim, type == KLF_NC_DOUBLE ? &no_value : NULL, &var));
    KLF_TRY(klf_nc_text(f->writer, var.id, "long_name", v->long_name));
    if (v->units)
        KLF_TRY(klf_nc_text(f->writer, var.id, "units", v->units));
    if (v->flags)
        st = write_flags(f, v, var);
    else if (v->whole)
        st = write_whole(f, v, var);
    else
        st = klf_nc_write(f->writer, var, v->values);
done:
    return st;
}

static klf_status write_fact(sweep_file *f, const klf_fact *fact)
{
    switch (fact->type) {
    case KLF_FACT_TEXT: return klf_nc_text(f->writer, f->group, fact->name, fact->value.text);
    case KLF_FACT_INT: return klf_nc_attribute(f->writer, f->group, fact->name, KLF_NC_INT64, 1, &fact->value.i);
    case KLF_FACT_REAL: break;
    }
    return klf_nc_attribute(f->writer, f->group, fact->name, KLF_NC_DOUBLE, 1, &fact->value.real);
}

klf_status klf_store_write_sweep(const char *path, bool force, const klf_sweep_contents *contents,
                                 const klf_provenance *provenance)
{
    klf_status st = KLF_OK;
    sweep_file f = {.contents = contents};
    assert(contents->n_axes <= KLF_SWEEP_MAX_AXES);
    KLF_TRY(klf_nc_create(path, force, &f.writer));
    KLF_TRY(klf_identity_write(f.writer, contents->schema, contents->title, provenance));
    KLF_TRY(klf_nc_group(f.writer, klf_nc_root(f.writer), contents->group, &f.group));
    for (size_t i = 0; i < contents->n_facts; i++)
        KLF_TRY(write_fact(&f, &contents->fact[i]));
    for (size_t i = 0; i < contents->n_axes; i++)
        KLF_TRY(write_axis(&f, &contents->axis[i], &f.dim[i]));
    for (size_t i = 0; i < contents->n_variables; i++)
        KLF_TRY(write_variable(&f, &contents->variable[i]));
    st = klf_nc_commit(f.writer);
    f.writer = NULL;
done:
    klf_nc_abandon(f.writer);
    return st;
}
