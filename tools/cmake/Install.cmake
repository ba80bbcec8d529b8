# SPDX-License-Identifier: BSD-3-Clause
# cmake --install: the program, the library with its headers, and what find_package(klflow) and pkg-config need to use it. The
# library is static, so its users link what it was built with; the tree can be moved as a whole.
include(CMakePackageConfigHelpers)

# KLFLOW_CUDA_LINK=static makes the backend part of the library.
set(klflow_cuda_linked FALSE)
set(klflow_pc_cuda "")
if(KLFLOW_BUILD_CUDA AND KLFLOW_CUDA_LINK STREQUAL "static")
  set(klflow_cuda_linked TRUE)
  set(klflow_pc_cuda "-L${CUDAToolkit_LIBRARY_DIR} -lcublas -lcublasLt -lcudart_static -lrt -lpthread -lstdc++")
endif()

set(klflow_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/klflow)
set(klflow_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS klflow-program RUNTIME)
install(TARGETS klflow EXPORT klflowTargets FILE_SET HEADERS)
install(EXPORT klflowTargets NAMESPACE klflow:: DESTINATION ${klflow_cmake_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/klflowConfig.cmake.in ${PROJECT_BINARY_DIR}/klflowConfig.cmake
  INSTALL_DESTINATION ${klflow_cmake_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/klflowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/klflowConfig.cmake ${PROJECT_BINARY_DIR}/klflowConfigVersion.cmake
  DESTINATION ${klflow_cmake_dir})

# HDF5 by the paths that CMake found: where two flavours are installed, `pkg-config hdf5` may name the other one.
set(klflow_pc_hdf5 ${HDF5_C_HL_LIBRARIES} ${HDF5_C_LIBRARIES})
list(REMOVE_DUPLICATES klflow_pc_hdf5)
list(TRANSFORM klflow_pc_hdf5 REPLACE "^([^/-].*)$" "-l\\1")
list(JOIN klflow_pc_hdf5 " " klflow_pc_hdf5)
file(RELATIVE_PATH klflow_pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" klflow_pc_prefix ${klflow_pc_prefix})
configure_file(${CMAKE_CURRENT_LIST_DIR}/klflow.pc.in ${PROJECT_BINARY_DIR}/klflow.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/klflow.pc DESTINATION ${klflow_pc_dir})

install(PROGRAMS tools/plot.py DESTINATION ${CMAKE_INSTALL_DATADIR}/klflow)
install(DIRECTORY tools/figures DESTINATION ${CMAKE_INSTALL_DATADIR}/klflow FILES_MATCHING PATTERN "*.py")
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/klflow)
install(FILES LICENSE CITATION.cff README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
