/* SPDX-License-Identifier: BSD-3-Clause */
/* Temporary name, fsync, rename (output_file.h), and the checks of an output path before any work. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "store/output_file.h"

#include "core/quote.h"
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

/* Where a link leads: its text, from its own folder on if that is relative. NULL with errno set if it is no link; free(). */
static char *follow_link(const char *link_path)
{
    char          to[PATH_MAX];
    const ssize_t n = readlink(link_path, to, sizeof to - 1);
    if (n < 0)
        return NULL;
    to[n] = '\0';
    const char  *slash = strrchr(link_path, '/');
    const int    folder = slash && *to != '/' ? (int)(slash - link_path) + 1 : 0;
    const size_t size = (size_t)folder + (size_t)n + 1;
    char        *path = malloc(size);
    if (path)
        snprintf(path, size, "%.*s%s", folder, link_path, to);
    return path;
}

/* The name that the file gets: behind a symbolic link the file that it points to is the one to replace, or to make, which
 * realpath cannot tell. NULL with errno set; free(). */
static char *final_name(const char *path)
{
    enum { MOST_LINKS = 40 }; /* as many as Linux follows */
    char *name = realpath(path, NULL);
    if (name)
        return name;
    name = strdup(path);
    for (int i = 0; name && i < MOST_LINKS; i++) {
        char *next = follow_link(name);
        if (!next && errno != ENOMEM)
            return name;
        free(name);
        name = next;
    }
    if (name)
        errno = ELOOP;
    free(name);
    return NULL;
}

/* The folder part of a path, "." if there is none; free(). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static klf_status fail_system(const klf_output *out)
{
    const klf_status code = errno == ENOMEM ? KLF_ERR_MEMORY : KLF_ERR_CREATE;
    return klf_fail(code, "cannot write %s: %s", out->name.text, strerror(errno));
}

static klf_status check_folder(const klf_output *out)
{
    struct stat info;
    klf_status  st = KLF_OK;
    char       *folder = folder_of(out->target);
    if (!folder)
        return fail_system(out);
    const klf_path_quote name = klf_quoted_path(folder);
    if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode))
        st = klf_fail(KLF_ERR_CREATE, "cannot write %s: %s is not a folder", out->name.text, name.text);
    else if (access(folder, W_OK | X_OK) != 0)
        st = klf_fail(KLF_ERR_CREATE, "cannot write %s: folder %s: %s", out->name.text, name.text, strerror(errno));
    free(folder);
    return st;
}

static klf_status find_target(const char *path, klf_output *out)
{
    klf_status  st = KLF_OK;
    struct stat info;
    if (!*path)
        return klf_fail(KLF_ERR_CREATE, "the name of the output file is empty");
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return klf_fail(KLF_ERR_CREATE, "cannot write %s: it is a folder; name a file in it", out->name.text);
    if (lstat(path, &info) == 0 && !out->force)
        return klf_fail(KLF_ERR_CREATE, "%s exists; choose another name, or overwrite it with --force", out->name.text);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return klf_fail(KLF_ERR_CREATE, "cannot write %s: it is not a regular file", out->name.text);
    if (!(out->target = final_name(path)))
        return fail_system(out);
    KLF_TRY(check_folder(out));
    if (lstat(out->target, &info) != 0 && errno != ENOENT)
        st = fail_system(out); /* a name that is too long, for one, which the temporary's is not */
done:
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
        return fail_system(out);
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
    klf_fail(code, "cannot write %s: cannot create a file in its folder: %s", out->name.text, strerror(errno));
    free(path);
    return code;
}

klf_status klf_output_create(const char *path, bool force, klf_output *out)
{
    klf_status st = KLF_OK;
    *out = (klf_output){.force = force, .name = klf_quoted_path(path)};
    KLF_TRY(find_target(path, out));
    KLF_TRY(create_temporary(out));
done:
    if (st != KLF_OK)
        klf_output_discard(out);
    return st;
}

/* Whether a file can be created, only creating one tells. */
klf_status klf_store_check_output(const char *path, bool force)
{
    klf_output       out;
    const klf_status st = klf_output_create(path, force, &out);
    klf_output_discard(&out);
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
        st = klf_fail(KLF_ERR_IO, "writing %s failed: %s", out->name.text, strerror(errno));
    } else if (take_name(out) == 0) {
        free(out->temporary);
        out->temporary = NULL;
        /* Now the file is whole and in place: a file system that cannot flush folders is no reason to fail. */
        char *folder = folder_of(out->target);
        if (folder)
            (void)flush_to_disk(folder, O_RDONLY | O_DIRECTORY);
        free(folder);
    } else if (errno == EEXIST) {
        st = klf_fail(KLF_ERR_CREATE, "%s has appeared meanwhile and was left as it is; choose another name or use --force",
                      out->name.text);
    } else {
        st = klf_fail(KLF_ERR_IO, "writing %s failed: cannot rename %s: %s", out->name.text,
                      klf_quoted_path(out->temporary).text, strerror(errno));
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
