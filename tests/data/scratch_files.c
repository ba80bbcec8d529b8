/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700 /* nftw */
#include "scratch_files.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char folder[] = "/tmp/klflow-data-XXXXXX";

int make_test_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    return walk->level > 0 ? remove(path) : 0;
}

void clear_test_folder(void)
{
    enum { DESCRIPTORS = 8 };
    assert_int_equal(nftw(folder, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS), 0);
}

int remove_test_folder(void **state)
{
    (void)state;
    clear_test_folder();
    return rmdir(folder);
}

const char *test_folder(void)
{
    return folder;
}

scratch_path scratch(const char *name)
{
    scratch_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", folder, name);
    return path;
}

scratch_path write_file(const char *name, const void *data, size_t n)
{
    scratch_path path = scratch(name);
    char        *slash = strrchr(path.text, '/');
    *slash = '\0';
    mkdir(path.text, 0700); /* it may be there */
    *slash = '/';
    FILE *file = fopen(path.text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return path;
}

size_t gzip_member(const unsigned char *data, size_t n, unsigned char *packed, size_t room)
{
    z_stream stream = {
        .next_in = (unsigned char *)(uintptr_t)data, .avail_in = (uInt)n, .next_out = packed, .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

scratch_path write_gzip(const char *name, const void *data, size_t n)
{
    const size_t   room = n + n / 100 + 1000;
    unsigned char *packed = malloc(room);
    assert_non_null(packed);
    const scratch_path path = write_file(name, packed, gzip_member(data, n, packed, room));
    free(packed);
    return path;
}

void put_big_endian(unsigned char *byte, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        byte[i] = (unsigned char)(value >> (24 - 8 * i));
}

void check_sentence(klf_status status, klf_status expected, size_t n_words, const char *const *words)
{
    const char *sentence = klf_last_error();
    if (status != expected)
        fail_msg("status %d, expected %d; the last sentence is '%s'", (int)status, (int)expected, sentence);
    for (size_t i = 0; i < n_words; i++)
        if (!strstr(sentence, words[i]))
            fail_msg("'%s' does not say '%s'", sentence, words[i]);
}
