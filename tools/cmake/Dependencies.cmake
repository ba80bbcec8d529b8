# SPDX-License-Identifier: BSD-3-Clause
# Every library that klflow is built with. docs/dependencies.md says what each is for. Nothing is downloaded here; on Debian
# tools/install-deps.sh installs all of it.
function(klflow_missing what debian)
  message(FATAL_ERROR "klflow needs ${what}, which was not found. On Debian: apt-get install ${debian} (or tools/install-deps.sh, with "
    "--test for the tests' needs too); elsewhere install it and add its prefix to CMAKE_PREFIX_PATH.")
endfunction()

find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  klflow_missing("pkg-config" pkg-config)
endif()

find_package(HDF5 1.10 QUIET COMPONENTS C HL)
if(NOT HDF5_FOUND)
  klflow_missing("HDF5 >= 1.10 with its high-level library (-DHDF5_PREFER_PARALLEL=ON takes a parallel one)" libhdf5-dev)
endif()
# Found by default is the serial flavour. The headers of the parallel one include mpi.h.
if(HDF5_IS_PARALLEL)
  find_package(MPI QUIET COMPONENTS C)
  if(NOT MPI_C_FOUND)
    klflow_missing("the MPI that the HDF5 in ${HDF5_C_INCLUDE_DIRS} was built with (or a serial HDF5: set HDF5_ROOT to it)" libhdf5-dev)
  endif()
endif()

find_package(OpenMP QUIET COMPONENTS C)
if(NOT OpenMP_C_FOUND)
  klflow_missing("a C compiler with OpenMP" "gcc, or libomp-dev for clang")
endif()

find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  klflow_missing("zlib" zlib1g-dev)
endif()

pkg_check_modules(FYAML QUIET IMPORTED_TARGET "libfyaml>=0.7")
if(NOT FYAML_FOUND)
  klflow_missing("libfyaml >= 0.7" libfyaml-dev)
endif()

pkg_check_modules(JANSSON QUIET IMPORTED_TARGET "jansson>=2.9")
if(NOT JANSSON_FOUND)
  klflow_missing("jansson >= 2.9" libjansson-dev)
endif()

pkg_check_modules(CMINPACK QUIET IMPORTED_TARGET "cminpack>=1.3")
if(NOT CMINPACK_FOUND)
  klflow_missing("cminpack >= 1.3" libcminpack-dev)
endif()

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
mark_as_advanced(RANDOM123_INCLUDE_DIR)
if(NOT RANDOM123_INCLUDE_DIR)
  klflow_missing("Random123 (header files)" librandom123-dev)
endif()

message(STATUS "klflow ${PROJECT_VERSION}, ${CMAKE_BUILD_TYPE}: ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, OpenMP ${OpenMP_C_VERSION}, "
  "HDF5 ${HDF5_VERSION}, zlib ${ZLIB_VERSION_STRING}, libfyaml ${FYAML_VERSION}, jansson ${JANSSON_VERSION}, cminpack ${CMINPACK_VERSION}")
