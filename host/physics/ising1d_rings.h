/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two ways to a ring's relative entropy share. */
#ifndef KLFLOW_PHYSICS_ISING1D_RINGS_H
#define KLFLOW_PHYSICS_ISING1D_RINGS_H

#include "klflow/status.h"

#include <stddef.h>
#include <stdint.h>

/* KLF_ERR_USAGE, with a sentence, unless a ring of n_spins can be decimated n_steps times. */
klf_status klf_ising1d_check_ring(uint64_t n_spins, size_t n_steps);

#endif
