#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# clang-tidy with the checks of .clang-tidy over the C sources of the debug build (there asserts count), or over those named. Not in CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake --preset debug >/dev/null
cmake --build --preset debug --target klflow-revision -- --quiet
if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(git ls-files 'host/*.c' 'tests/*.c' | while read -r file; do
        ! grep -qF "$PWD/$file\"" build/debug/compile_commands.json || echo "$file"; done)
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/debug 2> >(grep -vE '[0-9] warnings? generated' >&2)
