/* SPDX-License-Identifier: BSD-3-Clause */
/* What this library was built from. CMake passes the version and the compiler; revision.h is written at every build, because
 * the commit changes without a new configure run (tools/cmake/revision.cmake). */
#include "klflow/build_info.h"

#include "revision.h"

const klf_build_info *klf_build_info_get(void)
{
    static const klf_build_info info = {
        .version = KLFLOW_VERSION,
        .git_commit = KLFLOW_GIT_COMMIT,
        .git_dirty = KLFLOW_GIT_DIRTY,
        .build_type = KLFLOW_BUILD_TYPE,
        .compiler = KLFLOW_COMPILER,
    };
    return &info;
}
