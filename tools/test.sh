#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing (Debian; root or sudo), builds with warnings as errors and runs the test suite. Arguments go to ctest:
# `tools/test.sh -R store` runs the tests of that name. Tests labelled `long` run with: ctest --test-dir build/ci -L long
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/install-deps.sh --plot --data --test
cmake --preset ci >/dev/null
cmake --build --preset ci -j "$(nproc)" -- --quiet
ctest --preset ci -j "$(nproc)" "$@"
