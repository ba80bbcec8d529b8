/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that a test of klf_store_check writes and then looks at or damages: results or a network, in the test's folder. */
#ifndef KLFLOW_TESTS_STORE_CHECKED_FILE_H
#define KLFLOW_TESTS_STORE_CHECKED_FILE_H

#include "store/kl_sample.h"
#include "store/scratch.h"

static inline const char *name(void)
{
    return scratch_path("a.h5");
}

static inline void write_kl(size_t wide)
{
    klf_kl_sweep sweep;
    sample_create(1, wide, true, &sweep);
    assert_works(klf_store_write_kl(name(), true, &sweep, &sample_provenance));
    sample_free(&sweep);
}

static inline void write_network(void)
{
    klf_network *net = NULL;
    assert_works(klf_network_draw(6, 3, (size_t[]){120, 80, 2}, 1.5, 0.05, 7, &net));
    assert_works(klf_store_write_network(name(), true, net, &sample_provenance));
    klf_network_destroy(net);
}

#endif
