/* SPDX-License-Identifier: BSD-3-Clause */
/** Exact relative entropies of the square-lattice Ising model under checkerboard decimation, on finite geometries: cylinders of
 *  finite circumference and infinite length, from which the plane is extrapolated, and tori.
 *
 *      -H = K sum over bonds of s s',     step n leaves 2^-n of the sites
 *
 *  Step 1 keeps the sites with x + y even, step 2 those with x and y even, step 3 those of step 2 with (x + y)/2 even, and so
 * on: every second step doubles the distances. s^(n) is (2.5) in units of N ln 2, the scale of klf_ising1d_s, of the marginal
 *  distribution itself and not of an approximate Hamiltonian for it.
 *
 *      double s[5];
 *      st = klf_ising2d_torus(0.5, 8, 8, 4, threads, s);
 *
 *  K is any finite number; its sign does not matter, since even sides allow to turn every second spin. */
#ifndef KLFLOW_ISING2D_LATTICE_H
#define KLFLOW_ISING2D_LATTICE_H

#include "klflow/ising2d.h"
#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KLF_ISING2D_MAX_LATTICE_STEPS = 10,
    KLF_ISING2D_MAX_ENUMERATED = 24, /**< sites of a torus whose states are gone over one by one */
    KLF_ISING2D_MAX_BLOCK_ROWS = 12, /**< kept rows of a block on a cylinder */
};

/** How often a torus can be decimated: twice for each factor of 2 that both sides have. 0 for an odd side. */
size_t klf_ising2d_torus_steps(size_t width, size_t height);

/** KLF_ERR_USAGE unless the sides are even and allow so many steps, and what klf_ising2d_torus does takes some minutes at most
 * and no more memory than there is; the sentence says how much it would take. */
klf_status klf_ising2d_torus_check(size_t width, size_t height, size_t n_steps, size_t threads);

/** s^(0) .. s^(n_steps) of a periodic lattice, exactly: the distribution of the kept spins from products of transfer matrices.
 * s [n_steps + 1], overwritten; absolute errors some 1e-15. A side of 2 has two bonds between the same neighbours.
 *  KLF_ERR_USAGE as klf_ising2d_torus_check, KLF_ERR_MEMORY. */
klf_status klf_ising2d_torus(double k, size_t width, size_t height, size_t n_steps, size_t threads, double *s);

/** The same from definition (2.5) and nothing else, state by state, for width * height <= KLF_ISING2D_MAX_ENUMERATED. */
klf_status klf_ising2d_torus_enumerate(double k, size_t width, size_t height, size_t n_steps, double *s);

/** How often a cylinder can be decimated: twice for each factor of 2 of its circumference. */
size_t klf_ising2d_cylinder_steps(size_t circumference);

/** One step on a cylinder. The entropy rate of the kept rows is bounded from above by the entropy of a kept row that is
 *  conditional on the kept rows before it, and from below if a whole row, decimated spins included, is among the conditions. */
typedef struct klf_ising2d_cylinder_step {
    double s;                                 /**< best value: s_upper less what the decrease with the rows promises */
    double s_stderr;                          /**< estimated error of s */
    double upper[KLF_ISING2D_MAX_BLOCK_ROWS]; /**< upper[m - 1]: bound from blocks of m kept rows; decreasing */
    size_t n_rows;                            /**< of the longest block, the number of values in upper; 0 at steps 0 and 1 */
    double lower;                             /**< bound from below, NaN if not computed */
    size_t lower_rows;                        /**< rows of that block */
    double ratio;                             /**< by which upper - s shrinks with one row more; NaN if nothing tells */
} klf_ising2d_cylinder_step;

/** An infinite cylinder in equilibrium. Entropies in nats, lnZ for K0 = 0. */
typedef struct klf_ising2d_cylinder {
    size_t                    circumference, n_steps;
    double                    lnz_per_site, entropy_per_site, s_inf;
    double                    eta; /**< nearest-neighbour correlation, mean of both directions */
    size_t                    power_iterations;
    double                    residual; /**< of the transfer matrix's eigenvector, |T v - lambda v| / lambda */
    bool                      converged;
    klf_ising2d_cylinder_step step[KLF_ISING2D_MAX_LATTICE_STEPS + 1];
} klf_ising2d_cylinder;

/** Bytes that a cylinder takes at most, by arithmetic. */
double klf_ising2d_cylinder_bytes(size_t circumference, size_t n_steps, size_t threads);

/** KLF_ERR_USAGE unless the circumference is even, allows so many steps, and takes no more memory than there is; the sentence
 * says how much it would take. */
klf_status klf_ising2d_cylinder_check(size_t circumference, size_t n_steps, size_t threads);

/** s^(0) .. s^(n_steps) on an infinite cylinder. s^(1) is exact, the others converge with the rows of a block.
 *  bounds: also compute `lower`. smaller: a smaller cylinder of the same K, or NULL; where this one affords too few rows to
 * tell how fast they converge, the other does, as that hardly depends on the circumference. KLF_ERR_USAGE as
 * klf_ising2d_cylinder_check, KLF_ERR_MEMORY. */
klf_status klf_ising2d_cylinder_get(double k, size_t circumference, size_t n_steps, bool bounds, size_t threads,
                                    const klf_ising2d_cylinder *smaller, klf_ising2d_cylinder *out);

/** A step in the infinite plane, from cylinders of the same K. */
typedef struct klf_ising2d_extrapolation {
    double s;
    double s_stderr; /**< how far the ways to extrapolate are apart, and what the cylinders' own errors make of themselves */
    size_t n_used;   /**< cylinders that entered: 3, or 2 */
} klf_ising2d_extrapolation;

/** s^(step) as a function of what the plane is known exactly for, s^(1) and s^(inf), which a cylinder has as well. cylinder [n]
 * of growing circumference; those of 4 and more that have the step are used, the three largest. NaN if that leaves fewer than
 * two. */
void klf_ising2d_extrapolate(const klf_ising2d_plane *plane, size_t n, const klf_ising2d_cylinder *cylinder, size_t step,
                             klf_ising2d_extrapolation *out);

#ifdef __cplusplus
}
#endif
#endif
