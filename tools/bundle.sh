#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a tarball that runs wherever there is a new enough glibc, and on a GPU where there are a driver and CUDA's libraries: the
# program, the CUDA module for all architectures that the toolkit knows, the libraries they need beside them, test programs and the
# benchmark's scripts. Builds in build/bundle; the last line on stdout is the tarball's path. Made for Debian 12.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$top/build/bundle
out=
cuda=ON
architectures=all
options=()
rooms=(core backend conformance gpu) # of tests/: these programs need no file of the source tree
max_bytes=60000000

usage() {
    cat <<EOF
usage: tools/bundle.sh [--output DIR] [--build DIR] [--without-cuda] [--architectures LIST] [-D...]
  --output DIR          where the tarball goes [the build's folder]
  --build DIR           where it is built [build/bundle]
  --without-cuda        a bundle for the CPU, without the module
  --architectures LIST  KLFLOW_CUDA_ARCHITECTURES [all]
  -D...                 more options for CMake
EOF
}

fail() {
    echo "bundle: $*" >&2
    exit 70
}

while [ $# -gt 0 ]; do
    case $1 in
        --output | --build | --architectures)
            [ $# -gt 1 ] || { usage >&2; exit 64; }
            case $1 in
                --output) mkdir -p "$2"; out=$(cd "$2" && pwd) ;;
                --build) mkdir -p "$2"; build=$(cd "$2" && pwd) ;;
                *) architectures=$2 ;;
            esac
            shift ;;
        --without-cuda) cuda=OFF ;;
        -D*) options+=("$1") ;;
        -h | --help) usage; exit 0 ;;
        *) echo "bundle: unknown option $1" >&2; usage >&2; exit 64 ;;
    esac
    shift
done
out=${out:-$build}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "$1 failed (its words are above)"; }
}

# HDF5 goes in as a static library: Debian's shared one needs libcurl, and with it half a distribution, for a file driver that klflow
# does not use. Its compression library goes the same way. RPATH rather than RUNPATH: it holds for what the libraries need, too, and
# no LD_LIBRARY_PATH of a cluster's modules puts others in their place.
static=()
for library in libsz.a libaec.a; do
    path=$(gcc -print-file-name=$library)
    [ "$path" = $library ] || static+=("$path")
done
quietly cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DKLFLOW_TESTS=ON -DKLFLOW_TEST_BACKENDS=OFF -DKLFLOW_LIBMVEC=load \
    -DKLFLOW_CUDA=$cuda -DKLFLOW_CUDA_LINK=module "-DKLFLOW_CUDA_ARCHITECTURES=$architectures" -DHDF5_USE_STATIC_LIBRARIES=ON \
    "-DCMAKE_C_STANDARD_LIBRARIES=${static[*]}" -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "-DCMAKE_INSTALL_RPATH=\$ORIGIN/../lib" \
    -DCMAKE_EXE_LINKER_FLAGS=-Wl,--as-needed,--disable-new-dtags ${options[@]+"${options[@]}"}
targets=(klflow klflow-program)
[ $cuda = OFF ] || targets+=(klflow-cuda)
for room in "${rooms[@]}"; do targets+=("tests/$room/all"); done
quietly ninja -C "$build" "${targets[@]}"

version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
name=klflow-$version-linux-$(uname -m)
[ $cuda = ON ] || name+=-cpu
stage=$build/stage/$name
rm -rf "$build/stage"
mkdir -p "$stage"

# What an installation has, less what is for building on it.
quietly cmake --install "$build" --strip --prefix "$build/stage/installed"
mkdir -p "$stage"/{accept,bin,lib,tests,bench,share/licenses}
mv "$build/stage/installed/bin/klflow" "$stage/bin/klflow-program"
[ $cuda = OFF ] || mv "$build/stage/installed/lib/klflow" "$stage/lib/klflow"
mv "$build/stage/installed/share"/* "$stage/share/"
rm -rf "$build/stage/installed"
for room in "${rooms[@]}"; do
    find "$build/tests/$room" -maxdepth 1 -type f -executable -name 'test_*' -exec cp -t "$stage/tests" {} +
done
for program in "$stage"/tests/*; do # those that compare with CUDA's libraries start only where these are on the loader's path
    ! readelf --dynamic "$program" | grep -qE 'NEEDED.*lib(cu|nv)' || rm "$program"
done
strip "$stage"/tests/*
cp "$top"/tools/bench/*.{py,md} "$stage/bench/"
cp "$top/tools/gpu_accept.sh" "$stage/"
cp "$top"/tools/accept/*.{py,tsv} "$stage/accept/"

# A hundred images, to have an input at hand: Debian's Fashion-MNIST, whose header is rewritten.
images=/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
if [ -r "$images" ]; then
    mkdir "$stage/share/klflow/data"
    { printf '\0\0\010\003\0\0\0\144\0\0\0\034\0\0\0\034'; zcat "$images" | tail -c +17 | head -c $((100 * 784)) || true; } |
        gzip -9n >"$stage/share/klflow/data/fashion-mnist-100.gz"
fi

# The libraries that the programs need, and what is opened by name. Left to the machine: those of glibc, and libgcc_s, which wants a
# glibc as new as the compiler's and is on every system that has one.
libraries_of() {
    ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
        grep -vE '/(lib(c|m|mvec|dl|rt|pthread|gcc_s)\.so\.[0-9]+|ld-linux[^/]*)$' || true
}
openblas=$(gcc -print-file-name=openblas-serial/libopenblas.so.0)
[ -e "$openblas" ] || openblas=$(ldconfig -p | awk '/libopenblas\.so\.0 .*x86-64/ { print $NF; exit }')
[ -n "$openblas" ] || fail "libopenblas.so.0 is not installed; CPUs without AVX-512 need it (tools/install-deps.sh)"
mapfile -t libraries < <(
    libraries_of "$stage/bin/klflow-program" "$stage"/tests/*
    libraries_of "$openblas"
    echo "$openblas")
for library in "${libraries[@]}"; do
    cp -L "$library" "$stage/lib/$(basename "$library")"
    package=$(dpkg-query --search "$(realpath "$library")" 2>/dev/null | cut -d: -f1 | head -n 1) || package=
    [ -z "$package" ] || cp -L "/usr/share/doc/$package/copyright" "$stage/share/licenses/$package"
done
strip --strip-unneeded "$stage"/lib/*.so*

# The oldest glibc that has every symbol asked for; the launcher says so below it.
mapfile -t objects < <(find "$stage"/{bin,tests} -type f; find "$stage/lib" -name '*.so*' -type f)
floor=$(objdump -T "${objects[@]}" 2>/dev/null | grep -oE 'GLIBC_2\.[0-9]+' | sort -V | tail -n 1)
[ -n "$floor" ] || fail "no file of the bundle tells which glibc it needs"
sed "s/@GLIBC_MINOR@/${floor#GLIBC_2.}/" "$top/tools/bundle/launcher.sh" >"$stage/bin/klflow"
chmod +x "$stage/bin/klflow"

tarball=$out/$name.tar.gz
tar -C "$build/stage" --sort=name --owner=0 --group=0 -czf "$tarball" "$name"
bytes=$(stat -c %s "$tarball")
[ "$bytes" -le $max_bytes ] || fail "$tarball has $bytes bytes and should stay below $max_bytes"
echo "bundle: $((bytes / 1000000)) MB, $((${#objects[@]})) programs and libraries, glibc 2.${floor#GLIBC_2.} or later"
echo "$tarball"
