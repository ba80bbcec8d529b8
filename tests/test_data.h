/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the real image files are that some tests like to see. A test that finds none skips. KLFLOW_SOURCE_DIR is defined by
 * CMake for the tests that need it. */
#ifndef KLFLOW_TESTS_TEST_DATA_H
#define KLFLOW_TESTS_TEST_DATA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Writes <dir><subdir>/<file>; true if that file can be read. */
static inline bool test_data_at(const char *dir, const char *subdir, const char *file, size_t n, char *path)
{
    const int length = snprintf(path, n, "%s%s/%s", dir, subdir, file);
    FILE     *found = length > 0 && (size_t)length < n ? fopen(path, "rb") : NULL;
    if (found)
        fclose(found);
    return found != NULL;
}

/* Path of a file of MNIST ("train-images-idx3-ubyte.gz", ...): in $KLFLOW_DATA/mnist, else in ../shared/data/mnist beside the
 * source tree. */
static inline bool test_data_mnist(const char *file, size_t n, char *path)
{
    const char *dir = getenv("KLFLOW_DATA");
    return (dir && test_data_at(dir, "/mnist", file, n, path)) ||
           test_data_at(KLFLOW_SOURCE_DIR, "/../shared/data/mnist", file, n, path);
}

/* Path of a batch of CIFAR-10 ("test_batch.bin.gz", ...): in $KLFLOW_DATA/cifar10, else in ../shared/data/cifar10. */
static inline bool test_data_cifar10(const char *file, size_t n, char *path)
{
    const char *dir = getenv("KLFLOW_DATA");
    return (dir && test_data_at(dir, "/cifar10", file, n, path)) ||
           test_data_at(KLFLOW_SOURCE_DIR, "/../shared/data/cifar10", file, n, path);
}

/* As for MNIST, or else the file of that name of Fashion-MNIST (Debian's dataset-fashion-mnist): real images of the same shape.
 */
static inline bool test_data_images(const char *file, size_t n, char *path)
{
    return test_data_mnist(file, n, path) || test_data_at("/usr/share/datasets", "/fashion-mnist", file, n, path);
}

#endif
