#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs test programs as root, each in a mount namespace of its own, two at a
# time; prints what was swept, and what failed last, and writes
# OUT/results/helper.txt.
#
#   run.sh OUT PROGRAM...
set -euo pipefail

out=$1
shift
logs=$out/helper-test/logs
began=$SECONDS
root=()
if [ "$(id -u)" != 0 ]; then
  root=(sudo "--preserve-env=TEST_SEED,TEST_FILTER,TEST_STRIDE,TEST_HELPER,ASAN_OPTIONS")
fi
mkdir -p "$logs" "$out/results"

# Announced tests that did not print OK have failed, whatever became of them.
count() {
  awk -v status="$2" '
    /^\[=+\] Running [0-9]+ test/ { total = $3 }
    /^\[ *OK \]/ { passed++ }
    END {
      failed = total - passed
      if (failed <= 0)
        failed = status != 0 || total == 0
      printf "%d %d\n", passed, failed
    }' "$1"
}

# What was swept, and by which seed, each behind its test's name.
show_sweeps() {
  awk '
    sub(/^\[ RUN *\] /, "") { test = $0 }
    /^TEST_SEED=/ || /^([^[].*)?[0-9]+ (calls|steps|killed)/ {
      printf "  %s: %s\n", test, $0
    }' "$1"
}

run_one() {
  local name log line passed failed status=0 began=$SECONDS
  name=$(basename "$1")
  log=$logs/$name.txt
  "${root[@]}" unshare --mount --propagation private "$1" >"$log" 2>&1 ||
    status=$?
  count "$log" "$status" >"$log.sum"
  read -r passed failed <"$log.sum"
  printf -v line '%-16s %3d passed, %d failed (%d s)' "$name" "$passed" "$failed" $((SECONDS - began))
  # In one go: another program's may come at the same time.
  { printf '%s\n' "$line" && show_sweeps "$log"; } >"$log.lines"
  cat "$log.lines"
}

# The last lines of a log that say what failed.
show_failures() {
  printf '\n%s:\n' "$1"
  grep -v -e '^\[ RUN' -e '^\[ *OK' "$logs/$1.txt" | tail -n 40 || true
}

running=0
for program; do
  run_one "$program" &
  running=$((running + 1))
  if [ "$running" -ge 2 ]; then
    wait -n
    running=$((running - 1))
  fi
done
wait

total_passed=0
total_failed=0
for program; do
  read -r passed failed <"$logs/$(basename "$program").txt.sum"
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  [ "$failed" = 0 ] || show_failures "$(basename "$program")"
done
printf '%d %d %d\n' "$total_passed" "$total_failed" $((SECONDS - began)) \
  >"$out/results/helper.txt"
printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
[ "$total_failed" = 0 ]
