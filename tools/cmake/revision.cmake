# SPDX-License-Identifier: BSD-3-Clause
# Writes OUTPUT, a header with the git commit of SOURCE_DIR; leaves the file alone if it is right. Runs at every build.
set(commit unknown)
set(dirty 0)
if(EXISTS ${SOURCE_DIR}/.git)
  # A checkout of another user's (sudo, containers) is no reason to refuse: nothing of it is executed.
  set(git git -c safe.directory=* -C ${SOURCE_DIR})
  execute_process(COMMAND ${git} rev-parse --verify HEAD
    RESULT_VARIABLE failed OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(commit ${head})
    execute_process(COMMAND ${git} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
    if(changes)
      set(dirty 1)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define KLFLOW_GIT_COMMIT \"${commit}\"\n#define KLFLOW_GIT_DIRTY ${dirty}\n")
