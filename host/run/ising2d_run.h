/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `klflow ising2d` shows of the square lattice: its settings, the rules between them, the numbers of one coupling, and
 * the sweep over several. */
#ifndef KLFLOW_RUN_ISING2D_RUN_H
#define KLFLOW_RUN_ISING2D_RUN_H

#include "klflow/ising2d.h"
#include "run/ising2d_lattice.h"
#include "run/sweep.h"

#define KLF_ISING2D_MAX_COUPLING 1e6 /* of |K|: far beyond it the lattice is frozen in every digit */
#define KLF_ISING2D_MAX_ALPHA 1e6

/* What becomes of the couplings that a step generates, (2.38). */
typedef enum klf_ising2d_scheme {
    KLF_ISING2D_ALPHA,          /* (2.43) */
    KLF_ISING2D_MARIS_KADANOFF, /* (2.39): alpha = 3/2 */
    KLF_ISING2D_NAIVE,          /* (2.38b), all others dropped: alpha = 1 */
    KLF_ISING2D_WILSON,         /* K' = 2 K^2 + L, L' = K^2 */
} klf_ising2d_scheme;

/* In the order of the enum; NULL-terminated. */
extern const char *const klf_ising2d_scheme_names[];

typedef struct klf_ising2d_config {
    klf_list_real      coupling;
    double             alpha;
    uint64_t           steps;
    klf_ising2d_scheme scheme;
    bool               alpha_given;
    bool               constants; /* the table of constants, which has no coupling */
    uint64_t           cylinder;  /* circumference; 0: none */
    char              *torus;     /* "4x6"; NULL: none */
    bool               s_only;    /* of a result file: s of (2.50) alone, for sweeps over a great many couplings */
    klf_sweep_output   output;
} klf_ising2d_config;

typedef double klf_ising2d_curve[KLF_ISING2D_MAX_STEPS + 1]; /* indexed by step */
typedef bool   klf_ising2d_marks[KLF_ISING2D_MAX_STEPS + 1];

typedef struct klf_ising2d_result {
    double                  coupling;
    size_t                  n_steps;
    double                  alpha; /* NaN for Wilson's scheme */
    klf_ising2d_curve       k, k0, l, m;
    klf_ising2d_curve       s, s_consistent, z_violation; /* Wilson's scheme has none behind step 0, as K0: NaN */
    klf_ising2d_curve       lower_bound, upper_bound;     /* of the exact s */
    klf_ising2d_marks       below_bound, above_bound, decreasing, negative; /* what s does that the exact one cannot do */
    klf_ising2d_plane       plane;
    klf_ising2d_fixed_point fixed_point;
    klf_ising2d_lattices    lattices;
} klf_ising2d_result;

extern const klf_sweep_kind klf_ising2d_sweep_kind;

/* Of the config's scheme; NaN for Wilson's. */
double klf_ising2d_alpha_of(const klf_ising2d_config *config);

/* Its finite lattices. */
klf_ising2d_lattice_request klf_ising2d_lattices_of(const klf_ising2d_config *config);

/* One coupling. The config has passed the checks of its section, and is none for constants. */
klf_status klf_ising2d_run(const klf_ising2d_config *config, double coupling, klf_ising2d_result *out);

/* The schemes' constants: K_c, alpha*, and the fixed points of alpha*, Maris and Kadanoff, and Wilson. */
typedef struct klf_ising2d_constants {
    double                  k_c_exact, alpha_star;
    klf_ising2d_fixed_point star, maris_kadanoff, wilson;
} klf_ising2d_constants;

klf_ising2d_constants klf_ising2d_constants_get(void);

#endif
