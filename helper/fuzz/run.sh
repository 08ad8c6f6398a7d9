#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM...: runs each libFuzzer program for FUZZ_SECONDS or, where that
# is set, for FUZZ_RUNS inputs, two at a time; prints what each did and writes
# $O/results/fuzz.txt. What one found new stays in PROGRAM.corpus, where its next
# run begins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

statistic() { sed -n "s/^stat::$2: *//p" "$1"; }

# Says how far it came and how to see once more what it found.
fuzz() {
  local program=$1 log=$1.log name=${1##*/} artifact bound seeds=(seeds)
  bound=-max_total_time=${FUZZ_SECONDS:-30}
  [[ -z ${FUZZ_RUNS-} ]] || bound=-runs=$FUZZ_RUNS
  [[ $name != fuzz_config ]] || seeds+=(../common/testdata/config)
  mkdir -p "$program.corpus"
  if "$program" "$bound" -timeout=300 -max_len=16384 -dict=words.dict \
    -print_final_stats=1 -artifact_prefix="$program." \
    "$program.corpus" "${seeds[@]}" >"$log" 2>&1; then
    printf 'passed: %s (%d inputs, %d a second, %s)\n' "$name" \
      "$(statistic "$log" number_of_executed_units)" \
      "$(statistic "$log" average_exec_per_sec)" \
      "$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)"
    return
  fi
  tail -n 40 "$log"
  artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  echo "FAILED: $name (log: $log)${artifact:+; replay: $program $artifact}"
}

main() {
  local passed failed out
  out=$(mktemp)
  # shellcheck disable=SC2064 # this file
  trap "rm -f -- '$out'" EXIT
  export -f fuzz statistic
  # shellcheck disable=SC2016 # for the inner shell to expand
  printf '%s\0' "$@" | xargs -0 -n 1 -P 2 bash -euo pipefail -c 'fuzz "$1"' bash | tee "$out" || true
  passed=$(grep -c '^passed: ' "$out" || true)
  failed=$(($# - passed))
  mkdir -p "$O/results"
  echo "$passed $failed $SECONDS" >"$O/results/fuzz.txt"
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}

main "$@"
