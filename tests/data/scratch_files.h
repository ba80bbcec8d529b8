/* SPDX-License-Identifier: BSD-3-Clause */
/* Data files that a test makes, in a folder of its own. */
#ifndef KLFLOW_TESTS_DATA_SCRATCH_FILES_H
#define KLFLOW_TESTS_DATA_SCRATCH_FILES_H

#include "klflow/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct scratch_path {
    char text[512];
} scratch_path;

/* Set-up and tear-down of a group; the latter removes what lies in the folder. */
int make_test_folder(void **state);
int remove_test_folder(void **state);

const char *test_folder(void);

/* The path of a name in the folder, and the same with the file written; a name may have a folder before it, which is made. */
scratch_path scratch(const char *name);
scratch_path write_file(const char *name, const void *data, size_t n);

/* The same as one gzip member. */
scratch_path write_gzip(const char *name, const void *data, size_t n);

/* Removes all files and folders in it. */
void clear_test_folder(void);

/* Packs data as one gzip member at packed; returns its size. */
size_t gzip_member(const unsigned char *data, size_t n, unsigned char *packed, size_t room);

void put_big_endian(unsigned char *byte, uint32_t value);

/* Fails the test unless the status is the expected one and the last error's sentence has all of these words. */
void check_sentence(klf_status status, klf_status expected, size_t n_words, const char *const *words);
#define CHECK_SENTENCE(status, expected, ...)                                                                                  \
    check_sentence(status, expected, sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *),                             \
                   (const char *[]){__VA_ARGS__})

#endif
