/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks for modules. */
#define _GNU_SOURCE /* readlink */
#include "backend/module_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder of the program and the one above it. */
typedef struct neighbourhood {
    char folder[KLF_MODULE_PATH_SIZE], above[KLF_MODULE_PATH_SIZE];
} neighbourhood;

static void cut_last(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash != NULL ? slash : path) = '\0';
}

/* Both empty where the system does not tell. */
static void look_around(neighbourhood *n)
{
    ssize_t length = readlink("/proc/self/exe", n->folder, sizeof n->folder - 1);
    n->folder[length > 0 ? length : 0] = '\0';
    cut_last(n->folder);
    memcpy(n->above, n->folder, sizeof n->above);
    cut_last(n->above);
}

/* False, too, for a path that does not fit. */
static bool is_there(const char *folder, const char *below, const char *name, char path[KLF_MODULE_PATH_SIZE])
{
    int n = snprintf(path, KLF_MODULE_PATH_SIZE, "%s%s/klflow-%s.so", folder, below, name);
    return n > 0 && n < KLF_MODULE_PATH_SIZE && access(path, F_OK) == 0;
}

/* Installed and in a bundle the program is bin/klflow and a module is in lib/klflow; a build tree has the program at its top,
 * with lib/klflow beside it, and for its test programs, two folders down, the link tests/lib. */
klf_status klf_module_find(const char *name, char path[KLF_MODULE_PATH_SIZE])
{
    neighbourhood near;
    const char   *asked_for = getenv("KLFLOW_BACKEND_DIR");
    bool          has_asked = asked_for != NULL && *asked_for != '\0';
    look_around(&near);
    if ((has_asked && is_there(asked_for, "", name, path)) || is_there(near.above, "/lib/klflow", name, path) ||
        is_there(near.folder, "/lib/klflow", name, path))
        return KLF_OK;
    return klf_fail(
        KLF_ERR_DEVICE,
        "backend %s: there is no klflow-%s.so in %.250s%s%.250s/lib/klflow or %.250s/lib/klflow, so this klflow was "
        "built or installed without it; take --backend cpu, or set KLFLOW_BACKEND_DIR to the folder that it is in",
        name, name, has_asked ? asked_for : "", has_asked ? ", " : "", near.above, near.folder);
}
