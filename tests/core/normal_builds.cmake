# SPDX-License-Identifier: BSD-3-Clause
# The normals have the same bits in every build: normal_fill.c in many of them. Plain objects with their own flags only, because
# klflow's own forbid contraction.
set(normal_builds "")
function(normal_build name)
  add_library(normal_build_${name} OBJECT normal_fill.c)
  target_include_directories(normal_build_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(normal_build_${name} PRIVATE NORMAL_FILL=normal_build_${name})
  target_compile_options(normal_build_${name} PRIVATE ${ARGN})
  set(normal_builds "${normal_builds} BUILD(normal_build_${name})" PARENT_SCOPE)
  target_sources(test_normal_bits PRIVATE $<TARGET_OBJECTS:normal_build_${name}>)
endfunction()

# The same with a compiler other than the project's, where one is installed.
function(normal_build_foreign compiler id)
  find_program(KLFLOW_TEST_${compiler} ${compiler})
  if(NOT KLFLOW_TEST_${compiler} OR CMAKE_C_COMPILER_ID STREQUAL id)
    return()
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/normal_build_${compiler}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${KLFLOW_TEST_${compiler}} -std=c11 -O3 ${native} -ffp-contract=fast -I${PROJECT_SOURCE_DIR}/include
      -DNORMAL_FILL=normal_build_${compiler} -c ${CMAKE_CURRENT_SOURCE_DIR}/normal_fill.c -o ${object}
    DEPENDS normal_fill.c ${PROJECT_SOURCE_DIR}/include/klflow/normal.h)
  target_sources(test_normal_bits PRIVATE ${object})
  set(normal_builds "${normal_builds} BUILD(normal_build_${compiler})" PARENT_SCOPE)
endfunction()

include(CheckCCompilerFlag)
check_c_compiler_flag(-march=native HAVE_MARCH_NATIVE)
set(native $<$<BOOL:${HAVE_MARCH_NATIVE}>:-march=native>)

klflow_test(test_normal_bits)
normal_build(O0 -O0)
normal_build(O3 -O3)
normal_build(native -O3 ${native} -ffp-contract=off)
normal_build(contract -O3 ${native} -ffp-contract=fast)
normal_build_foreign(gcc GNU)
normal_build_foreign(clang Clang)
target_compile_definitions(test_normal_bits PRIVATE "NORMAL_BUILDS=${normal_builds}")
