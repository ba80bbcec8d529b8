/* SPDX-License-Identifier: BSD-3-Clause */
/* The dynamic loader says which library it misses (glibc: "libcublas.so.13: cannot open shared object file: ..."). One that is
 * already loaded serves by its soname, wherever it came from, so it is loaded from the usual places and the module tried again.
 * Python is not started: its packages are looked for in the file system. A program that uses the library may have set a locale,
 * in which the loader would say it in another language: so it is asked in the C locale. */
#define _GNU_SOURCE /* realpath, uselocale */
#include "backend/cuda_libraries.h"

#include <dlfcn.h>
#include <glob.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, MAX_DEPTH = 4, MAX_MISSING = 8 };

const char klf_cuda_places[] = "in $CUDA_HOME, $CUDA_PATH, /usr/local/cuda*, $CONDA_PREFIX or Python's nvidia packages";

static void *open_with_help(const char *path, int depth, klf_dl_failure *failure);

/* Opens the first file of that name in folders that match prefix + pattern. A prefix of NULL or "" has none. */
static void *open_from(const char *prefix, const char *pattern, const char *name, int depth, klf_dl_failure *failure)
{
    char   full[PATH_SIZE];
    glob_t found = {0};
    void  *handle = NULL;
    if (prefix == NULL || *prefix == '\0')
        return NULL;
    int n = snprintf(full, sizeof full, "%s/%s/%s", prefix, pattern, name);
    if (n < 0 || n >= PATH_SIZE)
        return NULL;
    if (glob(full, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && handle == NULL; i++)
            handle = open_with_help(found.gl_pathv[i], depth, failure);
    globfree(&found);
    return handle;
}

/* The installation that the python3 on PATH belongs to, as the folder above its bin; "" if there is none. With links followed,
 * a virtual environment's is the one it was made from. */
static void python_prefix(bool follow_links, char prefix[PATH_SIZE])
{
    const char *path = getenv("PATH");
    prefix[0] = '\0';
    for (const char *p = path; p != NULL && *p != '\0'; p += strspn(p, ":")) {
        size_t length = strcspn(p, ":");
        int    n = snprintf(prefix, PATH_SIZE, "%.*s/python3", (int)length, p);
        p += length;
        bool found = n > 0 && n < PATH_SIZE && access(prefix, X_OK) == 0;
        if (found && follow_links) {
            char *real = realpath(prefix, NULL);
            if (real != NULL)
                snprintf(prefix, PATH_SIZE, "%s", real);
            free(real);
        }
        for (int up = 0; found && up < 2; up++) { /* the file's name, then bin */
            char *slash = strrchr(prefix, '/');
            if (slash != NULL)
                *slash = '\0';
        }
        if (found)
            return;
        prefix[0] = '\0';
    }
}

static void *open_from_python(const char *prefix, const char *name, int depth, klf_dl_failure *failure)
{
    void *handle = open_from(prefix, "lib/python3*/site-packages/nvidia/*/lib", name, depth, failure);
    return handle ? handle : open_from(prefix, "lib/python3*/dist-packages/nvidia/*/lib", name, depth, failure);
}

static void *open_from_usual_places(const char *name, int depth, klf_dl_failure *failure)
{
    char        python[PATH_SIZE], real_python[PATH_SIZE], user[PATH_SIZE];
    const char *conda = getenv("CONDA_PREFIX"), *home = getenv("HOME");
    python_prefix(false, python);
    python_prefix(true, real_python);
    snprintf(user, sizeof user, "%s%s", home ? home : "", home && *home ? "/.local" : "");

    const struct {
        const char *prefix, *pattern;
    } toolkits[] = {
        {getenv("CUDA_HOME"), "lib64"}, {getenv("CUDA_PATH"), "lib64"}, {"/usr/local", "cuda*/lib64"}, {conda, "lib"}};
    const char *const pythons[] = {getenv("VIRTUAL_ENV"), conda, python, real_python, user};
    void             *handle = NULL;
    for (size_t i = 0; handle == NULL && i < sizeof toolkits / sizeof toolkits[0]; i++)
        handle = open_from(toolkits[i].prefix, toolkits[i].pattern, name, depth, failure);
    for (size_t i = 0; handle == NULL && i < sizeof pythons / sizeof pythons[0]; i++)
        handle = open_from_python(pythons[i], name, depth, failure);
    return handle;
}

/* Keeps the dynamic loader's words; true, with the library's name, if they are on one that is nowhere. */
static bool read_failure(klf_dl_failure *failure)
{
    const char *text = dlerror();
    snprintf(failure->text, sizeof failure->text, "%s", text ? text : "no reason given");
    failure->missing[0] = '\0';
    size_t length = strcspn(failure->text, ":");
    if (strncmp(failure->text, "lib", 3) != 0 || memchr(failure->text, '/', length) != NULL ||
        strstr(failure->text, "cannot open shared object file") == NULL || length >= sizeof failure->missing)
        return false;
    snprintf(failure->missing, sizeof failure->missing, "%.*s", (int)length, failure->text);
    return true;
}

/* dlopen, with the loader's words in English: they are made when dlerror is called. */
static void *open_and_listen(const char *path, bool *missing, klf_dl_failure *failure)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const locale_t before = plain ? uselocale(plain) : (locale_t)0;
    void          *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *missing = handle == NULL && read_failure(failure);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return handle;
}

/* A library found in one of the places may itself miss another: hence the depth. */
static void *open_with_help(const char *path, int depth, klf_dl_failure *failure)
{
    for (int i = 0; i <= MAX_MISSING; i++) {
        bool  missing;
        void *handle = open_and_listen(path, &missing, failure);
        if (handle != NULL)
            return handle;
        if (!missing || depth == MAX_DEPTH)
            return NULL;
        klf_dl_failure deeper = *failure;
        if (open_from_usual_places(failure->missing, depth + 1, &deeper) == NULL) {
            *failure = deeper; /* the reason why the one that was found could not be opened, if one was */
            return NULL;
        }
    }
    return NULL;
}

void *klf_dlopen_with_cuda(const char *path, klf_dl_failure *failure)
{
    return open_with_help(path, 0, failure);
}
