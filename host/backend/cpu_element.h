/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise work of the openblas kernel set. cpu_element.c is compiled once for each instruction set (cpu_isa.h); every
 * variant exports one table. */
#ifndef KLFLOW_BACKEND_CPU_ELEMENT_H
#define KLFLOW_BACKEND_CPU_ELEMENT_H

#include "klflow/precision.h"

#include <stddef.h>

/* One row of `width` neurons in place, phi_sum in double.
 * activate: normals -> tanh(mean + sd n);  finish: W phi -> z = W phi + b -> tanh(z); returns the sum of (z - mean)^2 */
typedef struct klf_cpu_element {
    void (*activate_f32)(size_t width, const float *normals, double mean, double sd, float *phi, double *phi_sum);
    void (*activate_f64)(size_t width, const float *normals, double mean, double sd, double *phi, double *phi_sum);
    double (*finish_f32)(size_t width, const float *bias, double mean, float *row, double *phi_sum);
    double (*finish_f64)(size_t width, const double *bias, double mean, double *row, double *phi_sum);
    /* For training. output: W phi -> tanh(W phi + b);  slope: delta *= 1 - phi^2;  step: v += decay w, w -= rate v, after v has
     * become momentum v + gradient */
    void (*output_f32)(size_t width, const float *bias, float *row);
    void (*output_f64)(size_t width, const double *bias, double *row);
    void (*slope_f32)(size_t n, const float *phi, float *delta);
    void (*slope_f64)(size_t n, const double *phi, double *delta);
    void (*step_f32)(size_t n, double rate, double decay, float *velocity, float *weight);
    void (*step_f64)(size_t n, double rate, double decay, double *velocity, double *weight);
    /* Rounds a row to a format; phi_sum, which has the row already, follows. A pass of its own, so that fp32 has no part in it.
     */
    void (*round_f32)(klf_format format, size_t width, float *row, double *phi_sum);
} klf_cpu_element;

extern const klf_cpu_element klf_cpu_element_baseline, klf_cpu_element_avx2, klf_cpu_element_avx512;

#endif
