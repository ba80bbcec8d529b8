#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Starts the program of a bundle where the C library is new enough; where it is not, the dynamic loader would say so in words that
# nobody can act on. bundle.sh puts in what its files need.
floor=@GLIBC_MINOR@
here=$(dirname -- "$(readlink -f -- "$0")")

version=$(getconf GNU_LIBC_VERSION 2>/dev/null) || version=
case $version in
    'glibc 2.'*)
        minor=${version#glibc 2.}
        minor=${minor%%[!0-9]*}
        if [ "${minor:-$floor}" -lt "$floor" ]; then
            echo "klflow: this bundle needs glibc 2.$floor or later (RHEL 9, Debian 12, Ubuntu 22.04) and this machine has 2.$minor;" \
                "run it in a container of a later system, or build klflow from source here" >&2
            exit 69
        fi ;;
    '')
        if ldd --version 2>&1 | grep -qi musl; then
            echo "klflow: this bundle needs glibc 2.$floor or later and this machine has musl; build klflow from source here" >&2
            exit 69
        fi ;;
esac
exec "$here/klflow-program" "$@"
