#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# with_python.sh "MODULE ..." SCRIPT [ARGUMENT ...]: runs the script with the first python3 that has the modules, Debian's
# included; 77 (skipped) if there is none.
modules=$(echo "$1" | tr ' ' ',')
shift
for python in python3 /usr/bin/python3; do
    if "$python" -c "import $modules" 2>/dev/null; then
        exec "$python" "$@"
    fi
done
echo "skipped: no python3 with $modules"
exit 77
