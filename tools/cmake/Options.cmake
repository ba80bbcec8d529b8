# SPDX-License-Identifier: BSD-3-Clause
# What a builder can choose, and the compiler flags that follow for every target.
option(KLFLOW_TESTS "Build the tests" ON)
option(KLFLOW_TEST_BACKENDS "The program knows the backends that are made for tests, too" ${KLFLOW_TESTS})
option(KLFLOW_WERROR "Treat warnings as errors (CI does)" OFF)
option(KLFLOW_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(KLFLOW_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(KLFLOW_LIBMVEC link CACHE STRING "glibc's vector tanh: link, or load at start if it is there (then glibc may be older than 2.35)")
set_property(CACHE KLFLOW_LIBMVEC PROPERTY STRINGS link load)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(klflow_flags INTERFACE)
# No contraction: the normals must have the same bits everywhere, so a product and a sum stay two roundings unless fma is written.
target_compile_options(klflow_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -ffp-contract=off -fno-math-errno)
target_compile_definitions(klflow_flags INTERFACE _POSIX_C_SOURCE=200809L)
if(KLFLOW_WERROR)
  target_compile_options(klflow_flags INTERFACE -Werror)
endif()
if(KLFLOW_SANITIZE)
  target_compile_options(klflow_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>) # instrumented loops need not vectorise
  target_link_options(klflow_flags INTERFACE -fsanitize=address,undefined)
endif()
if(KLFLOW_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "KLFLOW_FUZZ needs clang: libFuzzer is part of it. Take the preset fuzz, or set CMAKE_C_COMPILER to clang.")
  endif()
  target_compile_options(klflow_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(klflow_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
