/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of data files are those under which the data sets are published, with - or . in them, plain or .gz; EMNIST's have the
 * name of the set before them. Where a file is there both plain and packed, the plain one is taken, as the faster one to read.
 */
#include "data/image_files.h"

#include "core/quote.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char gz[] = ".gz", cifar_folder[] = "cifar-10-batches-bin";

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static char *joined(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char        *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, folder[0] != '\0' && !ends_in(folder, "/") ? "/" : "", name);
    return path;
}

static klf_status no_memory(const char *path)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory for the file names of %s", klf_quoted_path(path).text);
}

/* ---- lists of names ---- */

static klf_status add_owned(klf_image_files *files, char *path, const char *blame)
{
    char **list = path ? realloc(files->image, (files->n + 1) * sizeof *list) : NULL;
    if (!list) {
        free(path);
        return no_memory(blame);
    }
    files->image = list;
    files->image[files->n++] = path;
    return KLF_OK;
}

/* By the first number in them, so that batch 10 comes behind batch 9, then letter by letter. */
static int compare_names(const void *a, const void *b)
{
    const char *const  *x = a, *const *y = b;
    const unsigned long m = strtoul(*x + strcspn(*x, "0123456789"), NULL, 10);
    const unsigned long n = strtoul(*y + strcspn(*y, "0123456789"), NULL, 10);
    return m != n ? (m > n) - (m < n) : strcmp(*x, *y);
}

/* Whether b is a with .gz behind it. */
static bool is_packed_twin(const char *a, const char *b)
{
    const size_t n = strlen(a);
    return strncmp(a, b, n) == 0 && strcmp(b + n, gz) == 0;
}

/* The names in a folder that a function accepts, sorted, each plain or packed but not both. */
static klf_status list_folder(const char *folder, bool (*accept)(const char *name), klf_image_files *names)
{
    klf_status st = KLF_OK;
    DIR       *dir = opendir(folder);
    if (!dir)
        return KLF_OK; /* it cannot be read: nothing is found in it */
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (accept(entry->d_name))
            KLF_TRY(add_owned(names, strdup(entry->d_name), folder));
    if (names->n > 1)
        qsort(names->image, names->n, sizeof *names->image, compare_names);
    size_t n = 0;
    for (size_t i = 0; i < names->n; i++) {
        if (n > 0 && is_packed_twin(names->image[n - 1], names->image[i]))
            free(names->image[i]);
        else
            names->image[n++] = names->image[i];
    }
    names->n = n;
done:
    closedir(dir);
    return st;
}

/* ---- IDX ---- */

/* Where "images-idx3" or "images.idx3" stands in a file's name; NULL if nowhere. */
static const char *find_images_word(const char *name)
{
    const char *found = NULL;
    for (const char *at = name; (at = strstr(at, "images")) != NULL; at++)
        if ((at[6] == '-' || at[6] == '.') && strncmp(at + 7, "idx3", 4) == 0)
            found = at;
    return found;
}

static bool is_training_images(const char *name)
{
    const char  *word = find_images_word(name), *train = "train-";
    const size_t n = strlen(train);
    return word && word >= name + n && strncmp(word - n, train, n) == 0 &&
           (ends_in(name, "-ubyte") || ends_in(name, "-ubyte.gz"));
}

char *klf_labels_name(const char *images)
{
    const char  *slash = strrchr(images, '/'), *word = find_images_word(slash ? slash + 1 : images);
    const size_t size = strlen(images) + 1; /* of both: the words are of the same length */
    char        *name = word ? malloc(size) : NULL;
    if (name)
        snprintf(name, size, "%.*slabels%cidx1%s", (int)(word - images), images, word[6], word + 11);
    return name;
}

/* The same name with .gz behind it or, if it has that, without. */
static char *other_packing(const char *name)
{
    const size_t n = strlen(name);
    char        *other = malloc(n + sizeof gz);
    if (other && ends_in(name, gz))
        snprintf(other, n + sizeof gz, "%.*s", (int)(n - strlen(gz)), name);
    else if (other)
        snprintf(other, n + sizeof gz, "%s%s", name, gz);
    return other;
}

/* One of the two files may be packed and the other not. */
static klf_status find_labels(klf_image_files *files)
{
    char *name = klf_labels_name(files->image[0]), *other = name ? other_packing(name) : NULL;
    if (name && access(name, F_OK) == 0) {
        files->labels = name;
        name = NULL;
    } else if (other && access(other, F_OK) == 0) {
        files->labels = other;
        other = NULL;
    }
    free(name);
    free(other);
    return KLF_OK;
}

static klf_status find_idx(const char *path, klf_image_files *files)
{
    klf_status      st = KLF_OK;
    klf_image_files names = {0};
    if (is_folder(path)) {
        KLF_TRY(list_folder(path, is_training_images, &names));
        if (names.n == 0) {
            st = klf_fail(KLF_ERR_NOINPUT,
                          "%s is a folder without training images: expected a file ...train-images-idx3-ubyte or .gz in it",
                          klf_quoted_path(path).text);
            goto done;
        }
        if (names.n > 1) {
            st = klf_fail(
                KLF_ERR_USAGE, "%s has %zu sets of training images, %s and %s among them: name the file that is meant",
                klf_quoted_path(path).text, names.n, klf_quoted(names.image[0]).text, klf_quoted(names.image[1]).text);
            goto done;
        }
        KLF_TRY(add_owned(files, joined(path, names.image[0]), path));
    } else {
        KLF_TRY(add_owned(files, strdup(path), path));
    }
    KLF_TRY(find_labels(files));
done:
    klf_image_files_free(&names);
    return st;
}

/* ---- CIFAR-10 ---- */

static bool is_training_batch(const char *name)
{
    static const char begin[] = "data_batch_";
    if (strncmp(name, begin, strlen(begin)) != 0 || !isdigit((unsigned char)name[strlen(begin)]))
        return false;
    const char *rest = name + strlen(begin);
    rest += strspn(rest, "0123456789");
    return strcmp(rest, ".bin") == 0 || strcmp(rest, ".bin.gz") == 0;
}

static bool is_test_batch(const char *name)
{
    return strcmp(name, "test_batch.bin") == 0 || strcmp(name, "test_batch.bin.gz") == 0;
}

static bool is_pickled_batch(const char *name)
{
    return strcmp(name, "data_batch_1") == 0 || strcmp(name, "cifar-10-batches-py") == 0;
}

/* Adds the batches of a folder, the test batch last. */
static klf_status list_batches(const char *folder, klf_image_files *files)
{
    klf_status      st = KLF_OK;
    klf_image_files names = {0};
    KLF_TRY(list_folder(folder, is_training_batch, &names));
    for (size_t i = 0; i < names.n; i++)
        KLF_TRY(add_owned(files, joined(folder, names.image[i]), folder));
    klf_image_files_free(&names);
    KLF_TRY(list_folder(folder, is_test_batch, &names));
    for (size_t i = 0; i < names.n; i++)
        KLF_TRY(add_owned(files, joined(folder, names.image[i]), folder));
done:
    klf_image_files_free(&names);
    return st;
}

static klf_status find_in_cifar_folder(const char *path, klf_image_files *files)
{
    klf_status      st = KLF_OK;
    klf_image_files pickled = {0};
    char           *below = joined(path, cifar_folder);
    if (!below)
        return no_memory(path);
    KLF_TRY(list_batches(path, files));
    if (files->n == 0)
        KLF_TRY(list_batches(below, files));
    if (files->n > 0)
        goto done;
    KLF_TRY(list_folder(path, is_pickled_batch, &pickled));
    st = klf_fail(KLF_ERR_NOINPUT,
                  "%s is a folder without batches of CIFAR-10: expected data_batch_1.bin, ... or .bin.gz in it%s",
                  klf_quoted_path(path).text,
                  pickled.n > 0 ? ", found the Python version; get the binary one, cifar-10-binary.tar.gz" : "");
done:
    klf_image_files_free(&pickled);
    free(below);
    return st;
}

/* Files with commas between. */
static klf_status split_list(const char *list, klf_image_files *files)
{
    klf_status st = KLF_OK;
    for (const char *at = list;; at++) {
        const size_t n = strcspn(at, ",");
        if (n == 0) {
            st = klf_fail(KLF_ERR_USAGE, "a file name is missing in the list %s", klf_quoted_path(list).text);
            goto done;
        }
        KLF_TRY(add_owned(files, strndup(at, n), list));
        at += n;
        if (*at == '\0')
            break;
    }
done:
    return st;
}

static klf_status find_cifar10(const char *path, klf_image_files *files)
{
    if (is_folder(path))
        return find_in_cifar_folder(path, files);
    return access(path, F_OK) == 0 ? add_owned(files, strdup(path), path) : split_list(path, files);
}

/* ---- both ---- */

klf_status klf_image_files_find(const klf_image_spec *spec, klf_image_files *out)
{
    *out = (klf_image_files){0};
    const bool cifar = spec->kind == KLF_IMAGES_CIFAR10 || spec->kind == KLF_IMAGES_CIFAR10_32;
    klf_status st = cifar ? find_cifar10(spec->path, out) : find_idx(spec->path, out);
    if (st != KLF_OK)
        klf_image_files_free(out);
    return st;
}

void klf_image_files_free(klf_image_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->image[i]);
    free(files->image);
    free(files->labels);
    *files = (klf_image_files){0};
}

klf_status klf_image_files_guess_kind(const char *path, klf_image_kind *kind)
{
    klf_status      st = KLF_OK;
    klf_image_files files = {0};
    *kind = !is_folder(path) && (ends_in(path, ".bin") || ends_in(path, ".bin.gz")) ? KLF_IMAGES_CIFAR10 : KLF_IMAGES_IDX;
    if (!is_folder(path))
        return KLF_OK;
    KLF_TRY(list_folder(path, is_training_images, &files));
    if (files.n > 0)
        goto done;
    *kind = KLF_IMAGES_CIFAR10;
    if (find_in_cifar_folder(path, &files) == KLF_OK)
        goto done;
    st = klf_fail(KLF_ERR_NOINPUT,
                  "%s is a folder without a data set: expected ...train-images-idx3-ubyte or data_batch_1.bin, ... in it, "
                  "plain or .gz",
                  klf_quoted_path(path).text);
done:
    klf_image_files_free(&files);
    return st;
}
