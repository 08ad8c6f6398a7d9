#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run-unit-tests.sh PART PROGRAM... [-- TAP-COMMAND...]...: runs cmocka programs
# and commands that print TAP, counts their tests, writes the part's results
# file. A program that dies without a report counts as one failure.
set -euo pipefail

part=$1
shift
passed=0 failed=0
began=$SECONDS
out=$(mktemp)
trap 'rm -f -- "$out"' EXIT

# run COMMAND...: TAP on stdout; shown whole only when something failed.
run() {
  local status=0 ok bad
  CMOCKA_MESSAGE_OUTPUT=TAP "$@" >"$out" 2>&1 </dev/null || status=$?
  ok=$(grep -cE '^ok ' "$out" || true)
  bad=$(grep -cE '^not ok ' "$out" || true)
  if [[ $bad -eq 0 && ($status -ne 0 || $ok -eq 0) ]]; then
    bad=1
  fi
  if [[ $bad -gt 0 ]]; then
    cat "$out"
    echo "FAILED: $* (exit status $status)"
  else
    echo "passed: $(basename "$1") ($ok)"
  fi
  passed=$((passed + ok)) failed=$((failed + bad))
}

while [[ $# -gt 0 && $1 != -- ]]; do
  run "$1"
  shift
done
while [[ $# -gt 0 ]]; do
  shift
  command=()
  while [[ $# -gt 0 && $1 != -- ]]; do
    command+=("$1")
    shift
  done
  run "${command[@]}"
done

mkdir -p "$O/results"
echo "$passed $failed $((SECONDS - began))" >"$O/results/$part.txt"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
