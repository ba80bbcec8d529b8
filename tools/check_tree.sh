#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Rules about the tracked files that no compiler knows. Prints every breach; fails if there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bad=0
# complain RULE: the lines of stdin are breaches of it.
complain() {
    local lines
    lines=$(cat)
    [ -n "$lines" ] || return 0
    printf '%s\n%s\n' "$1" "$lines" | sed '2,$s/^/    /' >&2
    bad=1
}

mapfile -t sources < <(git ls-files '*.c' '*.h' '*.cu' '*.cpp' '*.cmake' '*.sh' '*.py' '*.yaml' '*CMakeLists.txt' .ci/run)
mapfile -t library < <(git ls-files 'host/*.c' 'host/*.h' | grep -v '^host/cli/')

complain "no SPDX line among the first three:" < <(
    for file in "${sources[@]}"; do head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || echo "$file"; done)
complain "more than 500 lines; is it still about one thing?" < <(
    for file in "${sources[@]}"; do awk 'END { if (NR > 500) print FILENAME ": " NR }' "$file"; done)
complain "the path of somebody's machine:" < <(git grep -nIE '(^|[^A-Za-z0-9_.-])/(work|home|root|Users)/' || true)
complain "trailing white space, or a tab where blanks are used:" < <(
    grep -nE '[[:blank:]]$|^	' "${sources[@]}" || true)
complain "left open:" < <(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "${sources[@]}" | grep -v '^tools/check_tree.sh:' || true)
complain "library code prints or ends the program; only host/cli may:" < <(
    [ ${#library[@]} -eq 0 ] || grep -nE '\b(exit|_exit|abort|printf|puts|putchar|perror)\(|[(,] *std(out|err)\b' "${library[@]}" || true)
complain "a kernel is launched past KLF_LAUNCH (kernels/launch.h), so nothing checks it:" < <(
    git grep -nE '<<<[^<]' -- 'kernels/*.cu' 'kernels/*.h' 'kernels/*.c' ':!kernels/launch.h' || true)
version=$(sed -n 's/^project(klflow VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
complain "another version than that of CMakeLists.txt, $version:" < <(
    grep -n '^version:' CITATION.cff | grep -vxE "[0-9]+:version: ${version//./\\.}" || true)
exit $bad
