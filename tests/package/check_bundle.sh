#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a bundle, unpacks it in an empty folder and runs it with an empty environment: nothing of it comes from elsewhere but glibc's
# libraries, its results are those of the build, and it says why it cannot use a GPU. As root also where there is nothing else at all.
#     check_bundle.sh BUILD_DIR with-cuda|without-cuda
set -euo pipefail
build=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
options=(--build "$build/bundle" --architectures default)
[ "$2" = with-cuda ] || options+=(--without-cuda)
launcher=$(sed -n 's/^CMAKE_C_COMPILER_LAUNCHER:[^=]*=//p' "$build/CMakeCache.txt")
[ -z "$launcher" ] || options+=("-DCMAKE_C_COMPILER_LAUNCHER=$launcher" "-DCMAKE_CXX_COMPILER_LAUNCHER=$launcher")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "check_bundle: $*" >&2
    exit 1
}

made=$("$here/../../tools/bundle.sh" "${options[@]}")
echo "$made"
tarball=${made##*$'\n'}
tar -C "$work" -xzf "$tarball"
cd "$work"/klflow-*

echo "== files and the libraries they find"
[ "$2" = without-cuda ] || test -s lib/klflow/klflow-cuda.so
family='lib(c|m|mvec|dl|rt|pthread|gcc_s)\.so\.[0-9]+|ld-linux\S*'
for name in $(readelf --dynamic --wide lib/*.so* | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u | grep -vxE "$family"); do
    test -s "lib/$name" || fail "a library needs $name, which is not there"
done
outside=$(env -i ldd bin/klflow-program tests/* | awk '$2 == "=>" && ($3 == "not" || index($3, "/") == 1) { print $1, $3 }' | sort -u |
    grep -vF "$PWD/" | grep -vE "^($family) /(usr/)?lib" || true)
[ -z "$outside" ] || fail "needed from outside the bundle: $outside"
! grep -qF -e "$build" -e "$here" -r bin lib tests || fail "a file tells where it was built"
grep -qx 'floor=3[0-4]' bin/klflow || fail "the bundle wants a newer glibc than 2.34, which RHEL 9 has: $(grep -x 'floor=.*' bin/klflow)"

echo "== a run"
run=(kl --widths 60,40,10 --q0 0.3 --n-mc 20000 --threads 1 --chunk 256 --quiet)
env -i bin/klflow "${run[@]}" -o bundle.h5 >bundle.txt
env -i "$build/klflow" "${run[@]}" >build.txt
cmp bundle.txt build.txt || fail "another result than the build's"
env -i bin/klflow check bundle.h5
env -i bin/klflow kl --input "mnist:share/klflow/data/fashion-mnist-100.gz:7" --depth 3 --n-mc 100 --quiet >/dev/null
env -i KLFLOW_CPU_KERNELS=openblas bin/klflow "${run[@]}" >/dev/null
for test in test_status test_rng test_normal test_cpu; do
    env -i "tests/$test" >test.txt 2>&1 || { cat test.txt; fail "$test"; }
done

# A driver may be here after all: then there is nothing to refuse.
echo "== what it says of a GPU"
env -i bin/klflow info >info.txt
grep '^backend   cuda' info.txt
if grep -q '^backend   cuda *not usable' info.txt; then
    code=0
    env -i bin/klflow "${run[@]}" --backend cuda 2>said.txt || code=$?
    [ $code = 69 ] && [ "$(wc -l <said.txt)" = 1 ] || fail "asked for cuda it ended with $code: $(cat said.txt)"
    [ "$2" = without-cuda ] || grep -qi driver said.txt || grep -q LD_LIBRARY_PATH said.txt || fail "no word on what is missing: $(cat said.txt)"
    env -i bin/klflow "${run[@]}" --backend auto >auto.txt
    cmp auto.txt build.txt
fi

echo "== below the oldest glibc"
mkdir older
printf '#!/bin/sh\necho glibc 2.28\n' >older/getconf
chmod +x older/getconf
code=0
env -i PATH="$PWD/older:$PATH" bin/klflow --version 2>said.txt || code=$?
cat said.txt
[ $code = 69 ] && grep -q 'glibc 2\.34.*2\.28' said.txt || fail "on glibc 2.28 it ended with $code"

if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
    echo "== nothing but glibc"
    root=$work/root chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
    mkdir -p "$root"/{lib64,lib/x86_64-linux-gnu,proc,tmp,bin}
    cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
    for library in c m dl rt pthread; do cp -L /lib/x86_64-linux-gnu/lib$library.so.? "$root/lib/x86_64-linux-gnu/"; done
    cp -a "$PWD" "$root/klflow"
    enter() { unshare --mount sh -c "mount -t proc proc $root/proc && exec env -i ${kernels:+KLFLOW_CPU_KERNELS=$kernels} $chroot $root /klflow/bin/klflow-program \"\$@\"" sh "$@"; }
    enter "${run[@]}" --backend auto >bare.txt # without libmvec: tanh one by one, the last digits may differ
    python3 - bare.txt build.txt <<'EOF'
import sys
bare, build = ([line.split() for line in open(name) if line.strip()[:1].isdigit()] for name in sys.argv[1:])
assert bare and len(bare) == len(build), (bare, build)
for a, b in zip(bare, build):
    assert all(abs(float(x) - float(y)) <= 2e-5 * max(1, abs(float(y))) for x, y in zip(a[1:], b[1:])), (a, b)
EOF
    cp -L /lib/x86_64-linux-gnu/{libmvec.so.1,libgcc_s.so.1} "$root/lib/x86_64-linux-gnu/"
    enter "${run[@]}" >bare.txt
    cmp bare.txt build.txt || fail "another result where nothing else is installed"
    kernels=openblas enter "${run[@]}" >/dev/null
    [ "$(enter info | grep -c '^library .*/klflow/lib/')" -ge 4 ] || fail "libraries from elsewhere: $(enter info)"
    enter info | grep '^backend'
fi
