/* SPDX-License-Identifier: BSD-3-Clause */
/* Training in the backend `cpu`: the entries of its table, whose contracts are in klflow/backend.h. */
#ifndef KLFLOW_BACKEND_CPU_TRAIN_H
#define KLFLOW_BACKEND_CPU_TRAIN_H

#include "klflow/backend.h"

size_t     klf_cpu_trainer_bytes(const klf_context *ctx, const klf_trainer_spec *spec);
klf_status klf_cpu_trainer_create(klf_context *ctx, const klf_trainer_spec *spec, klf_trainer **out);
void       klf_cpu_trainer_destroy(klf_trainer *trainer);
klf_status klf_cpu_train_step(klf_trainer *trainer, const klf_batch *batch, klf_score *score);
klf_status klf_cpu_evaluate(klf_trainer *trainer, const klf_batch *batch, klf_score *score);
klf_status klf_cpu_trainer_read(klf_trainer *trainer, klf_network *net, klf_network *velocity);
klf_status klf_cpu_trainer_write(klf_trainer *trainer, const klf_network *net, const klf_network *velocity);

#endif
