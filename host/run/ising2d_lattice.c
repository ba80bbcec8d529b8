/* SPDX-License-Identifier: BSD-3-Clause */
/* Which cylinders it takes to say as much as possible of the plane: for each step the three largest circumferences that have
 * it. */
#include "run/ising2d_lattice.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { N_USED = 3 };

klf_status klf_ising2d_torus_sides(const char *text, size_t *width, size_t *height)
{
    int end = 0;
    if (text[0] >= '1' && text[0] <= '9' && sscanf(text, "%9zux%9zu%n", width, height, &end) == 2 && text[end] == '\0')
        return KLF_OK;
    return klf_fail(KLF_ERR_USAGE, "a torus has two sides, such as 4x4, not '%s'", text);
}

static size_t smaller_of(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

static size_t cylinder_steps(const klf_ising2d_lattice_request *request)
{
    return smaller_of(request->steps, klf_ising2d_cylinder_steps((size_t)request->cylinder));
}

/* Step n is on circumferences that are multiples of this. */
static size_t unit_of(size_t step)
{
    return (size_t)1 << (step + 1) / 2;
}

/* Of step n, circumferences up to the largest that are fit for extrapolation: 4 and more. */
static size_t count_of(size_t largest, size_t step)
{
    size_t n = largest / unit_of(step);
    return unit_of(step) == 2 && n > 0 ? n - 1 : n;
}

/* It takes two to extrapolate, except for step 1, which is exact. */
static size_t plane_steps(const klf_ising2d_lattice_request *request)
{
    size_t n = smaller_of(request->steps, 1), most = smaller_of(request->steps, KLF_ISING2D_MAX_LATTICE_STEPS);
    while (n < most && count_of((size_t)request->cylinder, n + 1) >= 2)
        n++;
    return n;
}

/* Steps that a smaller cylinder is needed for; 0 if for none. */
static size_t steps_needed(const klf_ising2d_lattice_request *request, size_t circumference)
{
    size_t largest = (size_t)request->cylinder, n = plane_steps(request);
    for (; n >= 2; n--)
        if (circumference >= 4 && circumference % unit_of(n) == 0 && largest / unit_of(n) - circumference / unit_of(n) < N_USED)
            return n;
    return 0;
}

klf_status klf_ising2d_cylinder_request_check(const klf_ising2d_lattice_request *request)
{
    return request->cylinder == 0
               ? KLF_OK
               : klf_ising2d_cylinder_check((size_t)request->cylinder, cylinder_steps(request), request->threads);
}

static size_t torus_steps(const klf_ising2d_lattice_request *request, size_t *width, size_t *height)
{
    *width = *height = 0;
    if (request->torus == NULL || klf_ising2d_torus_sides(request->torus, width, height) != KLF_OK)
        return 0;
    return smaller_of(request->steps, klf_ising2d_torus_steps(*width, *height));
}

klf_status klf_ising2d_torus_request_check(const klf_ising2d_lattice_request *request)
{
    size_t width, height, n = torus_steps(request, &width, &height);
    return request->torus == NULL ? KLF_OK : klf_ising2d_torus_check(width, height, n, request->threads);
}

size_t klf_ising2d_lattice_steps(const klf_ising2d_lattice_request *request)
{
    size_t width, height, n = torus_steps(request, &width, &height);
    if (request->cylinder != 0) {
        n = n > cylinder_steps(request) ? n : cylinder_steps(request);
        n = n > plane_steps(request) ? n : plane_steps(request);
    }
    return n;
}

double klf_ising2d_lattice_bytes(const klf_ising2d_lattice_request *request)
{
    return klf_ising2d_cylinder_bytes((size_t)request->cylinder, cylinder_steps(request), request->threads);
}

static klf_status get_cylinders(const klf_ising2d_lattice_request *request, double coupling, const klf_ising2d_plane *plane,
                                klf_ising2d_lattices *out)
{
    klf_status st = KLF_OK;
    size_t     largest = (size_t)request->cylinder;
    for (size_t l = 4; l < largest; l += 2) {
        size_t n = steps_needed(request, l);
        if (n == 0)
            continue;
        KLF_TRY(klf_ising2d_cylinder_get(coupling, l, n, false, request->threads,
                                         out->n_cylinders > 0 ? &out->cylinder[out->n_cylinders - 1] : NULL,
                                         &out->cylinder[out->n_cylinders]));
        out->n_cylinders++;
    }
    klf_ising2d_cylinder *c = &out->cylinder[out->n_cylinders];
    KLF_TRY(klf_ising2d_cylinder_get(coupling, largest, cylinder_steps(request), true, request->threads,
                                     out->n_cylinders > 0 ? c - 1 : NULL, c));
    out->n_cylinders++;
    out->n_cylinder_steps = c->n_steps;
    for (size_t n = 0; n <= c->n_steps; n++) {
        const klf_ising2d_cylinder_step *step = &c->step[n];
        out->s_cylinder[n] = step->s;
        out->s_cylinder_stderr[n] = step->s_stderr;
        out->s_cylinder_upper[n] = n < 2 ? step->s : step->upper[step->n_rows - 1];
        out->s_cylinder_lower[n] = n < 2 ? step->s : step->lower;
    }
    out->n_plane_steps = plane_steps(request);
    for (size_t n = 0; n <= out->n_plane_steps; n++) {
        klf_ising2d_extrapolation e;
        klf_ising2d_extrapolate(plane, out->n_cylinders, out->cylinder, n, &e);
        out->s_extrapolated[n] = e.s;
        out->s_extrapolated_stderr[n] = e.s_stderr;
    }
done:
    return st;
}

static klf_status get_torus(const klf_ising2d_lattice_request *request, double coupling, klf_ising2d_lattices *out)
{
    size_t width, height, n = torus_steps(request, &width, &height);
    out->n_torus_steps = n;
    out->torus_enumerated = width * height <= KLF_ISING2D_MAX_ENUMERATED;
    return out->torus_enumerated ? klf_ising2d_torus_enumerate(coupling, width, height, n, out->s_torus)
                                 : klf_ising2d_torus(coupling, width, height, n, request->threads, out->s_torus);
}

klf_status klf_ising2d_lattices_get(const klf_ising2d_lattice_request *request, double coupling, const klf_ising2d_plane *plane,
                                    klf_ising2d_lattices *out)
{
    klf_status st = KLF_OK;
    *out = (klf_ising2d_lattices){.n_steps = klf_ising2d_lattice_steps(request)};
    double *curves[] = {out->s_cylinder,     out->s_cylinder_stderr,     out->s_cylinder_upper, out->s_cylinder_lower,
                        out->s_extrapolated, out->s_extrapolated_stderr, out->s_torus};
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        for (size_t n = 0; n <= KLF_ISING2D_MAX_LATTICE_STEPS; n++)
            curves[i][n] = NAN;
    if (request->cylinder != 0) {
        out->cylinder_bytes = klf_ising2d_lattice_bytes(request);
        KLF_TRY(get_cylinders(request, coupling, plane, out));
    }
    if (request->torus != NULL)
        KLF_TRY(get_torus(request, coupling, out));
done:
    return st;
}
