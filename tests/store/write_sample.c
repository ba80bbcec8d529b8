/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the made-up sweep and a small network, for the readers that check_netcdf.py and check_dumps.sh try on them. */
#include "klflow/store.h"
#include "store/kl_sample.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    klf_kl_sweep sweep;
    klf_network *net = NULL;
    klf_status   st = KLF_OK;
    if (argc != 3)
        return KLF_ERR_USAGE;
    sample_create(SAMPLE_MAX_VAR_W, 8, true, &sweep);
    KLF_TRY(klf_store_write_kl(argv[1], true, &sweep, &sample_provenance));
    KLF_TRY(klf_network_draw(6, 3, (size_t[]){5, 4, 2}, 1.5, 0.05, 7, &net));
    KLF_TRY(klf_store_write_network(argv[2], true, net, &sample_provenance));
done:
    if (st != KLF_OK)
        fprintf(stderr, "write_sample: %s\n", klf_last_error());
    klf_network_destroy(net);
    sample_free(&sweep);
    return (int)st;
}
