#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the series of one Multus version: that it applies without fuzz, that it
# adds what it says and no more, that each commit builds, that its tests and
# upstream's pass, and that hack/apply.sh does all or nothing. One line a test.
# usage: O=DIR CACHE=DIR test-patches.sh [VERSION]
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=hack/patches-lib.sh
. "$here/patches-lib.sh"
# shellcheck source=hack/patches-test-series.sh
. "$here/patches-test-series.sh"
# shellcheck source=hack/patches-test-code.sh
. "$here/patches-test-code.sh"
# shellcheck source=hack/patches-test-apply.sh
. "$here/patches-test-apply.sh"

VERSION=${1:-${MULTUS_VERSION:-v4.3.0}}
O=${O:-$TOP/build}
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/multus-delegate-credentials}
export O CACHE
PASSED=0 FAILED=0

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n -- "$@"; fi
}

# check NAME COMMAND…: one test. In the background, because in a condition
# errexit would not end the command at its first failure.
check() {
  local name=$1 status=0
  shift
  ("$@") >"$W/log" 2>&1 &
  wait "$!" || status=$?
  if [[ $status -eq 0 ]]; then
    PASSED=$((PASSED + 1))
    printf 'ok %d - %s\n' $((PASSED + FAILED)) "$name"
    return
  fi
  FAILED=$((FAILED + 1))
  printf 'not ok %d - %s (status %d)\n' $((PASSED + FAILED)) "$name" "$status"
  tail -n 40 "$W/log" | sed 's/^/# /'
}

# fail TEXT…: for use in a test.
fail() {
  printf '%s\n' "$*"
  return 1
}

# same WANT GOT
same() { [[ $1 == "$2" ]] || fail "wanted: $1" $'\n'"got:    $2"; }

# has TEXT PART
has() { [[ $1 == *"$2"* ]] || fail "no \"$2\" in: $1"; }

# The checkouts that the tests work on: stock, and one with the series on top.
prepare() {
  W=$O/patches-test
  rm -rf -- "$W"
  mkdir -p "$W" "$O/results" "$CACHE"
  mapfile -t PATCHES < <(series_patches "$VERSION")
  module_repo "$VERSION" "$W/stock"
  cp -r "$W/stock" "$W/tip"
}

main() {
  need_version "$VERSION"
  go_settings
  prepare
  test_series
  if [[ $(git -C "$W/tip" rev-list --count "$VERSION..HEAD") -eq ${#PATCHES[@]} ]]; then
    test_code
    test_apply
  fi
  printf '%d %d %d\n' "$PASSED" "$FAILED" "$SECONDS" >"$O/results/patches.txt"
  [[ $FAILED -gt 0 ]] || rm -rf -- "$W"
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  [[ $FAILED -eq 0 ]]
}

main
