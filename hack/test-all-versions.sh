#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the series of every version in full, upstream's specs in stock, with the
# fixes and with the series in one run, and ends with a table of what passed.
# usage: O=DIR CACHE=DIR test-all-versions.sh
set -euo pipefail
# shellcheck source=hack/patches-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-test-lib.sh"

test_version() {
  local began=$SECONDS failed=$FAILED
  enter "$1"
  prepare
  test_series
  if tip_is_whole; then
    queue
    suites_start
    test_code
    ! has_fixes "$VERSION" || test_fixes
    test_apply
    check_suites "SPECS lists what passes in stock" specs_listed
    test_suites
    ! has_fixes "$VERSION" || test_fixes_suites
  fi
  row $((FAILED - failed)) $((SECONDS - began)) >>"$O/patches-test/table"
}

queue() {
  suites_queue stock "$(suites_all stock)"
  suites_queue tip "$(suites_all tip)"
  ! has_fixes "$VERSION" || needs_fixes "$VERSION" || suites_queue fixed "$(suites_all fixed)"
}

# What this machine's kernel lacks may pass on another; the list is of what
# passes wherever the project's tests have been run.
specs_listed() {
  echo "not listed, but passed: $(LC_ALL=C comm -13 <(listed stock) <(specs stock passed))"
  same "" "$(LC_ALL=C comm -23 <(listed stock) <(specs stock passed))"
}

# row FAILED SECONDS
row() {
  local fixes=none
  ! has_fixes "$VERSION" || fixes="$(fix_patches "$VERSION" | wc -l), optional"
  ! needs_fixes "$VERSION" || fixes=${fixes/optional/needed}
  printf '| %s | %d | %s | %d / %d | %d | %d | %d |\n' "$VERSION" "${#PATCHES[@]}" "$fixes" \
    "$(specs stock passed | wc -l)" "$(upstreams_passed)" \
    "$(LC_ALL=C comm -23 <(specs stock passed) <(specs tip passed) | wc -l)" "$1" "$2"
}

# Of the specs that pass in stock those that pass in tip.
upstreams_passed() { LC_ALL=C comm -12 <(specs stock passed) <(specs tip passed) | wc -l; }

main() {
  local version
  begin
  for version in $(supported_versions | sort -rV); do
    test_version "$version"
  done
  enter "$(newest_version)"
  test_drift
  echo
  echo "| version | commits | fixes | upstream's specs that pass, stock / patched | lost | tests that failed | seconds |"
  echo "|---|---|---|---|---|---|---|"
  cat "$O/patches-test/table"
  echo
  finish
}

main
