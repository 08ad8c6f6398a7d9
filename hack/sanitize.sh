#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The C unit tests, the helper's tests and the sidecar's once more, built with
# AddressSanitizer and UndefinedBehaviorSanitizer, in a build folder of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

sanitized_make() {
  make --no-print-directory O="$O/sanitize" SANITIZE=address,undefined "$1"
}

# No leaks here: who gives up to be dumpable, as multus-credential does at once, is no
# longer LeakSanitizer's to look into; the unit tests look for them. Another status than
# 1, because with that a command says that it failed. And ASan's own limit of core files
# is not to hide the program's.
sanitized_sidecar() {
  cd e2e
  ASAN_OPTIONS=detect_leaks=0:exitcode=99:disable_coredump=0 MDC_BUILD=$O/sanitize \
    go run ./cmd/suite -results "$O/sanitize/results/sidecar.txt" ./sidecar
}

run_part() {
  case $1 in
    check) sanitized_make check ;;
    helper) sanitized_make test-helper ;;
    sidecar) sanitized_sidecar ;; # which runs both programs
  esac
}

main() {
  local part passed failed all_passed=0 all_failed=0 status=0
  rm -f -- "$O"/sanitize/results/*.txt
  for part in check helper sidecar; do
    (run_part "$part") || status=1
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
