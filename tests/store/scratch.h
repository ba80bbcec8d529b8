/* SPDX-License-Identifier: BSD-3-Clause */
/* A folder of its own for a test that writes files, and what is in it. */
#ifndef KLFLOW_TESTS_STORE_SCRATCH_H
#define KLFLOW_TESTS_STORE_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char scratch[] = "/tmp/klflow-test-XXXXXX";

/* Joins the folder and a name. Valid until the fourth call from here. */
static inline const char *scratch_path(const char *name)
{
    static char path[4][320];
    static int  next;
    char       *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", scratch, name);
    return p;
}

/* Removes every file in the folder and returns how many there were, hidden ones included. */
static inline int scratch_clear(void)
{
    int            n = 0;
    DIR           *folder = opendir(scratch);
    struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            n++;
            assert_int_equal(remove(scratch_path(entry->d_name)), 0);
        }
    closedir(folder);
    return n;
}

static inline int scratch_create(void **state)
{
    (void)state;
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    (void)state;
    scratch_clear();
    return rmdir(scratch);
}

/* A small text file, and whether it is still what it was. */
static inline void scratch_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void scratch_expect(const char *path, const char *text)
{
    char  found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, text);
}

/* The call failed with this code and a sentence that has this in it. */
#define assert_fails(call, code, part)                                                                                         \
    do {                                                                                                                       \
        assert_int_equal((call), (code));                                                                                      \
        if (!strstr(klf_last_error(), (part)))                                                                                 \
            fail_msg("\"%s\" does not say \"%s\"", klf_last_error(), (part));                                                  \
    } while (0)

#define assert_works(call)                                                                                                     \
    do {                                                                                                                       \
        if ((call) != KLF_OK)                                                                                                  \
            fail_msg("%s", klf_last_error());                                                                                  \
    } while (0)

#endif
