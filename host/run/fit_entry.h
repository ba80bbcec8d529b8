/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fits of networks and of tables share: settings resolved, one curve with its fit, entries collected. */
#ifndef KLFLOW_RUN_FIT_ENTRY_H
#define KLFLOW_RUN_FIT_ENTRY_H

#include "run/fit_run.h"

/* Arrays for n points; the curve is NaN. */
klf_status klf_fit_entry_create(size_t n, klf_fit_entry *out);
void       klf_fit_entry_free(klf_fit_entry *entry);

/* The values of --hold for that model; NaN: fitted. KLF_ERR_USAGE. */
klf_status klf_fit_held(const klf_list_text *hold, klf_fit_model model, double held[KLF_FIT_PARAMETERS]);

/* Fits the entry's points and fills in its fit and curve, or its refusal: data that cannot be fitted are no failure. An entry
 * without errors is fitted with equal weights whatever is asked for. */
klf_status klf_fit_entry_fit(const double held[KLF_FIT_PARAMETERS], klf_fit_errors errors, klf_fit_entry *entry);

/* Appends the entry, which is then the result's, also on failure. */
klf_status klf_fit_result_add(klf_fit_result *result, klf_fit_entry *entry);

#endif
