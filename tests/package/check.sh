#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs a finished build into a fresh prefix, moves the prefix, and uses what is there: the program, and the library through
# find_package and through pkg-config.    check.sh BUILD_DIR C_COMPILER
set -euo pipefail
build=$1 cc=$2
consumer=$(cd "$(dirname "${BASH_SOURCE[0]}")/consumer" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cmake --install "$build" --prefix "$work/first" >/dev/null
mv first moved

moved/bin/klflow --version
moved/bin/klflow kl --widths 20,10 --n-mc 100 --quiet >/dev/null
for file in share/klflow/plot.py share/klflow/figures/kl_flow.py share/klflow/configs/quickstart.yaml include/klflow/status.h; do
    test -s "moved/$file"
done

cmake -S "$consumer" -B by-cmake -G Ninja -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_C_COMPILER="$cc" >/dev/null
cmake --build by-cmake >/dev/null
by-cmake/consumer

PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name klflow.pc)")
export PKG_CONFIG_PATH
# The flags are a list of words.
# shellcheck disable=SC2046
"$cc" "$consumer/main.c" -o by-pkg-config $(pkg-config --cflags --libs klflow)
./by-pkg-config
