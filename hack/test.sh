#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test of the project, what can go side by side side by side, and
# ends with the line `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

RESULTS=$O/results
PARTS=(check fuzz lint sanitize helper mutate patches image e2e upstream)
unset MAKEFLAGS MFLAGS MAKELEVEL MULTUS_VERSION FIXES IMAGE # each step is a make of its own

# Kubernetes is the longest pole, so it starts first and the CPU is its; after it
# the clusters mostly wait, one after the other, and leave the CPU to the rest. What
# several parts need is built once, by a step of its own, before them.
declare_steps() {
  step cluster-tool "" plain_make cluster-tool
  step e2e-build cluster-tool engine_make e2e-build
  step programs "" plain_make programs
  step check programs plain_make check
  step multus programs spare plain_make multus
  step images "cluster-tool multus" spare engine_make suite-newest suite-oldest
  step whereabouts "" spare plain_make whereabouts
  step e2e "e2e-build images whereabouts" engine_make test-e2e
  step helper check spare private_make test-helper
  step lint check spare plain_make lint
  step sanitize check spare private_make sanitize
  step patches multus spare private_make test-patches
  step upstream "e2e-build images" engine_make test-upstream
  step image images spare engine_make test-image
  step fuzz check spare plain_make fuzz
  step mutate check spare root_make mutate MUTATE_SAMPLE=20
}

# A part's own count, or "0 1" where it died without one.
part_result() {
  local part=$1 passed=0 failed=0 file=$RESULTS/$1.txt
  if [[ -r $file ]]; then
    read -r passed failed _ <"$file" || true
  fi
  if [[ $failed -eq 0 && (${STEP_STATE[$part]} != passed || $passed -eq 0) ]]; then
    failed=1
  fi
  say "$passed $failed"
}

part_remark() {
  local part=$1
  if [[ ${STEP_STATE[$part]} != passed ]]; then
    say "$(step_why "$part") (log: $LOGS/$part.log)"
  elif [[ ! -r $RESULTS/$part.txt ]]; then
    say "wrote no $RESULTS/$part.txt"
  fi
}

# What of a log names the tests that failed, and their reasons: TAP, cmocka, Go.
FAILURES='^not ok |^\[  (ERROR|FAILED) +\]|^ *--- FAIL|^panic:|^FAILED'
PASSES='^ok |^passed: |^\[ +(RUN|OK) +\]|^ *(=== |--- PASS)'

# Only the end of a long log is shown in many places; the log may be gone later.
show_failures() {
  local log=$LOGS/$1.log found
  [[ -r $log ]] || return 0
  found=$(grep -E -B 2 -A 6 --no-group-separator "$FAILURES" "$log" | grep -Ev "$PASSES" | tail -n 40) || true
  printf '\n%s:\n' "$1"
  sed 's/^/  /' <<<"${found:-$(tail -n 20 "$log")}"
}

report() {
  local part passed failed remark all_passed=0 all_failed=0 failed_parts=()
  printf '\n%-10s %7s %7s %8s\n' part passed failed seconds
  for part in "${PARTS[@]}"; do
    read -r passed failed <<<"$(part_result "$part")"
    remark=$(part_remark "$part")
    printf '%-10s %7d %7d %8d%s\n' "$part" "$passed" "$failed" "${STEP_TOOK[$part]}" "${remark:+  $remark}"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
    [[ $failed -eq 0 ]] || failed_parts+=("$part")
  done
  for part in "${failed_parts[@]}"; do
    show_failures "$part"
  done
  printf '\n%d seconds in all\n%d passed, %d failed\n' "$SECONDS" "$all_passed" "$all_failed"
  [[ $all_failed -eq 0 ]]
}

main() {
  hack/setup.sh build check fuzz helper patches lint e2e
  root_ready "running the tests"
  mkdir -p "$RESULTS"
  rm -f -- "$RESULTS"/*.txt
  declare_steps
  run_steps || true
  give_back
  report
}

main "$@"
