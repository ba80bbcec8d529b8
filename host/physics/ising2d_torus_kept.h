/* SPDX-License-Identifier: BSD-3-Clause */
/* The spins that the second and later steps keep on a torus: their distribution, and what it costs. */
#ifndef KLFLOW_PHYSICS_ISING2D_TORUS_KEPT_H
#define KLFLOW_PHYSICS_ISING2D_TORUS_KEPT_H

#include "physics/ising2d_rows.h"

/* A torus of `height` rows, and scale with which powers of T stay in the range of numbers. */
typedef struct klf_ising2d_ring_of_rows {
    const klf_ising2d_rows *rows; /* in the order that the step asks for: klf_ising2d_kept_get */
    size_t                  height, threads;
    double                  scale, trace; /* trace of (scale T)^height */
} klf_ising2d_ring_of_rows;

/* What the entropy of the kept spins lacks to ln 2, in nats a kept spin. step >= 2. KLF_ERR_MEMORY. */
klf_status klf_ising2d_torus_kept(const klf_ising2d_ring_of_rows *ring, size_t step, double *deficit);

/* KLF_ERR_USAGE, with a sentence that says what it would take, unless that can be done. */
klf_status klf_ising2d_torus_afford(unsigned length, size_t height, size_t step, size_t threads);

#endif
