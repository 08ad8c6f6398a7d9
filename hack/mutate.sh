#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Takes out one error check of the C programs at a time, and looks whether a test
# fails then: of `make check test-helper`, or of multus-credential against an API
# server (e2e/sidecar). Those that none notices have to be in
# hack/mutate/survivors.txt, with the reason.
#
#   MUTATE_SAMPLE=N   only N checks, chosen by MUTATE_SEED (1)
#   MUTATE_ONLY=PART  only checks whose line in build/mutate/checks has PART in it
#
# A sample is for `make test`: it is of the checks that matter in a quick test and
# are not listed, and the others are tried only on what no quick one notices.
#
# All checks are in one build, and a number in the program's file says which is
# out: see hack/mutate/mutant.c. Every test runs once with all checks in. That also
# shows which checks matter in it: those that said no. So no other test is tried.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

W=$O/mutate
TREE=$W/tree # the sources, instrumented; built in $TREE/build
KNOWN=hack/mutate/survivors.txt
LEAST=90 # percent that the tests have to catch
TRIES=80
SAMPLE=${MUTATE_SAMPLE-}
SEED=${MUTATE_SEED:-1}
QUICK=${SAMPLE:+yes} # only the quick tests; run_sample takes it back

# --- The build -------------------------------------------------------------

sources() { find helper/common helper/exec helper/credential -name '*.c' ! -name '*_test.c' | LC_ALL=C sort; }

build_tools() {
  local cc=("${CC:-gcc}" -std=gnu11 -O1 -D_GNU_SOURCE -Wall -Wextra)
  mkdir -p "$W"
  "${cc[@]}" -o "$W/instrument" hack/mutate/{instrument,errors,lex}.c
  "${cc[@]}" -o "$W/select" hack/mutate/select.c
  "${cc[@]}" -shared -fPIC -o "$W/pick.so" hack/mutate/pick.c -ldl
  "${cc[@]}" -fPIE -c -o "$W/mutant.o" hack/mutate/mutant.c
}

# A new tree takes the old one's place only if it differs, for make to see.
build_tree() {
  local new=$W/tree.new
  rm -rf -- "$new"
  mkdir -p "$new"
  cp --parents -R Makefile include helper hack/rules.mk patches/rules.mk e2e/rules.mk "$new"
  # shellcheck disable=SC2046 # no blanks in our names
  "$W/instrument" "$new" $(sources) |
    awk -F '\t' -v OFS='\t' '{
      name = $2 " " $3 ": " $5
      $5 = name (n[name]++ ? " #" n[name] : "")
      print $1, $2 ":" $4, $5 }' >"$W/checks.new"
  if diff -rq --exclude=build "$new" "$TREE" >/dev/null 2>&1; then
    rm -rf -- "$new"
    return
  fi
  rm -rf -- "$TREE"
  mv "$new" "$TREE"
  mv "$W/checks.new" "$W/checks"
}

# What goes on step by step, or waits for what is slow.
SLOW=(calls caller faults kill races store)

programs() {
  local file
  for file in helper/common/*_test.c helper/credential/*_test.c; do
    say "build/${file%.c}"
  done
  for file in helper/test/test_*.c; do
    say "build/helper-test/$(basename "$file" .c)"
  done
  say build/sidecar.test
}

# Of them those that the sample is tried on, or all.
tried_programs() {
  if [[ -n $QUICK ]]; then
    programs | grep -v -e '\.test$' "${SLOW[@]/#/-e/test_}"
  else
    programs
  fi
}

# The programs that a check can be in.
instrumented() {
  programs | grep '_test$'
  say build/multus-delegate-exec build/multus-credential | tr ' ' '\n'
}

tree_make() {
  plain_make --quiet -C "$TREE" O="$TREE/build" CFLAGS="-O1 -include $PWD/hack/mutate/mutant.h" LDFLAGS="$W/mutant.o" "$@"
}

build() {
  build_tools
  build_tree
  # shellcheck disable=SC2046
  tree_make -j "$(nproc)" $(tried_programs | grep -v '\.test$' | sed "s|^|$TREE/|") \
    "$TREE"/build/{multus-delegate-exec,multus-credential,helper-test/delegate,helper-test/unchecked}
  [[ -n $QUICK ]] || (cd e2e && go test -vet=off -c -o "$TREE/build/sidecar.test" ./sidecar)
}

# choose NUMBER [MEMORY]: of the check that is out, 0 for none.
choose() { (cd "$TREE" && instrumented | xargs "$W/select" set "$1" "${2:--1}"); }

# --- One test --------------------------------------------------------------

# In namespaces of its own: what a mutant leaves behind, processes and files, is
# gone with them. Not as their first process, whose signals are special.
# shellcheck disable=SC2016 # for the inner shell to expand
IN_NAMESPACES='
[[ $O == /tmp/* ]] || mount -t tmpfs tmpfs /tmp
case $2 in
  *.test) "$2" -test.run "^$3\$" ;;
  *) LD_PRELOAD=$1 MUTATE_TEST=$3 "$2" ;;
esac
exit $?'

# run_test PROGRAM NAME SECONDS
run_test() {
  (cd "$TREE" && as_root_here env O="$TREE/build" MDC_BUILD="$TREE/build" timeout --kill-after=5 "$3" \
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    bash -c "$IN_NAMESPACES" bash "$W/pick.so" "$1" "$2") </dev/null >"$TREE/log" 2>&1 8<&- 9>&-
}

names_of() {
  case $1 in
    *.test) (cd "$TREE" && "$1" -test.list .) ;;
    *) (cd "$TREE" && LD_PRELOAD=$W/pick.so "$1") ;;
  esac
}

milliseconds() { say "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# --- Side by side ----------------------------------------------------------

# worker FUNCTION: with programs of its own, and the next line as long as there is one.
worker() {
  local line
  rm -rf -- "$W/worker.$2"
  cp -a "$TREE" "$W/worker.$2"
  TREE=$W/worker.$2
  while { flock 9 && read -r -u 8 line && flock -u 9; }; do
    "$1" "$line"
  done
}

# in_workers FUNCTION LIST: calls it with each line of the file.
in_workers() {
  local n pids=() pid
  exec 8<"$2" 9>"$W/lock"
  for ((n = 0; n < $(nproc); n++)); do
    # A descriptor of its own, since a lock belongs to that.
    (exec 9>"$W/lock" && worker "$1" "$n") &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid"
  done
  exec 8<&- 9>&-
}

# --- Every test with all checks in -----------------------------------------

MEMORY=

forget_memory() {
  [[ -z $MEMORY ]] || ipcrm --shmem-id "$MEMORY"
  MEMORY=
}

take_memory() {
  [[ -z $MEMORY ]] || return 0
  MEMORY=$(ipcmk --mode 0666 --shmem "$((CHECKS + 1))" | grep -oE '[0-9]+$')
  trap forget_memory EXIT
  choose 0 "$MEMORY"
}

# observe_test "FILE PROGRAM NAME": writes milliseconds, and the numbers of the checks
# that said no, if the test passes.
observe_test() {
  local file program name began took passed=yes
  IFS=$'\t' read -r file program name <<<"$1"
  take_memory
  began=$(milliseconds)
  run_test "$program" "$name" 1200 || passed=no
  took=$(($(milliseconds) - began))
  { say "$took" && "$W/select" take "$MEMORY" "$CHECKS"; } >"$file.new"
  if [[ $passed == yes ]]; then
    mv "$file.new" "$file"
    return
  fi
  rm -- "$file.new"
  say "not used, since it fails with all checks in: $program $name"
  tail -n 5 "$TREE/log" | sed 's/^/    | /'
}

# What a test shows is kept for as long as it and what it runs are the same bytes.
observed_of() {
  say "$W/observed/$(cd "$TREE/build" && cat "${1#build/}" multus-delegate-exec multus-credential helper-test/delegate | cksum | tr ' ' -)"
}

# Writes $W/tests: file, program and name of each.
list_tests() {
  local program name dir
  choose 0
  tried_programs | while read -r program; do
    dir=$(observed_of "$program")
    mkdir -p "$dir"
    names_of "$program" </dev/null | while read -r name; do
      printf '%s\t%s\t%s\n' "$dir/${name//\//_}" "$program" "$name"
    done
  done >"$W/tests"
}

# Sets TESTS, by number: milliseconds, program and name; and writes $W/observations:
# milliseconds, number, program and name, check.
observe() {
  local program name file took number=0
  TESTS=()
  say "Running every ${QUICK:+quick }test with all checks in ..."
  list_tests
  while IFS=$'\t' read -r file program name; do
    [[ -e $file ]] || printf '%s\t%s\t%s\n' "$file" "$program" "$name"
  done <"$W/tests" >"$W/unobserved"
  in_workers observe_test "$W/unobserved"
  while IFS=$'\t' read -r file program name; do
    [[ -e $file ]] || continue
    read -r took <"$file"
    number=$((number + 1))
    TESTS[number]=$took$'\t'$program$'\t'$name
    tail -n +2 "$file" | sed "s|^|$took\t$number\t$program $name\t|"
  done <"$W/tests" >"$W/observations"
}

# Those of a run that was interrupted count too.
old_results() { cat "$RESULTS" "$RESULTS.new" 2>/dev/null || true; }

# Sets TRY, by the number of a check: the numbers of the tests to try. First those of
# the module and those that once caught another check of the same file, then quick
# ones, but not all of one program before another's.
rank_tests() {
  local check test
  TRY=()
  while read -r check test; do
    TRY[$check]+="$test "
  done < <(awk -F '\t' -v OFS='\t' '
    of == "checks" { module[$1] = file[$1] = $2; sub(/:.*/, "", file[$1]); sub(/\.c:.*/, "_test", module[$1]) }
    of == "results" && $3 == "caught" { sub(/ .*/, "", $1); catches[$1, $4] }
    of == "observations" {
      program = test = $3
      sub(/ .*/, "", program)
      sub(/^.*\//, "", test)
      first = index(program, module[$4]) || (file[$4], test) in catches
      print $4, first ? 0 : 1, $1 * ++rank[$4, program], $2
    }' of=checks "$W/checks" of=results <(old_results) of=observations <(sort -n -k1,1 "$W/observations") |
    sort -n -k1,1 -k2,2 -k3,3 | cut -f1,4)
}

# --- The mutants -----------------------------------------------------------

TESTS=()
declare -A TRY OLD # OLD, by name: what became of it last time

# What was caught once, in a file that is as it was, need not be run again.
sum_of() { cksum <"${1%%:*}" | tr ' ' -; }

read_results() {
  local name line
  while IFS=$'\t' read -r name line; do
    OLD[$name]=$line
  done < <(old_results)
}

# try NUMBER: sets VERDICT and BY. A test that then fails with all checks in, too,
# has caught nothing. What TRIES tests did not notice counts as not noticed.
try() {
  local test took program name seconds tries=0
  VERDICT=unreached BY=-
  for test in ${TRY[$1]-}; do
    VERDICT=survived
    [[ $((tries += 1)) -le $TRIES ]] || return 0
    IFS=$'\t' read -r took program name <<<"${TESTS[$test]}"
    seconds=$((30 + took / 200))
    choose "$1"
    ! run_test "$program" "$name" "$seconds" || continue
    choose 0
    if run_test "$program" "$name" "$seconds"; then
      VERDICT=caught BY="$(basename "$program") $name"
      return
    fi
    say "fails now and then: $program $name"
  done
}

# By a hash of seed and name: a check that comes or goes changes no other.
choose_sample() {
  known >"$W/known"
  awk -F '\t' -v seed="$SEED" '
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    of == "known" { known[$0] }
    of == "observations" { matters[$4] }
    of == "checks" && $1 in matters && !($3 in known) {
      hash = 0
      text = seed $3
      for (i = 1; i <= length(text); i++)
        hash = (hash * 65599 + code[substr(text, i, 1)]) % 2147483647
      print hash "\t" $0
    }' of=known "$W/known" of=observations "$W/observations" of=checks "$W/checks" |
    sort -n | sed -n "1,${SAMPLE}p" | cut -f2-
}

# judge "NUMBER PLACE NAME": adds to $RESULTS.new: name, sum of the file, verdict, and
# the test that caught it.
judge() {
  local number place name sum
  IFS=$'\t' read -r number place name <<<"$1"
  sum=$(sum_of "$place")
  if [[ ${OLD[$name]-} != "$sum"$'\t'caught* ]]; then
    try "$number"
    OLD[$name]=$sum$'\t'$VERDICT$'\t'$BY
    [[ $VERDICT == caught ]] || say "$VERDICT: $place $name"
  fi
  printf '%s\t%s\n' "$name" "${OLD[$name]}" >>"$RESULTS.new"
}

# Those in $W/chosen.
run_mutants() {
  read_results
  : >"$RESULTS.new"
  in_workers judge "$W/chosen"
  LC_ALL=C sort "$RESULTS.new" >"$RESULTS"
}

run_all() {
  RESULTS=$W/results.tsv
  observe
  rank_tests
  grep -F -- "${MUTATE_ONLY-}" "$W/checks" >"$W/chosen"
  run_mutants
}

run_sample() {
  RESULTS=$W/sample.tsv
  rm -f -- "$RESULTS" "$RESULTS.new"
  observe
  rank_tests
  choose_sample >"$W/chosen"
  run_mutants
  [[ -n $(with_verdict survived) ]] || return 0
  say "No quick test noticed them. Is there another?"
  QUICK=
  build
  observe
  rank_tests
  run_mutants
}

# --- The report ------------------------------------------------------------

known() { grep -v -e '^#' -e '^$' "$KNOWN" || true; }

# Of those, what makes no difference that a test could see.
known_equal() { awk '/^# Wanted/ { wanted = 1 } /^$/ { wanted = 0 } !/^#/ && NF && !wanted' "$KNOWN"; }

with_verdict() { awk -F '\t' -v want="$1" '$3 ~ want { print $1 }' "$RESULTS"; }

report() {
  local total caught by_c equal failed percent
  total=$(wc -l <"$RESULTS")
  caught=$(with_verdict caught | wc -l)
  by_c=$(awk -F '\t' '$3 == "caught" && $4 !~ /^sidecar\.test /' "$RESULTS" | wc -l)
  equal=$(with_verdict 'survived|unreached' | grep -cxF -f <(known_equal) || true)
  percent=$((caught * 1000 / (total - equal)))
  with_verdict 'survived|unreached' | grep -vxF -f <(known) >"$W/unlisted" || true
  failed=$(wc -l <"$W/unlisted")
  sed 's/^/no test notices that it is gone, and no reason is listed: /' "$W/unlisted"
  if [[ -z $SAMPLE${MUTATE_ONLY-} ]]; then
    known | grep -vxF -f <(with_verdict 'survived|unreached') | sed "s|^|caught or gone, take it out of $KNOWN: |" || true
    [[ $percent -ge $((LEAST * 10)) ]] || failed=$((failed + 1))
  fi
  say "$total checks of $CHECKS taken out${SAMPLE:+ (seed $SEED)}: $caught caught," \
    "$by_c of them by check and test-helper; $equal make no difference," \
    "$((percent / 10)).$((percent % 10))% of the others caught"
  mkdir -p "$O/results"
  say "$((total - failed)) $failed $SECONDS" >"$O/results/mutate.txt"
  say "$((total - failed)) passed, $failed failed"
  [[ $failed -eq 0 ]]
}

main() {
  root_ready "running the tests"
  build
  CHECKS=$(wc -l <"$W/checks")
  if [[ -n $SAMPLE ]]; then run_sample; else run_all; fi
  report
}

main
