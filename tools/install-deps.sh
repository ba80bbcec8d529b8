#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs the Debian packages that klflow needs (Debian 12 or later, or a derivative), as root or through sudo. Does nothing, and
# says nothing, if they are there. What each library is for: docs/dependencies.md.
set -euo pipefail

build=(gcc libc6-dev cmake ninja-build pkg-config git libhdf5-dev libopenblas0-serial librandom123-dev libfyaml-dev libjansson-dev
       libcminpack-dev zlib1g-dev)
plot=(python3 python3-matplotlib python3-numpy python3-h5py)
data=(dataset-fashion-mnist)
test=(libcmocka-dev clang clang-format clang-tidy libomp-dev libclang-rt-dev hdf5-tools netcdf-bin curl wget python3 python3-h5py
      python3-netcdf4 python3-h5netcdf python3-xarray)
bench=(python3 python3-numpy python3-h5py python3-torch libopenblas0-openmp)

usage() {
    cat <<EOF
usage: tools/install-deps.sh [--plot] [--data] [--test] [--bench] [--dry-run]
  (always)   compiler, CMake and the libraries that klflow is built with and runs on
  --plot     Python with matplotlib and h5py, for klflow plot
  --data     the Fashion-MNIST images of the quickstart
  --test     what the tests, the format check and the fuzzers need
  --bench    the peers that tools/bench compares with
  --dry-run  print what is missing and install nothing
EOF
}

fail() {
    echo "install-deps: $*" >&2
    exit 69
}

packages=("${build[@]}")
dry_run=no
for option in "$@"; do
    case $option in
        --plot) packages+=("${plot[@]}") ;;
        --data) packages+=("${data[@]}") ;;
        --test) packages+=("${test[@]}") ;;
        --bench) packages+=("${bench[@]}") ;;
        --dry-run) dry_run=yes ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install-deps: unknown option $option" >&2; usage >&2; exit 64 ;;
    esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    fail "this is not a Debian system; install the libraries named in docs/dependencies.md with your package manager, then build with cmake --preset release"
fi

# dpkg-query fails if one of the names is unknown to it and still prints the others.
installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p') || true
missing=$(printf '%s\n' "${packages[@]}" | sort -u | grep -vxF -e "$installed") || true
[ -n "$missing" ] || exit 0
mapfile -t missing <<<"$missing"

if [ $dry_run = yes ]; then
    printf '%s\n' "${missing[@]}"
    exit 0
fi

as_root=()
if [ $EUID -ne 0 ]; then
    command -v sudo >/dev/null ||
        fail "installing packages needs root or sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}
# Package lists may be empty or old. Without a network those that are there may still do, so a failure here is not the end.
apt update || true
apt install --no-install-recommends "${missing[@]}" || {
    tail -n 20 "$log" >&2
    fail "apt-get could not install ${missing[*]} (its last words are above)"
}
