/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of somebody else's that uses the installed library: it reads a file that is not there, and hears so. */
#include <klflow/status.h>
#include <klflow/store.h>

#include <stdio.h>

int main(void)
{
    klf_network *net = NULL;
    klf_status   status = klf_store_read_network("no-such-file.h5", &net);
    printf("%d %s\n", (int)status, klf_last_error());
    return status == KLF_ERR_NOINPUT ? 0 : 1;
}
