/* SPDX-License-Identifier: BSD-3-Clause */
/* Existing files are told by device and inode, others by those of their folder and their name. */
#include "run/same_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool find_folder(const char *path, struct stat *info)
{
    size_t length = (size_t)(name_in(path) - path);
    char  *folder = length > 0 ? strndup(path, length) : strdup(".");
    bool   found = folder != NULL && stat(folder, info) == 0;
    free(folder);
    return found;
}

bool klf_same_file(const char *a, const char *b)
{
    struct stat a_info, b_info;
    bool        a_exists = stat(a, &a_info) == 0, b_exists = stat(b, &b_info) == 0;
    if (a_exists || b_exists)
        return a_exists && b_exists && same_inode(&a_info, &b_info);
    if (strcmp(name_in(a), name_in(b)) != 0)
        return false;
    return strcmp(a, b) == 0 || (find_folder(a, &a_info) && find_folder(b, &b_info) && same_inode(&a_info, &b_info));
}
