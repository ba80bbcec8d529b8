#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# gpu_accept.sh [--bundle TARBALL|FOLDER] [--steps NAME,...] [FOLDER]: everything of klflow that needs a GPU, in one go of at most
# ten minutes, on a machine that has a driver, the CUDA libraries and nothing of ours but the bundle. Report (report.md,
# report.json, logs/) in FOLDER; without one in $OUT if that is set, else in ./gpu-accept-DEVICE-DATE. Exit status 0: all that could
# run passed, 1: something failed or found no time, 77: no device. What the steps are: docs/gpu.md.
#
#   KLFLOW_ACCEPT_PYTHON    the python for PyTorch (default python3)
#   KLFLOW_ACCEPT_SECONDS   for all steps together (default 570)
#   KLFLOW_ACCEPT_BACKEND   cpu or cuda-emulated instead of cuda, and
#   KLFLOW_ACCEPT_SCALE     small, both to test this script: such a report says nothing of a GPU
set -uo pipefail

usage() {
    sed -n '3,6s/^# //p' "$0"
    exit "$1"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bundle=$here out=${OUT:-} options=()
[ -x "$here/bin/klflow" ] || bundle=$here/..
while [ $# -gt 0 ]; do
    case $1 in
        --bundle) [ $# -ge 2 ] || usage 64; bundle=$2; shift 2 ;;
        --steps) [ $# -ge 2 ] || usage 64; options=(--steps "$2"); shift 2 ;;
        -h | --help) usage 0 ;;
        -*) usage 64 ;;
        *) out=$1; shift ;;
    esac
done

if [ -f "$bundle" ]; then
    unpacked=$(mktemp -d) || exit 73
    trap 'rm -rf "$unpacked"' EXIT
    tar -xf "$bundle" -C "$unpacked" || { echo "gpu_accept: $bundle cannot be unpacked" >&2; exit 66; }
    bundle=$(find "$unpacked" -mindepth 1 -maxdepth 1 -type d | head -n 1)
fi
klflow=$bundle/bin/klflow
if [ ! -x "$klflow" ]; then
    echo "gpu_accept: there is no $klflow; --bundle takes a bundle of tools/bundle.sh, packed or unpacked" >&2
    exit 66
fi

if [ -z "$out" ]; then
    device=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1 | tr -c 'A-Za-z0-9\n' '-')
    out=./gpu-accept-${device:-none}-$(date +%Y%m%d)
fi
mkdir -p "$out/logs" || exit 73
accept=$here/accept

if command -v python3 >/dev/null; then
    python3 -B "$accept/accept.py" --bundle "$bundle" --out "$out" --seconds "${KLFLOW_ACCEPT_SECONDS:-570}" \
        ${options[@]+"${options[@]}"}
    exit $?
fi

# Without Python: what a shell can tell.
backend=${KLFLOW_ACCEPT_BACKEND:-cuda}
timeout 30 "$klflow" info >"$out/logs/info" 2>&1
timeout 30 "$klflow" kl --backend "$backend" --widths 64,64,64 --n-mc 1000 >"$out/logs/self_test" 2>&1
code=$?
{
    printf '# klflow, acceptance without Python\n\nThere is no python3 here, which every step but two needs.\n\n'
    printf '| step | | result |\n|---|---|---|\n'
    while IFS=$'\t' read -r name _ title; do
        case $name in
            devices) echo "| $title | passed | logs/info |" ;;
            self_test) echo "| $title | $([ $code = 0 ] && echo passed || echo FAILED) | status $code, logs/self_test |" ;;
            *) echo "| $title | not run | no python3 |" ;;
        esac
    done <"$accept/steps.tsv"
} >"$out/report.md"
printf '{"backend": "%s", "python": null, "self_test_status": %d, "exit_code": %d}\n' "$backend" "$code" \
    "$([ $code = 69 ] && echo 77 || echo 1)" >"$out/report.json"
echo "gpu_accept: no python3: $out/report.md has only what a shell can tell" >&2
[ $code = 69 ] && exit 77
exit 1
