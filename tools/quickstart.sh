#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From nothing to a first result: installs what is missing (Debian; root or sudo), builds klflow and runs configs/quickstart.yaml.
# Prints a table and leaves results/quickstart.h5, .png and .svg. The image is MNIST's where there is one, else Debian's Fashion-MNIST.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mnist=${KLFLOW_DATA:-}/mnist/train-images-idx3-ubyte.gz

usage() {
    cat <<EOF
usage: tools/quickstart.sh [--input mnist:FILE:INDEX]
  --input  the image that fixes the variances of layer 0; else number 49983 of \$KLFLOW_DATA/mnist/train-images-idx3-ubyte.gz,
           the image of the paper's runs, where that file exists; else number 12 of Debian's dataset-fashion-mnist
EOF
}

input=
case $#:${1:-} in
    0:) ;;
    2:--input) input=$2 ;;
    1:--help | 1:-h) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
esac
if [ -z "$input" ] && [ -r "$mnist" ]; then
    input=mnist:$mnist:49983
fi

packages=(--plot)
[ -n "$input" ] || packages+=(--data)
"$top/tools/install-deps.sh" "${packages[@]}"

build=$top/build/release
echo "quickstart: building in ${build#"$PWD/"}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ cmake -S "$top" --preset release && cmake --build "$build" -j "$(nproc)"; } >"$log" 2>&1 || {
    cat "$log" >&2
    echo "quickstart: the build failed" >&2
    exit 70
}

results=$top/results
mkdir -p "$results"
run=("$build/klflow" run "$top/configs/quickstart.yaml" --force --set "output=$results/quickstart.h5" --set "plot=$results/quickstart.png")
[ -z "$input" ] || run+=(--set "input=$input")
"${run[@]}"
"$build/klflow" plot "$results/quickstart.h5" --force -o "$results/quickstart.svg"
echo "quickstart: wrote quickstart.h5, quickstart.png and quickstart.svg in ${results#"$PWD/"}"
