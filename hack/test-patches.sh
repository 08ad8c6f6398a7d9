#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the patches: that each series applies without fuzz, adds what it says
# and no more, and that each commit builds; of the newest version also that its
# tests and all of upstream's pass, of the others upstream's of pkg/server; and
# that hack/apply.sh does all or nothing. One line a test.
# usage: O=DIR CACHE=DIR test-patches.sh
set -euo pipefail
# shellcheck source=hack/patches-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-test-lib.sh"

test_newest() {
  test_code
  test_fixes
  test_apply
  test_drift
  test_suites
  test_fixes_suites
}

test_older() {
  test_commits
  test_suites
}

queue() {
  if [[ $VERSION == "$(newest_version)" ]]; then
    suites_queue tip "$(suites_all tip)"
    suites_queue fixed "$(fixes_packages)"
  else
    suites_queue tip pkg/server
  fi
}

main() {
  local version
  begin
  for version in $(supported_versions | sort -rV); do
    enter "$version"
    prepare
    test_series
    ! tip_is_whole || queue
  done
  suites_start
  for version in $(supported_versions | sort -rV); do
    enter "$version"
    tip_is_whole || continue
    if [[ $version == "$(newest_version)" ]]; then test_newest; else test_older; fi
  done
  printf '%d %d %d\n' "$PASSED" "$FAILED" "$SECONDS" >"$O/results/patches.txt"
  finish
}

main
