/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns of numbers, strictly: a line of another number of columns, or with anything that is no finite number, is refused. */
#include "run/xy_table.h"

#include "core/quote.h"
#include "klflow/fit.h"
#include "run/numbers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { MAX_COLUMNS = 3 };

typedef struct reader {
    klf_path_quote name;
    size_t         line, columns, capacity;
    bool           heading_seen;
    klf_xy_table  *out;
} reader;

/* Cuts the line into fields, in place. Returns how many there are, of which the first MAX_COLUMNS are in `field`. An empty one
 * between two commas is a field, blanks around a comma are not. */
static size_t split(char *line, char *field[MAX_COLUMNS])
{
    static const char BLANKS[] = " \t\r\n", SEPARATORS[] = ",; \t\r\n";
    size_t            n = 0;
    char             *p = line + strspn(line, BLANKS);
    bool              more = *p != '\0';
    while (more) {
        char *start = p;
        p += strcspn(p, SEPARATORS);
        char *end = p;
        p += strspn(p, BLANKS);
        more = *p == ',' || *p == ';';
        if (more)
            p += 1 + strspn(p + 1, BLANKS);
        more = more || *p != '\0';
        *end = '\0';
        if (n < MAX_COLUMNS)
            field[n] = start;
        n++;
    }
    return n;
}

static klf_status make_room(reader *r)
{
    klf_xy_table *t = r->out;
    if (t->n == KLF_FIT_MAX_POINTS)
        return klf_fail(KLF_ERR_DATA, "%s has more than %d points", r->name.text, KLF_FIT_MAX_POINTS);
    if (t->n < r->capacity)
        return KLF_OK;
    size_t   capacity = r->capacity > 0 ? 2 * r->capacity : 256;
    double **column[MAX_COLUMNS] = {&t->x, &t->y, &t->error};
    for (size_t i = 0; i < r->columns; i++) {
        double *larger = realloc(*column[i], capacity * sizeof *larger);
        if (larger == NULL)
            return klf_fail(KLF_ERR_MEMORY, "no memory to read %s", r->name.text);
        *column[i] = larger;
    }
    r->capacity = capacity;
    return KLF_OK;
}

static klf_status take_line(reader *r, char *line)
{
    klf_status st = KLF_OK;
    char      *field[MAX_COLUMNS];
    double     value[MAX_COLUMNS];
    size_t     n = line[strspn(line, " \t")] == '#' ? 0 : split(line, field);
    if (n == 0)
        return KLF_OK;
    if (r->columns == 0 && !r->heading_seen && !klf_parse_real(field[0], &value[0])) {
        r->heading_seen = true; /* of any number of words */
        return KLF_OK;
    }
    if (r->columns == 0 && (n == 2 || n == 3))
        r->columns = n;
    if (r->columns == 0)
        return klf_fail(KLF_ERR_DATA, "%s, line %zu: %zu column%s; a table has two, x and y, or three, with the error of y",
                        r->name.text, r->line, n, n == 1 ? "" : "s");
    if (n != r->columns)
        return klf_fail(KLF_ERR_DATA, "%s, line %zu: %zu column%s, where the first line of numbers has %zu", r->name.text,
                        r->line, n, n == 1 ? "" : "s", r->columns);
    for (size_t i = 0; i < n; i++)
        if (!klf_parse_real(field[i], &value[i]))
            return klf_fail(KLF_ERR_DATA, "%s, line %zu, column %zu: %s is no finite number", r->name.text, r->line, i + 1,
                            klf_quoted(field[i]).text);
    KLF_TRY(make_room(r));
    r->out->x[r->out->n] = value[0];
    r->out->y[r->out->n] = value[1];
    if (n == 3)
        r->out->error[r->out->n] = value[2];
    r->out->n++;
done:
    return st;
}

klf_status klf_xy_table_read(const char *path, klf_xy_table *out)
{
    klf_status st = KLF_OK;
    reader     r = {.name = klf_quoted_path(path), .out = out};
    char      *line = NULL;
    size_t     size = 0;
    ssize_t    length;
    *out = (klf_xy_table){0};
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return klf_fail(KLF_ERR_NOINPUT, "%s cannot be opened: %s", r.name.text, strerror(errno));
    while ((length = getline(&line, &size, file)) >= 0) {
        r.line++;
        if (memchr(line, '\0', (size_t)length) != NULL || line[0] == '\x89') { /* with which an HDF5 file begins */
            st = klf_fail(KLF_ERR_DATA, "%s is no text; result files of klflow are given without --table", r.name.text);
            goto done;
        }
        KLF_TRY(take_line(&r, line));
    }
    if (ferror(file))
        st = klf_fail(KLF_ERR_NOINPUT, "%s cannot be read: %s", r.name.text, strerror(errno));
    else if (out->n == 0)
        st = klf_fail(KLF_ERR_DATA, "%s has no line of numbers", r.name.text);
done:
    if (st != KLF_OK)
        klf_xy_table_free(out);
    free(line);
    fclose(file);
    return st;
}

void klf_xy_table_free(klf_xy_table *table)
{
    free(table->x);
    free(table->y);
    free(table->error);
    *table = (klf_xy_table){0};
}
