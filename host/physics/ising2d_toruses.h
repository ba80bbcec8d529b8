/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two ways to a torus' relative entropy share. */
#ifndef KLFLOW_PHYSICS_ISING2D_TORUSES_H
#define KLFLOW_PHYSICS_ISING2D_TORUSES_H

#include "klflow/status.h"

#include <stddef.h>

/* KLF_ERR_USAGE, with a sentence, unless a torus with such sides can be decimated n_steps times. */
klf_status klf_ising2d_check_torus(size_t width, size_t height, size_t n_steps);

#endif
