/* SPDX-License-Identifier: BSD-3-Clause */
/* An HDF5 library of another version than klflow was built with is a sentence, not an abort deep inside HDF5. */
#include "klflow/store.h"
#include "store/scratch.h"

#include <stdlib.h>

#include <hdf5.h>

/* Takes the place of the library's own. */
herr_t H5get_libversion(unsigned *majnum, unsigned *minnum, unsigned *relnum)
{
    *majnum = 1;
    *minnum = 99;
    *relnum = 7;
    return 0;
}

static void test_other_version(void **state)
{
    (void)state;
    char         version[16], *summary = NULL;
    klf_network *net = NULL;
    unsetenv("HDF5_DISABLE_VERSION_CHECK");
    assert_fails(klf_store_library(version, sizeof version), KLF_ERR_INTERNAL, "1.99.7");
    assert_string_equal(version, "1.99.7");
    assert_fails(klf_store_check("/dev/null", &summary), KLF_ERR_INTERNAL, "HDF5");
    assert_fails(klf_store_read_network("/dev/null", &net), KLF_ERR_INTERNAL, "HDF5");
    const klf_network    none = {0};
    const klf_provenance nothing = {0};
    assert_fails(klf_store_write_network(scratch_path("a.h5"), false, &none, &nothing), KLF_ERR_INTERNAL, "HDF5");
    assert_int_equal(scratch_clear(), 0);
}

static void test_overruled(void **state)
{
    (void)state;
    setenv("HDF5_DISABLE_VERSION_CHECK", "1", 1);
    assert_works(klf_store_library(NULL, 0));
    unsetenv("HDF5_DISABLE_VERSION_CHECK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_other_version), cmocka_unit_test(test_overruled)};
    return cmocka_run_group_tests(tests, scratch_create, scratch_remove);
}
