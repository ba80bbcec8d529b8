/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads all of a file, whatever is in it, so that the checksums speak: HDF5's own of numbers and metadata, ours of text. */
#ifndef KLFLOW_STORE_READ_THROUGH_H
#define KLFLOW_STORE_READ_THROUGH_H

#include "store/hdf5_file.h"

/* KLF_ERR_DATA at the first dataset or attribute that cannot be read or differs from its checksum. */
klf_status klf_h5_read_through(klf_h5_file *file);

#endif
