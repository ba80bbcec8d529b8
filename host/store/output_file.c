/* SPDX-License-Identifier: BSD-3-Clause */
/* Temporary name, fsync, rename (output_file.h), and the checks of an output path before any work. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "store/output_file.h"

#include "klflow/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The temporary that a signal handler may have to remove. The flag goes up after the name is complete. */
static char                  pending_path[PATH_MAX];
static volatile sig_atomic_t pending;

bool klf_store_remove_unfinished(void)
{
    if (!pending)
        return false;
    unlink(pending_path);
    return true;
}

static void set_pending(const char *path)
{
    pending = 0;
    if (path && strlen(path) < sizeof pending_path) {
        strcpy(pending_path, path);
        pending = 1;
    }
}

/* The name that the file gets: behind a symbolic link the file that it points to is the one to replace. free(). */
static char *final_name(const char *path)
{
    char *resolved = realpath(path, NULL);
    return resolved ? resolved : strdup(path);
}

static klf_status no_memory(const char *path)
{
    return klf_fail(KLF_ERR_MEMORY, "not enough memory to write \"%s\"", path);
}

/* The folder part of a path, "." if there is none; free(). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static klf_status check_folder(const char *path, const char *folder)
{
    struct stat info;
    if (stat(folder, &info) != 0)
        return klf_fail(KLF_ERR_CREATE, "cannot write \"%s\": folder \"%s\": %s", path, folder, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return klf_fail(KLF_ERR_CREATE, "cannot write \"%s\": \"%s\" is not a folder", path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        return klf_fail(KLF_ERR_CREATE, "cannot write \"%s\": folder \"%s\": %s", path, folder, strerror(errno));
    return KLF_OK;
}

klf_status klf_store_check_output(const char *path, bool force)
{
    struct stat info;
    if (!*path)
        return klf_fail(KLF_ERR_CREATE, "the name of the output file is empty");
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return klf_fail(KLF_ERR_CREATE, "cannot write \"%s\": it is a folder; name a file in it", path);
    if (lstat(path, &info) == 0 && !force)
        return klf_fail(KLF_ERR_CREATE, "\"%s\" exists; choose another name, or overwrite it with --force", path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return klf_fail(KLF_ERR_CREATE, "cannot write \"%s\": it is not a regular file", path);

    klf_status st = KLF_OK;
    char      *target = final_name(path), *folder = target ? folder_of(target) : NULL;
    st = folder ? check_folder(path, folder) : no_memory(path);
    free(folder);
    free(target);
    return st;
}

/* Takes the first free of the names ".NAME.PID-i.tmp" beside the target: in a shared folder another host may use the same PID.
 */
static klf_status create_temporary(klf_output *out)
{
    enum { MOST_TRIES = 100, MOST_OF_NAME = 200 }; /* the rest has room within NAME_MAX */
    const char  *slash = strrchr(out->target, '/');
    const char  *name = slash ? slash + 1 : out->target;
    const int    folder = (int)(name - out->target);
    const size_t size = strlen(out->target) + 64;

    char *path = malloc(size);
    if (!path)
        return no_memory(out->target);
    for (int i = 0; i < MOST_TRIES; i++) {
        snprintf(path, size, "%.*s.%.*s.%ld-%d.tmp", folder, out->target, MOST_OF_NAME, name, (long)getpid(), i);
        const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            close(fd);
            set_pending(path);
            out->temporary = path;
            return KLF_OK;
        }
        if (errno != EEXIST)
            break;
    }
    const klf_status code = errno == ENOSPC || errno == EDQUOT ? KLF_ERR_IO : KLF_ERR_CREATE;
    klf_fail(code, "cannot write \"%s\": cannot create a file in its folder: %s", out->target, strerror(errno));
    free(path);
    return code;
}

klf_status klf_output_create(const char *path, bool force, klf_output *out)
{
    klf_status st = KLF_OK;
    *out = (klf_output){.force = force};
    KLF_TRY(klf_store_check_output(path, force));
    if (!(out->target = final_name(path))) {
        st = no_memory(path);
        goto done;
    }
    KLF_TRY(create_temporary(out));
done:
    if (st != KLF_OK)
        klf_output_discard(out);
    return st;
}

static int flush_to_disk(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const int failed = fsync(fd);
    return close(fd) != 0 ? -1 : failed;
}

/* Gives the temporary its name. Without force no existing file is replaced: a link is one step; on file systems without links
 * an empty file takes the name first. Fails with errno set. */
static int take_name(const klf_output *out)
{
    if (!out->force) {
        if (link(out->temporary, out->target) == 0)
            return unlink(out->temporary);
        if (errno == EEXIST)
            return -1;
        const int fd = open(out->target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0)
            return -1;
        close(fd);
    }
    if (rename(out->temporary, out->target) == 0)
        return 0;
    const int reason = errno;
    if (!out->force)
        unlink(out->target);
    errno = reason;
    return -1;
}

klf_status klf_output_publish(klf_output *out)
{
    klf_status st = KLF_OK;
    if (flush_to_disk(out->temporary, O_RDONLY) != 0) {
        st = klf_fail(KLF_ERR_IO, "writing \"%s\" failed: %s", out->target, strerror(errno));
    } else if (take_name(out) == 0) {
        free(out->temporary);
        out->temporary = NULL;
        /* Now the file is whole and in place: a file system that cannot flush folders is no reason to fail. */
        char *folder = folder_of(out->target);
        if (folder)
            (void)flush_to_disk(folder, O_RDONLY | O_DIRECTORY);
        free(folder);
    } else if (errno == EEXIST) {
        st = klf_fail(KLF_ERR_CREATE, "\"%s\" has appeared meanwhile and was left as it is; choose another name or use --force",
                      out->target);
    } else {
        st = klf_fail(KLF_ERR_IO, "writing \"%s\" failed: cannot rename \"%s\": %s", out->target, out->temporary,
                      strerror(errno));
    }
    klf_output_discard(out);
    return st;
}

void klf_output_discard(klf_output *out)
{
    if (out->temporary)
        unlink(out->temporary);
    set_pending(NULL);
    free(out->temporary);
    free(out->target);
    *out = (klf_output){0};
}
