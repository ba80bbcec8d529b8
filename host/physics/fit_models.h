/* SPDX-License-Identifier: BSD-3-Clause */
/* The curves as the solver sees them. Their parameters are here in a natural form, in which the one that sets the scale of x is
 * positive and has no upper end: the plateau's is the rate -ln b. */
#ifndef KLFLOW_PHYSICS_FIT_MODELS_H
#define KLFLOW_PHYSICS_FIT_MODELS_H

#include "klflow/fit.h"

enum { N_PARAMETERS = KLF_FIT_PARAMETERS, AMPLITUDE = 0, SHAPE = 1 };

/* What it means that the minimum is at an end of a positive parameter's range. */
typedef enum klf_fit_end {
    KLF_FIT_HARMLESS, /* the other parameter keeps its meaning */
    KLF_FIT_LOST,     /* only a combination of the two is determined */
} klf_fit_end;

typedef struct klf_fit_curve_type {
    double (*value)(const double natural[N_PARAMETERS], double x);
    /* Derivatives of the value by the natural parameters. */
    void (*gradient)(const double natural[N_PARAMETERS], double x, double out[N_PARAMETERS]);
    bool linear_amplitude; /* or it is positive as well */
    /* Ends of the ranges, and the part of it worth a scan, in units of 1/x (of 1/x^2 for a positive amplitude): the lower ones
     * of the largest |x|, the upper ones of the smallest that is not 0. Beyond half an end the curve changes by less than 1e-8.
     */
    struct {
        double      low, scan_low, scan_high, high;
        klf_fit_end at_low, at_high;
    } range[N_PARAMETERS];
    bool shape_is_minus_log; /* of the parameter that is reported */
} klf_fit_curve_type;

/* [KLF_FIT_N_MODELS] */
extern const klf_fit_curve_type klf_fit_curve_types[];

/* From the natural to the reported parameters, and the derivatives of these by those. */
void klf_fit_report(const klf_fit_curve_type *type, const double natural[N_PARAMETERS], double value[N_PARAMETERS],
                    double derivative[N_PARAMETERS]);
/* And back, for one parameter. */
double klf_fit_natural(const klf_fit_curve_type *type, size_t parameter, double value);

#endif
