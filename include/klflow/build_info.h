/* SPDX-License-Identifier: BSD-3-Clause */
/** What this library is: its version, and what it was built from and with. Goes into `klflow info` and every result file. */
#ifndef KLFLOW_BUILD_INFO_H
#define KLFLOW_BUILD_INFO_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct klf_build_info {
    const char *version;    /**< "0.1.0" */
    const char *git_commit; /**< 40 hex digits, or "unknown" if not built in a git checkout */
    bool        git_dirty;  /**< the checkout differed from that commit */
    const char *build_type; /**< "Release", "Debug", ... */
    const char *compiler;   /**< "GNU 12.2.0" */
} klf_build_info;

/** Static storage, always whole. */
const klf_build_info *klf_build_info_get(void);

#ifdef __cplusplus
}
#endif
#endif
