# SPDX-License-Identifier: BSD-3-Clause
# Whether the CUDA backend is built, for which devices, and how it is bound to the program: KLFLOW_BUILD_CUDA for everybody else.
# Needs nvcc and the toolkit's libraries, no GPU and no driver.
set(KLFLOW_CUDA AUTO CACHE STRING "The CUDA backend: AUTO (if nvcc is there), ON (an error if it is not) or OFF")
set(KLFLOW_CUDA_LINK module CACHE STRING "module: klflow-cuda.so, loaded when asked for; static: part of the program")
set(KLFLOW_CUDA_ARCHITECTURES default CACHE STRING
  "Devices to make code for: default, all (what the toolkit knows and klflow supports), or a list as of CMAKE_CUDA_ARCHITECTURES")
set_property(CACHE KLFLOW_CUDA PROPERTY STRINGS AUTO ON OFF)
set_property(CACHE KLFLOW_CUDA_LINK PROPERTY STRINGS module static)

set(KLFLOW_BUILD_CUDA FALSE)
set(klflow_oldest_cuda 11.8)

if(NOT KLFLOW_CUDA_LINK MATCHES "^(module|static)$")
  message(FATAL_ERROR "KLFLOW_CUDA_LINK must be module or static, not ${KLFLOW_CUDA_LINK}.")
endif()

# What is missing is an error or a remark.
function(klflow_no_cuda why)
  if(KLFLOW_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA backend: not built, ${why} (KLFLOW_CUDA=AUTO)")
  else()
    message(FATAL_ERROR "KLFLOW_CUDA=${KLFLOW_CUDA}, but ${why}. Put nvcc of CUDA ${klflow_oldest_cuda} or later on PATH, set CUDACXX to it, or "
      "take -DKLFLOW_CUDA=OFF.")
  endif()
endfunction()

# As the bundle has them: every architecture in use that the toolkit still knows, and PTX of the last for those to come.
function(klflow_all_architectures toolkit_version variable)
  if(toolkit_version VERSION_GREATER_EQUAL 13)
    set(${variable} 75-real 80-real 86-real 89-real 90-real 100-real 120 PARENT_SCOPE)
  else()
    set(${variable} 70-real 80-real 86-real 90 PARENT_SCOPE)
  endif()
endfunction()

if(NOT KLFLOW_CUDA)
  message(STATUS "CUDA backend: not built (KLFLOW_CUDA=${KLFLOW_CUDA})")
elseif(KLFLOW_SANITIZE)
  klflow_no_cuda("CUDA's libraries do not run under the sanitizers, which are on")
else()
  include(CheckLanguage)
  check_language(CUDA)
  find_package(CUDAToolkit ${klflow_oldest_cuda} QUIET)
  if(NOT CMAKE_CUDA_COMPILER)
    klflow_no_cuda("no nvcc was found")
  elseif(NOT CUDAToolkit_FOUND)
    klflow_no_cuda("no CUDA toolkit of version ${klflow_oldest_cuda} or later was found")
  elseif(NOT TARGET CUDA::cudart_static OR NOT TARGET CUDA::cublas OR NOT TARGET CUDA::cublasLt)
    klflow_no_cuda("the CUDA toolkit in ${CUDAToolkit_LIBRARY_DIR} has no cudart_static, cublas or cublasLt")
  else()
    # The toolkit's own default is an old device, and `native` fails without a GPU.
    set(klflow_default_architectures 80-real 90)
    if(NOT KLFLOW_CUDA_ARCHITECTURES MATCHES "^(default|all)$")
      set(CMAKE_CUDA_ARCHITECTURES ${KLFLOW_CUDA_ARCHITECTURES})
    elseif(NOT DEFINED CMAKE_CUDA_ARCHITECTURES OR KLFLOW_CUDA_ARCHITECTURES STREQUAL "all")
      set(CMAKE_CUDA_ARCHITECTURES ${klflow_default_architectures})
    endif()
    enable_language(CUDA)
    if(KLFLOW_CUDA_ARCHITECTURES STREQUAL "all")
      klflow_all_architectures(${CMAKE_CUDA_COMPILER_VERSION} CMAKE_CUDA_ARCHITECTURES)
    endif()
    set(CMAKE_CUDA_STANDARD 17)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(CMAKE_CUDA_EXTENSIONS OFF)
    set(KLFLOW_BUILD_CUDA TRUE)
    message(STATUS "CUDA backend: built as ${KLFLOW_CUDA_LINK} with CUDA ${CMAKE_CUDA_COMPILER_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
  endif()
endif()
