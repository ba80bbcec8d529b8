/* SPDX-License-Identifier: BSD-3-Clause */
/* What the pass needs of sums beyond flow.h. */
#ifndef KLFLOW_NETWORK_FLOW_SUMS_H
#define KLFLOW_NETWORK_FLOW_SUMS_H

#include "klflow/flow.h"

/* What the model of a pass is made for. */
klf_model_spec klf_flow_model_spec(const klf_flow_params *params);

/* The sums of a model whose lanes have finished, after chunks of so many rows. */
klf_status klf_flow_sums_save(const klf_flow_params *params, klf_model *model, size_t chunk, klf_flow_sums **out);
/* Puts them into a new model. */
klf_status klf_flow_sums_restore(const klf_flow_params *params, const klf_flow_sums *sums, klf_model *model);

/* That the sums can be those of this pass: KLF_ERR_DATA if not. */
klf_status klf_flow_sums_check(const klf_flow_params *params, const klf_flow_sums *sums);

#endif
