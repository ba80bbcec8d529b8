#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The module as a file: it shows one symbol, needs the C library's family and CUDA's large libraries only (its runtime is inside), and
# has no search path of the machine it was built on.    check_module.sh klflow-cuda.so
set -euo pipefail
module=$1

symbols=$(nm --dynamic --defined-only "$module" | awk '{ print $3 }')
if [ "$symbols" != klf_backend_module ]; then
    printf 'exported, where only klf_backend_module should be:\n%s\n' "$symbols" >&2
    exit 1
fi
needed=$(readelf --dynamic --wide "$module" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
others=$(grep -vE '^(lib(c|m|dl|rt|pthread|gcc_s)\.so\.[0-9]+|ld-linux.*|lib(cublas|cublasLt|curand)\.so\.[0-9]+)$' <<<"$needed" || true)
if [ -n "$others" ] || ! grep -q libcublas <<<"$needed"; then
    printf 'needs, beyond the C library and cuBLAS:\n%s\nof all:\n%s\n' "$others" "$needed" >&2
    exit 1
fi
if readelf --dynamic "$module" | grep -E 'R(UN)?PATH'; then
    echo "a module finds its libraries by the loader of the program, not by a path of its own" >&2
    exit 1
fi
