#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The program asks for nothing newer than the bundle's glibc floor. What newer systems give under new names (2.38 has its own
# scanf) is theirs, so this looks where the bundle is made: Debian 12. Vector tanh (_ZGV...) the bundle asks for at run time.
#     check_glibc.sh PROGRAM
set -euo pipefail
floor=2.34
has=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ print $2 }')
if [ "$has" != 2.36 ] || [ "$(uname -m)" != x86_64 ]; then
    echo "skipped: bundles are made with glibc 2.36 on x86-64, here is ${has:-none}"
    exit 77
fi
newer=$(readelf --dyn-syms --wide "$1" |
    awk -v floor=${floor#2.} 'match($0, /[^ ]+@GLIBC_2\.[0-9]+/) { s = substr($0, RSTART, RLENGTH); n = s; sub(/.*GLIBC_2\./, "", n); if (n + 0 > floor && s !~ /^_ZGV/) print s }')
if [ -n "$newer" ]; then
    echo "check_glibc: these want a glibc newer than $floor, which the bundle promises to do with:" >&2
    echo "$newer" >&2
    exit 1
fi
