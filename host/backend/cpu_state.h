/* SPDX-License-Identifier: BSD-3-Clause */
/* Context, model and lane of the cpu backend: the entries of its table, whose contracts are in klflow/backend.h. */
#ifndef KLFLOW_BACKEND_CPU_STATE_H
#define KLFLOW_BACKEND_CPU_STATE_H

#include "backend/cpu_kernels.h"
#include "backend/cpu_train_kernels.h"

struct klf_context {
    const klf_cpu_kernels       *kernels; /* [2], indexed by klf_cpu_arithmetic; so are those for training */
    const klf_cpu_train_kernels *train_kernels;
    char                         description[1024];
};

size_t     klf_cpu_model_bytes(const klf_context *ctx, const klf_model_spec *spec);
size_t     klf_cpu_lane_bytes(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows);
klf_status klf_cpu_model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out);
void       klf_cpu_model_destroy(klf_model *model);
klf_status klf_cpu_lane_create(klf_model *model, size_t max_rows, klf_lane **out);
void       klf_cpu_lane_destroy(klf_lane *lane);
klf_status klf_cpu_draw(klf_lane *lane, uint64_t first, size_t rows);
klf_status klf_cpu_forward(klf_lane *lane, size_t layer);
klf_status klf_cpu_gram(klf_lane *lane, size_t layer);
klf_status klf_cpu_collect(klf_lane *lane, size_t layer);
klf_status klf_cpu_finish(klf_lane *lane);
klf_status klf_cpu_phi(klf_lane *lane, double *phi);
klf_status klf_cpu_totals(klf_model *model, size_t layer, klf_layer_totals *out, double *f_j);
klf_status klf_cpu_second_moment(klf_model *model, size_t layer, double *f_jk);
klf_status klf_cpu_save(klf_model *model, size_t layer, klf_layer_sums *sums);
klf_status klf_cpu_restore(klf_model *model, size_t layer, const klf_layer_sums *sums);
klf_status klf_cpu_gram_q(klf_model *model, size_t layer, double *q);

#endif
