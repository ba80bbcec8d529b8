/* SPDX-License-Identifier: BSD-3-Clause */
/* Output files that are whole or not there: refusals, races for the name, full disks, signals. Nothing is ever left behind. */
#include "store/output_file.h"

#include "store/kl_sample.h"
#include "store/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Takes the place of the C library's link(), which some file systems cannot do. */
static bool no_links;

int link(const char *from, const char *to)
{
    if (!no_links)
        return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = EPERM;
    return -1;
}

/* Once, where it cannot write a chunk, HDF5 1.10.8 loses a little memory of its own; LeakSanitizer asks this function what to
 * overlook. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static klf_status write_small(const char *path, bool force)
{
    klf_output       out;
    const klf_status st = klf_output_create(path, force, &out);
    if (st != KLF_OK)
        return st;
    scratch_write(out.temporary, "new");
    return klf_output_publish(&out);
}

static void test_new_file(void **state)
{
    (void)state;
    const char  *path = scratch_path("a.h5");
    struct stat  info;
    const mode_t mask = umask(027);
    assert_works(klf_store_check_output(path, false));
    assert_int_equal(scratch_clear(), 0);
    assert_works(write_small(path, false));
    umask(mask);
    scratch_expect(path, "new");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(scratch_clear(), 1);
}

static void test_existing_file(void **state)
{
    (void)state;
    const char *path = scratch_path("a.h5");
    scratch_write(path, "old");
    assert_fails(klf_store_check_output(path, false), KLF_ERR_CREATE, "--force");
    assert_fails(write_small(path, false), KLF_ERR_CREATE, "exists");
    scratch_expect(path, "old");
    assert_works(write_small(path, true));
    scratch_expect(path, "new");
    assert_int_equal(scratch_clear(), 1);
}

static void test_file_appears_meanwhile(void **state)
{
    (void)state;
    const char *path = scratch_path("a.h5");
    for (int without_links = 0; without_links < 2; without_links++) {
        klf_output out;
        no_links = without_links;
        assert_works(klf_output_create(path, false, &out));
        scratch_write(out.temporary, "new");
        scratch_write(path, "theirs");
        assert_fails(klf_output_publish(&out), KLF_ERR_CREATE, "appeared");
        scratch_expect(path, "theirs");
        assert_int_equal(scratch_clear(), 1);
    }
    no_links = false;
}

static void test_file_system_without_links(void **state)
{
    (void)state;
    no_links = true;
    assert_works(write_small(scratch_path("a.h5"), false));
    scratch_expect(scratch_path("a.h5"), "new");
    assert_int_equal(scratch_clear(), 1);
    no_links = false;
}

static void test_folder_vanishes(void **state)
{
    (void)state;
    klf_output out;
    assert_int_equal(mkdir(scratch_path("d"), 0777), 0);
    assert_works(klf_output_create(scratch_path("d/a.h5"), true, &out));
    assert_int_equal(unlink(out.temporary), 0);
    assert_int_equal(rmdir(scratch_path("d")), 0);
    assert_fails(klf_output_publish(&out), KLF_ERR_IO, "No such file");
}

static void test_symbolic_links(void **state)
{
    (void)state;
    struct stat info;
    const char *path = scratch_path("a.h5"), *there = scratch_path("there");
    assert_int_equal(symlink("there", path), 0);
    assert_fails(klf_store_check_output(path, false), KLF_ERR_CREATE, "exists"); /* also one that leads nowhere */
    scratch_write(there, "old");
    assert_works(write_small(path, true));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    scratch_expect(there, "new");
    assert_int_equal(scratch_clear(), 2);
}

static void test_two_at_a_time_and_long_names(void **state)
{
    (void)state;
    klf_output a, b;
    char       name[256] = "";
    memset(name, 'n', 255); /* NAME_MAX */
    assert_works(klf_output_create(scratch_path(name), false, &a));
    assert_works(klf_output_create(scratch_path(name), false, &b));
    assert_string_not_equal(a.temporary, b.temporary);
    klf_output_discard(&a);
    klf_output_discard(&b);
    assert_int_equal(scratch_clear(), 0);
}

static void test_impossible_targets(void **state)
{
    (void)state;
    char too_long[257] = "";
    memset(too_long, 'n', 256);
    scratch_write(scratch_path("file"), "old");
    assert_int_equal(symlink("loop", scratch_path("loop")), 0);
    const struct {
        const char *path, *says;
    } refused[] = {
        {"", "empty"},
        {scratch_path("missing/a.h5"), "No such file or directory"},
        {scratch_path("file/a.h5"), "not a folder"},
        {scratch, "folder"},
        {"/", "folder"},
        {"/dev/null", "not a regular file"},
        {"/proc/a.h5", "cannot create a file in its folder"}, /* nobody can, not even root, but only trying tells */
        {scratch_path(too_long), "File name too long"},
        {scratch_path("loop"), "Too many levels of symbolic links"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_fails(klf_store_check_output(refused[i].path, true), KLF_ERR_CREATE, refused[i].says);
        assert_fails(write_small(refused[i].path, true), KLF_ERR_CREATE, refused[i].says);
    }
    assert_int_equal(scratch_clear(), 2);
}

/* Links to links and to other folders, relative and not, with nothing at their end. */
static void test_links_that_lead_nowhere_yet(void **state)
{
    (void)state;
    struct stat info;
    const char *path = scratch_path("a.h5"), *there = scratch_path("d/there");
    assert_int_equal(mkdir(scratch_path("d"), 0777), 0);
    assert_int_equal(symlink("d/second", path), 0);
    assert_int_equal(symlink("third", scratch_path("d/second")), 0);
    assert_int_equal(symlink(there, scratch_path("d/third")), 0);
    assert_works(klf_store_check_output(path, true));
    assert_int_equal(lstat(there, &info), -1);
    assert_works(write_small(path, true));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    scratch_expect(there, "new");
    unlink(there);
    unlink(scratch_path("d/second"));
    unlink(scratch_path("d/third"));
    assert_int_equal(scratch_clear(), 2);
    assert_int_equal(symlink("gone/there", path), 0);
    assert_fails(klf_store_check_output(path, true), KLF_ERR_CREATE, "No such file or directory");
    assert_int_equal(scratch_clear(), 1);
}

static void test_names_that_a_terminal_would_obey(void **state)
{
    (void)state;
    const char *path = scratch_path("a\x1b[2J.h5");
    scratch_write(path, "old");
    assert_fails(klf_store_check_output(path, false), KLF_ERR_CREATE, "/a?[2J.h5' exists");
    assert_int_equal(scratch_clear(), 1);
}

static void test_signal_handler_removes_temporary(void **state)
{
    (void)state;
    klf_output out;
    assert_false(klf_store_remove_unfinished());
    assert_works(klf_output_create(scratch_path("a.h5"), false, &out));
    assert_true(klf_store_remove_unfinished());
    assert_int_equal(scratch_clear(), 0);
    klf_output_discard(&out);
    assert_false(klf_store_remove_unfinished());
    assert_works(write_small(scratch_path("a.h5"), false));
    assert_false(klf_store_remove_unfinished());
    assert_int_equal(scratch_clear(), 1);
}

/* Files of every size up to the whole are all the disk takes: one sentence, nothing left, nothing printed by HDF5. */
static void test_full_disk(void **state)
{
    (void)state;
    klf_kl_sweep  sweep;
    struct stat   whole;
    struct rlimit before, small;
    const char   *path = scratch_path("a.h5");
    sample_create(1, 100, true, &sweep);
    assert_works(klf_store_write_kl(path, false, &sweep, &sample_provenance));
    assert_int_equal(stat(path, &whole), 0);
    assert_int_equal(scratch_clear(), 1);

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    const rlim_t step = (rlim_t)whole.st_size / 40 + 1;
    for (rlim_t size = 0; size < (rlim_t)whole.st_size; size += step) {
        small.rlim_cur = size;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const klf_status st = klf_store_write_kl(path, false, &sweep, &sample_provenance);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_fails(st, KLF_ERR_IO, "/a.h5' failed: File too large");
        assert_null(strpbrk(klf_last_error(), "(=")); /* nothing of HDF5's insides */
        assert_int_equal(scratch_clear(), 0);
    }
    assert_works(klf_store_write_kl(path, false, &sweep, &sample_provenance));
    assert_int_equal(scratch_clear(), 1);
    sample_free(&sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_file),
        cmocka_unit_test(test_existing_file),
        cmocka_unit_test(test_file_appears_meanwhile),
        cmocka_unit_test(test_file_system_without_links),
        cmocka_unit_test(test_folder_vanishes),
        cmocka_unit_test(test_symbolic_links),
        cmocka_unit_test(test_two_at_a_time_and_long_names),
        cmocka_unit_test(test_impossible_targets),
        cmocka_unit_test(test_links_that_lead_nowhere_yet),
        cmocka_unit_test(test_names_that_a_terminal_would_obey),
        cmocka_unit_test(test_signal_handler_removes_temporary),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
