#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# That what fails in a step is seen: the steps of hack/lib.sh, and what hack/test.sh
# makes of them, with parts that are one line each. Prints TAP.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/test-lib.sh
. hack/test-lib.sh

VERSION=steps W=$(mktemp -d)
trap 'rm -rf -- "$W"' EXIT

# in_shell SCRIPT: runs it where lib.sh's steps are; sets SAID and STATUS.
in_shell() {
  STATUS=0
  SAID=$(O=$W/out NOTICES='' STEPS_AT_ONCE=4 bash -euo pipefail -c ". hack/lib.sh; $1" 2>&1) || STATUS=$?
}

all_pass() {
  in_shell 'step a "" true; step b a sh -c "echo one two"; run_steps; cat "$LOGS/b.log"'
  same 0 "$STATUS"
  has "$SAID" "b: done in "
  has "$SAID" "one two"
}

one_fails() {
  in_shell 'step a "" sh -c "echo the reason; exit 3"; step b "" true; run_steps'
  same 1 "$STATUS"
  has "$SAID" "a: FAILED after "
  has "$SAID" "(status 3)"
  has "$SAID" "    | the reason"
  has "$SAID" "b: done in "
}

what_needs_it_does_not_run() {
  in_shell 'step a "" false; step b a touch "$O/ran"; step c b touch "$O/ran"
    run_steps || { step_why b; step_why c; exit 1; }'
  same 1 "$STATUS"
  has "$SAID" "did not run, because a failed"
  has "$SAID" "did not run, because b failed"
  [[ ! -e $W/out/ran ]] || fail "it ran"
}

a_notice_is_shown() {
  in_shell 'step a "" notice "look at this"; step b a true; run_steps'
  same 1 "$(grep -c '^look at this$' <<<"$SAID")"
}

an_interrupt_ends_them() {
  in_shell 'step a "" sh -c "sleep 300 & echo \$! >$O/pid; wait"
    (while ! [[ -s $O/pid ]]; do sleep 0.1; done; kill -TERM "$$") & run_steps'
  same 143 "$STATUS"
  # Gone, or a zombie that nobody has asked for yet.
  ! grep '^State:' "/proc/$(cat "$W/out/pid")/status" 2>/dev/null | grep -v 'Z' || fail "it still runs"
}

# whole PART_COMMAND: hack/test.sh, whose parts are all but one good.
whole() {
  mkdir -p "$W/out/results"
  # shellcheck disable=SC2016 # for that shell
  in_shell '
    eval "$(grep -v "^main \|^cd \|^\. " hack/test.sh)"
    PARTS=(good other)
    part() { echo "$2" >"$RESULTS/$1.txt"; }
    rm -f -- "$RESULTS"/*.txt
    step good "" part good "7 0 1"
    step other good eval '"$(printf %q "$1")"'
    run_steps || true
    report'
}

counts_are_added() {
  whole 'part other "5 0 1"'
  same 0 "$STATUS"
  same "12 passed, 0 failed" "$(tail -n 1 <<<"$SAID")"
}

failures_are_counted_and_shown() {
  whole 'part other "4 2 1"; echo "not ok 3 - that one"; false'
  same 1 "$STATUS"
  same "11 passed, 2 failed" "$(tail -n 1 <<<"$SAID")"
  has "$SAID" "  not ok 3 - that one"
}

# A part that dies, that says nothing, that ran nothing.
silence_is_a_failure() {
  local part
  for part in false true 'part other "0 0 1"' 'part other "5 0 1"; exit 9'; do
    whole "$part"
    same 1 "$STATUS"
    has "$(tail -n 1 <<<"$SAID")" ", 1 failed"
  done
}

check "all pass" all_pass
check "one fails" one_fails
check "what needs it does not run" what_needs_it_does_not_run
check "a notice is shown" a_notice_is_shown
check "an interrupt ends what they started" an_interrupt_ends_them
check "the counts are added" counts_are_added
check "failures are counted and shown" failures_are_counted_and_shown
check "a part that says nothing has failed" silence_is_a_failure
counted
