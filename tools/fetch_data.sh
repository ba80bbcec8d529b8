#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Downloads MNIST and CIFAR-10 for people who have neither. Nothing that is built or tested needs this. A file gets its name once its
# SHA-256 is right, so what lies in the folder is whole; what is there already is checked and left alone.
set -euo pipefail

usage() {
    cat <<EOF2
usage: tools/fetch_data.sh [--mnist] [--cifar10] [FOLDER]
  --mnist    MNIST alone, 12 MB, as FOLDER/mnist
  --cifar10  CIFAR-10 alone (binary version), 162 MB, as FOLDER/cifar10/cifar-10-batches-bin
  FOLDER     where they go [data]
Then: klflow data mnist:FOLDER/mnist, klflow data cifar10:FOLDER/cifar10.
KLFLOW_MNIST_URL and KLFLOW_CIFAR10_URL name other addresses of folders that have the files.
EOF2
}

fail() {
    echo "fetch_data: $*" >&2
    exit 69
}

mnist=false cifar10=false folder=
while [ $# -gt 0 ]; do
    case $1 in
        --mnist) mnist=true ;;
        --cifar10) cifar10=true ;;
        -h | --help) usage; exit 0 ;;
        -*) usage >&2; exit 64 ;;
        *)
            [ -z "$folder" ] || { usage >&2; exit 64; }
            folder=$1
            ;;
    esac
    shift
done
$mnist || $cifar10 || mnist=true cifar10=true
folder=${folder:-data}
command -v sha256sum >/dev/null || fail "sha256sum is missing (Debian: coreutils)"

part=
trap 'if [ -n "$part" ]; then rm -rf "$part"; fi' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# is_whole FILE SHA256
is_whole() {
    [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]
}

# get URL FILE
get() {
    if command -v curl >/dev/null; then
        curl --fail --location --silent --show-error --retry 2 --connect-timeout 30 --output "$2" "$1"
    elif command -v wget >/dev/null; then
        wget --quiet --tries=3 --timeout=30 --output-document="$2" "$1"
    else
        fail "curl or wget is needed to download"
    fi
}

# fetch FILE SHA256 URL...: the first address that has the right file wins.
fetch() {
    local file=$1 sum=$2 url
    shift 2
    if [ -e "$file" ]; then
        is_whole "$file" "$sum" || fail "$file is there, but it is not the published file (another SHA-256); move it away and try again"
        echo "$file is there"
        return
    fi
    part=$file.part
    for url; do
        echo "$file from $url"
        rm -f "$part"
        if ! get "$url" "$part"; then
            echo "fetch_data: no download from $url" >&2
        elif ! is_whole "$part" "$sum"; then
            echo "fetch_data: what $url sent is not the published file (another SHA-256)" >&2
        else
            mv "$part" "$file"
            part=
            return
        fi
    done
    rm -f "$part"
    part=
    fail "$file could not be downloaded"
}

if $mnist; then
    mkdir -p "$folder/mnist"
    addresses=(https://ossci-datasets.s3.amazonaws.com/mnist https://storage.googleapis.com/cvdf-datasets/mnist)
    [ -z "${KLFLOW_MNIST_URL:-}" ] || addresses=("$KLFLOW_MNIST_URL")
    # Sums of files whose MD5 sums are those that torchvision publishes for MNIST.
    while read -r name sum; do
        fetch "$folder/mnist/$name" "$sum" "${addresses[@]/%//$name}"
    done <<'SUMS'
train-images-idx3-ubyte.gz 440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609
train-labels-idx1-ubyte.gz 3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c
t10k-images-idx3-ubyte.gz 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6
t10k-labels-idx1-ubyte.gz f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6
SUMS
fi

if $cifar10; then
    mkdir -p "$folder/cifar10"
    batches=$folder/cifar10/cifar-10-batches-bin archive=$folder/cifar10/cifar-10-binary.tar.gz
    if [ -e "$batches" ]; then
        echo "$batches is there"
    else
        fetch "$archive" c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd \
            "${KLFLOW_CIFAR10_URL:-https://www.cs.toronto.edu/~kriz}/cifar-10-binary.tar.gz"
        part=$batches.part
        rm -rf "$part"
        mkdir "$part"
        tar -xzf "$archive" --no-same-owner -C "$part"
        mv "$part/cifar-10-batches-bin" "$batches"
        rm -rf "$part" "$archive"
        part=
    fi
fi
