#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The C unit tests and the helper's tests once more, built with AddressSanitizer
# and UndefinedBehaviorSanitizer, in a build folder of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

sanitized_make() {
  make --no-print-directory O="$O/sanitize" SANITIZE=address,undefined "$1"
}

main() {
  local target part passed failed all_passed=0 all_failed=0 status=0
  rm -f -- "$O"/sanitize/results/*.txt
  for target in check test-helper; do
    part=${target#test-}
    (sanitized_make "$target") || status=1
    passed=0 failed=1
    [[ ! -r $O/sanitize/results/$part.txt ]] ||
      read -r passed failed _ <"$O/sanitize/results/$part.txt"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  done
  mkdir -p "$O/results"
  say "$all_passed $all_failed $SECONDS" >"$O/results/sanitize.txt"
  say "$all_passed passed, $all_failed failed"
  [[ $status -eq 0 && $all_failed -eq 0 ]]
}

main
