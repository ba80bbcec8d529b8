#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Shows the files that write_sample wrote to ncdump and h5dump: the header is compared with the golden one beside this script,
# h5dump must read all. Usage: check_dumps.sh SAMPLE NETWORK. Exit 77, a skip for CTest, without the tools.
# To renew a golden file after a wanted change: check_dumps.sh --renew SAMPLE NETWORK.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

for tool in ncdump h5dump; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

# What changes from run to run, or with the version, is no part of the schema.
header() {
    ncdump -h "$1" | sed -E -e 's/^netcdf .*/netcdf FILE {/' -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/DATE/g' \
        -e 's/"klflow [0-9.]+[^"]*" ;/"klflow VERSION" ;/'
}

if [ "$1" = --renew ]; then
    header "$2" >"$here/kl_file.cdl"
    header "$3" >"$here/network_file.cdl"
    exit 0
fi
diff -u "$here/kl_file.cdl" <(header "$1")
diff -u "$here/network_file.cdl" <(header "$2")
for file in "$1" "$2"; do
    ncdump "$file" >/dev/null
    h5dump "$file" >/dev/null
done
h5dump -d /kl/kl "$1" | grep -q 'DATASPACE  SIMPLE { ( 3, 1, 2, 2, 2, 5 )'
h5dump -d /provenance/config_text "$1" | grep -q 'var_w: \[1.5, 2, 2.5\]'
