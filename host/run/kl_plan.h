/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan of a run that is set up already; klf_kl_plan_make in kl_run.h does both. */
#ifndef KLFLOW_RUN_KL_PLAN_H
#define KLFLOW_RUN_KL_PLAN_H

#include "klflow/kl_run.h"
#include "run/kl_setup.h"

klf_status klf_kl_plan_setup(const klf_kl_setup *setup, klf_kl_plan *plan);

/* KLF_ERR_MEMORY if the machine or the device has less memory than the plan needs. */
klf_status klf_kl_plan_check(const klf_kl_plan *plan);

#endif
