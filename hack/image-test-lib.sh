# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of the images share. Whoever sources this got CLUSTER_TOOL and
# HELPER_VERSION as arguments.

# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"
# shellcheck source=hack/test-lib.sh
. "$TOP/hack/test-lib.sh"

TOOL=$1 HELPER_VERSION=$2
VERSION=$(newest_version) W=$O/image-test
unset FIXES MULTUS_VERSION IMAGE
# shellcheck source=hack/image-lib.sh
. "$TOP/hack/image-lib.sh"

begin() {
  rm -rf -- "$W"
  mkdir -p "$W" "$O/results"
  go_settings
  find_engine || exit 1
}

image() { "$TOP/hack/image.sh" "$TOOL" "$HELPER_VERSION" "${1:-$VERSION}" 2>&1; }

# contents IMAGE: its files in $W/root.
contents() {
  local container
  rm -rf -- "$W/root"
  mkdir "$W/root"
  container=$(engine create "$1" /nothing)
  engine export "$container" | tar -C "$W/root" --exclude='dev/?*' -xf -
  engine rm "$container" >/dev/null
}

# finish RESULT: the last line, and the count for `make test`.
finish() {
  printf '%d %d %d\n' "$PASSED" "$FAILED" "$SECONDS" >"$O/results/$1.txt"
  [[ $FAILED -gt 0 ]] || rm -rf -- "$W"
  counted
}
