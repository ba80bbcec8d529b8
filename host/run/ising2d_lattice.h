/* SPDX-License-Identifier: BSD-3-Clause */
/* The finite lattices of `klflow ising2d`: one cylinder with the smaller ones from which the plane is extrapolated, and one
 * torus. */
#ifndef KLFLOW_RUN_ISING2D_LATTICE_H
#define KLFLOW_RUN_ISING2D_LATTICE_H

#include "klflow/ising2d_lattice.h"

#include <stdint.h>

enum { KLF_ISING2D_MAX_CYLINDERS = 8 }; /* three of each distance of circumferences, 2, 4 and 8, and then some */

/* What is asked for: 0 and NULL for none. `steps` may be more than the lattices allow. */
typedef struct klf_ising2d_lattice_request {
    uint64_t    steps, cylinder;
    const char *torus; /* "4x6" */
    size_t      threads;
} klf_ising2d_lattice_request;

typedef double klf_ising2d_lattice_curve[KLF_ISING2D_MAX_LATTICE_STEPS + 1]; /* indexed by step; NaN beyond what there is */

typedef struct klf_ising2d_lattices {
    size_t                    n_steps; /* the most of the following three */
    size_t                    n_cylinder_steps, n_plane_steps, n_torus_steps;
    klf_ising2d_lattice_curve s_cylinder, s_cylinder_stderr, s_cylinder_upper, s_cylinder_lower;
    klf_ising2d_lattice_curve s_extrapolated, s_extrapolated_stderr;
    klf_ising2d_lattice_curve s_torus;
    size_t                    n_cylinders;
    klf_ising2d_cylinder      cylinder[KLF_ISING2D_MAX_CYLINDERS]; /* the one that was asked for last */
    double                    cylinder_bytes;
    bool                      torus_enumerated; /* by definition (2.5), not by transfer matrices */
} klf_ising2d_lattices;

/* "4x6", and nothing else. KLF_ERR_USAGE. */
klf_status klf_ising2d_torus_sides(const char *text, size_t *width, size_t *height);

/* KLF_ERR_USAGE if one of the lattices is impossible or takes too much. */
klf_status klf_ising2d_cylinder_request_check(const klf_ising2d_lattice_request *request);
klf_status klf_ising2d_torus_request_check(const klf_ising2d_lattice_request *request);

/* The steps of the longest curve, without computing it; and the bytes that the cylinders take. */
size_t klf_ising2d_lattice_steps(const klf_ising2d_lattice_request *request);
double klf_ising2d_lattice_bytes(const klf_ising2d_lattice_request *request);

/* A request that has passed the checks. */
klf_status klf_ising2d_lattices_get(const klf_ising2d_lattice_request *request, double coupling, const klf_ising2d_plane *plane,
                                    klf_ising2d_lattices *out);

#endif
