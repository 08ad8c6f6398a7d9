#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh OUT SECONDS PROGRAM...: runs each libFuzzer program for that long,
# prints what it did, and writes OUT/results/fuzz.txt. What it found new stays
# in OUT/fuzz/NAME.corpus and is where the next run begins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

out=$1 seconds=$2
shift 2
passed=0 failed=0
began=$SECONDS

for program; do
  name=$(basename "$program")
  log=$program.log
  mkdir -p "$program.corpus"
  if "$program" -max_total_time="$seconds" -timeout=10 -max_len=16384 \
    -dict=words.dict -print_final_stats=1 -artifact_prefix="$program." \
    "$program.corpus" seeds >"$log" 2>&1; then
    passed=$((passed + 1))
    printf '%-20s %9d inputs\n' "$name" \
      "$(sed -n 's/^stat::number_of_executed_units: //p' "$log")"
  else
    failed=$((failed + 1))
    tail -n 40 "$log"
    echo "FAILED: $name (log: $log)"
  fi
done

mkdir -p "$out/results"
echo "$passed $failed $((SECONDS - began))" >"$out/results/fuzz.txt"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
