/* SPDX-License-Identifier: BSD-3-Clause */
/* Checked HDF5 calls and files opened for reading (hdf5_file.h). */
#include "store/hdf5_file.h"

#include "core/libraries.h"
#include "klflow/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REASON_BYTES = 256 };

/* Keeps what HDF5 says about the place where it began to fail; of a long record on a system call only the system's reason. */
static herr_t keep_innermost(unsigned level, const H5E_error2_t *record, void *reason)
{
    static const char system_reason[] = "error message = '";
    if (level != 0 || !record->desc)
        return 0;
    const char *from = strstr(record->desc, system_reason);
    if (from) {
        from += strlen(system_reason);
        snprintf(reason, REASON_BYTES, "%.*s", (int)strcspn(from, "'"), from);
    } else {
        snprintf(reason, REASON_BYTES, "%s", record->desc);
    }
    return 0;
}

static klf_status fail_cut_short(const klf_h5_file *file, const char *reason)
{
    unsigned long long found, begin, end;
    if (sscanf(reason, "truncated file: eof = %llu, sblock->base_addr = %llu, stored_eof = %llu", &found, &begin, &end) == 3)
        return klf_fail(file->failure, "%s is cut short: of its %llu bytes it has %llu", file->name.text, begin + end, found);
    return klf_fail(file->failure, "%s is cut short", file->name.text);
}

klf_status klf_h5_fail(const klf_h5_file *file, const char *call, const char *source, int line)
{
    char reason[REASON_BYTES] = "", what[2 * sizeof file->name];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, reason);
    if (strncmp(reason, "truncated file", strlen("truncated file")) == 0)
        return fail_cut_short(file, reason);

    snprintf(what, sizeof what, "%s %s%s%s", file->failure == KLF_ERR_IO ? "writing" : "reading",
             file->object ? klf_quoted(file->object).text : "", file->object ? " of " : "", file->name.text);
    if (*reason) {
        reason[strcspn(reason, ":,")] = '\0'; /* behind it stand addresses and the like */
        klf_make_printable(reason);
        return klf_fail(file->failure, "%s failed: %s", what, reason);
    }
    const char *slash = strrchr(source, '/');
    return klf_fail(file->failure, "%s failed (%s, %s:%d)", what, call, slash ? slash + 1 : source, line);
}

void klf_h5_release(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

klf_status klf_store_library(char *version, size_t size)
{
    unsigned    major, minor, release;
    const char *overruled = getenv("HDF5_DISABLE_VERSION_CHECK");
    klf_hdf5_version(&major, &minor, &release); /* an abandoned file stays open (klf_nc_abandon), also at exit */
    if (version)
        snprintf(version, size, "%u.%u.%u", major, minor, release);
    const bool same = major == H5_VERS_MAJOR && minor == H5_VERS_MINOR && release == H5_VERS_RELEASE;
    if (same || (overruled && atoi(overruled) > 0))
        return KLF_OK;
    return klf_fail(KLF_ERR_INTERNAL,
                    "klflow was built with HDF5 %d.%d.%d but finds HDF5 %u.%u.%u; put the library it was built with on "
                    "LD_LIBRARY_PATH, build klflow again, or set HDF5_DISABLE_VERSION_CHECK=1 to try nevertheless",
                    H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, major, minor, release);
}

klf_status klf_h5_begin(const char *path, klf_status failure, klf_h5_file *file)
{
    *file = (klf_h5_file){.id = H5I_INVALID_HID, .path = path, .failure = failure, .name = klf_quoted_path(path)};
    /* Before any other call: HDF5 aborts the process if the versions differ. */
    const klf_status st = klf_store_library(NULL, 0);
    if (st == KLF_OK) {
        file->silenced = true;
        H5Eget_auto2(H5E_DEFAULT, &file->printer, &file->printer_data);
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    }
    return st;
}

klf_status klf_h5_access(const klf_h5_file *file, hid_t *access)
{
    klf_status st = KLF_OK;
    KLF_H5(file, *access = H5Pcreate(H5P_FILE_ACCESS));
    /* The format of 1.8 has room for long attributes, but only that of 1.10 has checksums in all metadata of numbers, and no
     * index of some kilobytes beside every small variable in a chunk. */
    KLF_H5(file, H5Pset_libver_bounds(*access, H5F_LIBVER_V110, H5F_LIBVER_LATEST));
    KLF_H5(file, H5Pset_fclose_degree(*access, H5F_CLOSE_STRONG));
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
    /* Cluster file systems often have no locks: use them where they work, go on where they do not. */
    KLF_H5(file, H5Pset_file_locking(*access, true, true));
#endif
done:
    return st;
}

/* Only a regular file can be read: HDF5 would wait for ever on a pipe. Gives the system's reasons as they are. */
static klf_status check_readable(const klf_h5_file *file)
{
    struct stat info;
    if (stat(file->path, &info) != 0)
        return klf_fail(KLF_ERR_NOINPUT, "%s cannot be opened: %s", file->name.text, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return klf_fail(KLF_ERR_NOINPUT, "%s is a folder, not a file", file->name.text);
    if (!S_ISREG(info.st_mode))
        return klf_fail(KLF_ERR_DATA, "%s is not a regular file", file->name.text);
    if (access(file->path, R_OK) != 0)
        return klf_fail(KLF_ERR_NOINPUT, "%s cannot be opened: %s", file->name.text, strerror(errno));
    return KLF_OK;
}

klf_status klf_h5_open(const char *path, klf_h5_file *file)
{
    klf_status st = KLF_OK;
    hid_t      access = H5I_INVALID_HID;
    KLF_TRY(klf_h5_begin(path, KLF_ERR_DATA, file));
    KLF_TRY(check_readable(file));
    if (H5Fis_hdf5(path) <= 0) {
        st = klf_fail(KLF_ERR_DATA, "%s is not an HDF5 file", file->name.text);
        goto done;
    }
    KLF_TRY(klf_h5_access(file, &access));
    KLF_H5(file, file->id = H5Fopen(path, H5F_ACC_RDONLY, access));
done:
    klf_h5_release(access);
    return st;
}

void klf_h5_end(klf_h5_file *file)
{
    if (file->silenced)
        H5Eset_auto2(H5E_DEFAULT, file->printer, file->printer_data);
    file->silenced = false;
}

void klf_h5_close(klf_h5_file *file)
{
    klf_h5_release(file->id);
    klf_h5_end(file);
}

void klf_h5_block_shape(size_t rank, const hsize_t *extent, size_t element_bytes, hsize_t *block)
{
    hsize_t bytes = element_bytes;
    for (size_t i = rank; i-- > 0;) {
        hsize_t fits = KLF_H5_BLOCK_BYTES / bytes;
        if (fits < 1)
            fits = 1;
        const hsize_t parts = (extent[i] + fits - 1) / fits;
        block[i] = parts > 1 ? (extent[i] + parts - 1) / parts : extent[i];
        bytes *= block[i];
    }
}

klf_status klf_h5_read_text(const klf_h5_file *file, const char *name, char **text)
{
    klf_status st = KLF_OK;
    hid_t      attribute = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    char      *value = NULL;
    htri_t     there;
    *text = NULL;
    KLF_H5(file, there = H5Aexists(file->id, name));
    if (!there)
        goto done;
    KLF_H5(file, attribute = H5Aopen(file->id, name, H5P_DEFAULT));
    KLF_H5(file, type = H5Aget_type(attribute));
    KLF_H5(file, space = H5Aget_space(attribute));
    if (H5Tis_variable_str(type) <= 0 || H5Sget_simple_extent_npoints(space) != 1)
        goto done;
    KLF_H5(file, H5Aread(attribute, type, &value));
    if (!(*text = strdup(value ? value : "")))
        st = klf_fail(KLF_ERR_MEMORY, "not enough memory to read %s", file->name.text);
done:
    H5free_memory(value);
    klf_h5_release(space);
    klf_h5_release(type);
    klf_h5_release(attribute);
    return st;
}

klf_status klf_h5_read_number(const klf_h5_file *file, const char *name, hid_t type, void *value, bool *found)
{
    klf_status st = KLF_OK;
    hid_t      object = H5I_INVALID_HID, space = H5I_INVALID_HID, stored = H5I_INVALID_HID;
    htri_t     attribute, link;
    *found = false;
    KLF_H5(file, attribute = H5Aexists(file->id, name));
    KLF_H5(file, link = H5Lexists(file->id, name, H5P_DEFAULT));
    if (!attribute && !link)
        goto done;
    KLF_H5(file, object = attribute ? H5Aopen(file->id, name, H5P_DEFAULT) : H5Dopen2(file->id, name, H5P_DEFAULT));
    KLF_H5(file, space = attribute ? H5Aget_space(object) : H5Dget_space(object));
    KLF_H5(file, stored = attribute ? H5Aget_type(object) : H5Dget_type(object));
    const H5T_class_t class = H5Tget_class(stored);
    if ((class != H5T_FLOAT && class != H5T_INTEGER) || H5Sget_simple_extent_npoints(space) != 1) {
        st = klf_fail(KLF_ERR_DATA, "%s: %s is not a single number", file->name.text, name);
        goto done;
    }
    KLF_H5(file, attribute ? H5Aread(object, type, value) : H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value));
    *found = true;
done:
    klf_h5_release(stored);
    klf_h5_release(space);
    klf_h5_release(object);
    return st;
}
