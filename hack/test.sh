#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every test of the project, what can go side by side side by side, and
# ends with the line `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

export O=${O:-$PWD/build}
LOGS=$O/logs
RESULTS=$O/results
PARTS=(check lint sanitize helper patches e2e)
unset MAKEFLAGS MFLAGS MAKELEVEL # each step is a make of its own

make_step() {
  local name=$1 needs=$2
  shift 2
  step "$name" "$needs" make --no-print-directory "$@"
}

# Upstream's tests and ours leave mounts behind that would spoil each other's
# comparisons: each such step has a mount namespace of its own.
private_step() {
  local name=$1 needs=$2
  shift 2
  step "$name" "$needs" as_root env PATH="$PATH" HOME="$HOME" O="$O" ${CACHE:+CACHE="$CACHE"} \
    unshare --mount --propagation private make --no-print-directory "$@"
}

# Kubernetes is the longest pole, so it starts first. What several parts need is
# built once, by a step of its own, before them.
declare_steps() {
  make_step kubernetes "" e2e-build
  make_step programs "" programs
  make_step check programs check
  make_step multus programs multus
  private_step helper check test-helper
  make_step lint check lint
  private_step sanitize check sanitize
  private_step patches multus test-patches
  make_step e2e "kubernetes multus" test-e2e
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

report() {
  local part passed failed remark all_passed=0 all_failed=0
  printf '\n%-10s %7s %7s %8s\n' part passed failed seconds
  for part in "${PARTS[@]}"; do
    read -r passed failed <<<"$(part_result "$part")"
    remark=$(part_remark "$part")
    printf '%-10s %7d %7d %8d%s\n' "$part" "$passed" "$failed" "${STEP_TOOK[$part]}" "${remark:+  $remark}"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  done
  printf '\n%d seconds in all\n%d passed, %d failed\n' "$SECONDS" "$all_passed" "$all_failed"
  [[ $all_failed -eq 0 ]]
}

# What root wrote here belongs to whoever owns the tree.
give_back() {
  [[ $EUID -ne 0 ]] || return 0
  as_root find "$O" -xdev -user root -exec chown -h "$EUID" {} +
}

main() {
  hack/setup.sh build check helper patches lint e2e
  root_ready "running the tests"
  mkdir -p "$RESULTS"
  rm -f -- "$RESULTS"/*.txt
  declare_steps
  run_steps || true
  give_back
  report
}

main "$@"
