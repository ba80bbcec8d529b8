/* SPDX-License-Identifier: BSD-3-Clause */
/* A run that goes on from a checkpoint; klf_run_restore in kl_state.h hands out what the checkpoint has. */
#ifndef KLFLOW_RUN_KL_RESUME_H
#define KLFLOW_RUN_KL_RESUME_H

#include "run/kl_setup.h"

/* Reads setup->checkpoint into setup->resume and sees that it is of the same config: KLF_ERR_USAGE if not. */
klf_status klf_kl_resume_open(klf_kl_setup *setup);

/* Samples that it has, summed over passes. */
double klf_kl_resume_samples(const klf_kl_setup *setup);

#endif
