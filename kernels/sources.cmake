# SPDX-License-Identifier: BSD-3-Clause
# What the CUDA backend is made of, for the module, for the static link, and for the emulated build of the tests.
set(klflow_cuda_c_sources
  capture.c
  check.c
  chunk.c
  context.c
  devices.c
  environment.c
  gemm.c
  gram.c
  lane.c
  layout.c
  model.c
  random_bits.c
  rate.c
  read_phi.c
  sums.c
  table.c
)
set(klflow_cuda_module_sources host_link.c) # only where the backend is a module: its klf_fail, and the exported symbol
set(klflow_cuda_cu_sources
  collect.cu
  draw.cu
  gram_sum.cu
  pass.cu
  quadratic.cu
  random_bits.cu
  self_test.cu
  weights.cu
)
foreach(list klflow_cuda_c_sources klflow_cuda_module_sources klflow_cuda_cu_sources)
  list(TRANSFORM ${list} PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
endforeach()
