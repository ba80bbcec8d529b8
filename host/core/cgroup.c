/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading cgroup limits. Their files are looked for at their usual mount points only. */
#include "core/cgroup.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

/* A limit that the files of one directory set; INFINITY if they set none. */
typedef double limit_at(const char *directory);

/* The first line of directory/name. False if it cannot be read. */
static bool read_line(const char *directory, const char *name, char *line, int size)
{
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    bool good = fgets(line, size, file) != NULL;
    fclose(file);
    return good;
}

/* "max" (version 2) and -1 (version 1) mean no limit, and so does nonsense. */
static bool read_number(const char *directory, const char *name, double *number)
{
    char line[64];
    return read_line(directory, name, line, sizeof line) && sscanf(line, "%lf", number) == 1 && *number > 0;
}

static double cores_at(const char *directory)
{
    char   line[64];
    double quota = 0, period = 0;
    bool   set = read_line(directory, "cpu.max", line, sizeof line)
                     ? sscanf(line, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0
                     : read_number(directory, "cpu.cfs_quota_us", &quota) && read_number(directory, "cpu.cfs_period_us", &period);
    return set ? ceil(quota / period) : INFINITY;
}

static double memory_at(const char *directory)
{
    double bytes;
    return read_number(directory, "memory.max", &bytes) || read_number(directory, "memory.limit_in_bytes", &bytes) ? bytes
                                                                                                                   : INFINITY;
}

/* The least limit on the way from mount/path up to mount. Inside a container the path may be the host's and not exist here. */
static double least_upwards(const char *mount, const char *path, limit_at *at)
{
    char   directory[PATH_SIZE];
    size_t mount_length = strlen(mount);
    double least = INFINITY;
    if ((size_t)snprintf(directory, sizeof directory, "%s%s", mount, path) >= sizeof directory)
        return least;
    for (;;) {
        least = fmin(least, at(directory));
        char *slash = strrchr(directory, '/');
        if (strlen(directory) <= mount_length || slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Is a controller in a list like "cpu,cpuacct"? */
static bool has_controller(const char *list, const char *controller)
{
    size_t n = strlen(controller);
    for (const char *p = list; p != NULL; p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, controller, n) == 0 && (p[n] == '\0' || p[n] == ','))
            return true;
    return false;
}

/* INFINITY if no level sets a limit. */
static double least_limit(const char *root, const char *controller, limit_at *at)
{
    char   line[PATH_SIZE], mount[PATH_SIZE];
    double least = INFINITY;
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *file = fopen(line, "r");
    if (file == NULL)
        return least;
    while (fgets(line, sizeof line, file) != NULL) { /* "0::/path" (version 2) or "4:cpu,cpuacct:/path" */
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':');
        char *path = list != NULL ? strchr(list + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        list++;
        bool version_2 = *list == '\0';
        if (!version_2 && !has_controller(list, controller))
            continue;
        if ((size_t)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, version_2 ? "" : "/",
                             version_2 ? "" : controller) < sizeof mount)
            least = fmin(least, least_upwards(mount, path, at));
    }
    fclose(file);
    return least;
}

size_t klf_cgroup_cores(const char *root)
{
    enum { MOST_CORES = 1 << 20 };
    double cores = least_limit(root, "cpu", cores_at);
    return cores <= MOST_CORES ? (size_t)cores : 0;
}

double klf_cgroup_memory(const char *root)
{
    return least_limit(root, "memory", memory_at);
}
