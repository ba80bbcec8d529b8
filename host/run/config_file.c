/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a config file whole, so that its lines can be shown in messages. */
#include "run/yaml_config.h"

#include "core/quote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sweep of a million values fits; a data file given by mistake does not. */
enum { LARGEST_CONFIG = 16 << 20 };

static klf_status read_all(FILE *file, const char *name, char **text, size_t *length)
{
    char  *buffer = NULL;
    size_t size = 0, capacity = 0, got;
    do {
        if (size + 1 >= capacity) {
            capacity = capacity > 0 ? 2 * capacity : 4096;
            char *larger = realloc(buffer, capacity);
            if (larger == NULL) {
                free(buffer);
                return klf_fail(KLF_ERR_MEMORY, "no memory to read %s", name);
            }
            buffer = larger;
        }
        got = fread(buffer + size, 1, capacity - size - 1, file);
        size += got;
    } while (got > 0 && size <= LARGEST_CONFIG);
    buffer[size] = '\0';
    klf_status st = KLF_OK;
    if (ferror(file) && errno == EISDIR)
        st = klf_fail(KLF_ERR_NOINPUT, "%s is a folder, not a file", name);
    else if (ferror(file))
        st = klf_fail(KLF_ERR_NOINPUT, "%s cannot be read: %s", name, strerror(errno));
    else if (size > LARGEST_CONFIG)
        st = klf_fail(KLF_ERR_CONFIG, "%s is larger than %d MiB: this is no config file", name, LARGEST_CONFIG >> 20);
    if (st != KLF_OK) {
        free(buffer);
        return st;
    }
    *text = buffer;
    *length = size;
    return KLF_OK;
}

klf_status klf_read_config_file(const char *path, char **text, size_t *length)
{
    *text = NULL;
    *length = 0;
    const klf_path_quote name = klf_quoted_path(path);
    FILE                *file = fopen(path, "rb");
    if (file == NULL)
        return klf_fail(KLF_ERR_NOINPUT, "%s cannot be opened: %s", name.text, strerror(errno));
    klf_status st = read_all(file, name.text, text, length);
    fclose(file);
    return st;
}
