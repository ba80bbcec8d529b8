#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# klflow with the CUDA backend linked in (-DKLFLOW_CUDA_LINK=static) instead of a module: it is built, needs no module, computes what
# the other build does, answers for cuda, and is installed and used as that one is.    check_static.sh BUILD_DIR C_COMPILER
set -euo pipefail
build=$1 cc=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
static=$build/static
options=()
while IFS= read -r launcher; do options+=("-D$launcher"); done < <(sed -nE 's/^(CMAKE_(C|CXX|CUDA)_COMPILER_LAUNCHER):[^=]*=(.+)/\1=\3/p' "$build/CMakeCache.txt")

fail() {
    echo "check_static: $*" >&2
    exit 1
}

cmake -S "$here/../.." -B "$static" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKLFLOW_TESTS=OFF -DKLFLOW_WERROR=ON -DKLFLOW_CUDA=ON \
    -DKLFLOW_CUDA_LINK=static -DCMAKE_C_COMPILER="$cc" "${options[@]}" >/dev/null
cmake --build "$static" -- --quiet
[ ! -e "$static/lib/klflow" ] || fail "there is a module"
readelf --dynamic "$static/klflow" | grep -q 'NEEDED.*libcublas\.so' || fail "cuBLAS is not linked"

run=(kl --widths 60,40,10 --q0 0.3 --n-mc 2000 --threads 1 --quiet)
[ "$("$static/klflow" "${run[@]}")" = "$("$build/klflow" "${run[@]}")" ] || fail "another result than the module's build"
export KLFLOW_BACKEND_DIR=/nonexistent # nobody looks there
code=0
said=$("$static/klflow" "${run[@]}" --backend cuda 2>&1) || code=$?
echo "$said"
if [ $code != 0 ]; then # no device here
    [ $code = 69 ] && [ "$(wc -l <<<"$said")" = 1 ] || fail "asked for cuda it ended with $code"
    grep -q 'driver' <<<"$said" || fail "no word on what is missing"
    ! grep -q nonexistent <<<"$said" || fail "it looked for a module"
fi
unset KLFLOW_BACKEND_DIR

# Installed, it has no path to cuBLAS: that is the loader's to find.
LD_LIBRARY_PATH=$(dirname "$(ldd "$static/klflow" | awk '/libcublas\.so/ { print $3 }')")
export LD_LIBRARY_PATH
"$here/check.sh" "$static" "$cc"
