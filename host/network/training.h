/* SPDX-License-Identifier: BSD-3-Clause */
/* What a training owns. */
#ifndef KLFLOW_NETWORK_TRAINING_H
#define KLFLOW_NETWORK_TRAINING_H

#include "klflow/train.h"

/* A network of the same shape whose weights are not initialised. *out is NULL on failure. */
klf_status klf_network_like(const klf_network *net, klf_network **out);

/* One more entry of the history. */
klf_status klf_training_append(klf_training *training, const klf_train_epoch *epoch);

#endif
