#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Formats the tracked C sources in place; with --check only says which are not formatted (CI). The style is that of clang-format 14:
# other versions differ in details.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

format=$(command -v clang-format-14 || command -v clang-format)
case ${1:-} in
    '') arguments=(-i) ;;
    --check) arguments=(--dry-run -Werror) ;;
    *) echo "usage: tools/format.sh [--check]" >&2; exit 64 ;;
esac
git ls-files -z '*.c' '*.h' | xargs -0 "$format" "${arguments[@]}"
