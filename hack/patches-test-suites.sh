# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2164 # errexit is on
# Upstream's own suites on our trees: what passes in stock passes with our
# patches. patches/VERSION/SPECS lists what passes in stock, "PACKAGE SPEC" a
# line. A listed spec that does not pass, or another that fails, is excused only
# if it fails in stock on this machine, too. Sourced by patches-test-lib.sh.

# pkg/server mostly waits: for 20 s in six of its specs. So it runs in parts.
SUITE_PARTS=("--ginkgo.focus=GC succeeds" "--ginkgo.focus=STATUS succeeds" "--ginkgo.skip=(GC|STATUS) succeeds")

test_suites() {
  check_suites "upstream's specs: what passes in stock passes here" suites_compare tip
}

suites_all() {
  (cd "$W/$1" && find cmd pkg -name '*_test.go' -printf '%h\n' | sort -u)
}

# suites_queue TREE PACKAGES: they are run by the next suites_start.
SUITES=() SUITES_PID=
suites_queue() {
  SUITES+=("$VERSION" "$1" "$2")
  printf '%s\n' "$2" >"$W/$1.packages"
}

# Builds the suites one after the other and starts each as soon as it is built,
# because the tests that run meanwhile leave the CPUs little to do.
suites_start() {
  (
    set +e
    set -- "${SUITES[@]}"
    while [[ $# -gt 0 ]]; do
      enter "$1"
      for package in $3; do
        suite_build "$2" "$package" && suite_start "$2" "$package"
      done
      shift 3
    done
    wait
  ) >"$O/patches-test/suites.log" 2>&1 &
  SUITES_PID=$! SUITES=()
}

suites_wait() {
  [[ -z $SUITES_PID ]] || wait "$SUITES_PID" || true
  SUITES_PID=
}

# check_suites NAME COMMAND…: a test of what the suites said. The shell that started
# them waits, not the test: that could only look for their number, which the kernel
# soon gives to another process.
check_suites() {
  suites_wait
  check "$@"
}

suite_build() { (cd "$W/$1/$2" && go test -c -o suite.test .); }

# A suite has fixed names in /tmp and leaves mounts behind, so each has its own;
# some change their folder, so the report is a descriptor.
suite_start() {
  local i parts=("--ginkgo.skip=^$")
  [[ $2 != pkg/server ]] || parts=("${SUITE_PARTS[@]}")
  for i in "${!parts[@]}"; do
    # shellcheck disable=SC2016
    (cd "$W/$1/$2" && exec 9>"suite.$i.out" && as_root unshare --mount --propagation private sh -c '
      mkdir -p /var/lib/cni /run/netns && mount -t tmpfs tmpfs /tmp && mount -t tmpfs tmpfs /run/netns &&
      mount -t tmpfs tmpfs /var/lib/cni && mkdir -p /var/lib/cni/multus/results &&
      exec ./suite.test -test.timeout=15m --ginkgo.no-color --ginkgo.junit-report=/proc/self/fd/3 "$2" 3>"$1"' \
      sh "suite.$i.xml" "${parts[i]}" >&9 2>&1) &
  done
}

# specs TREE WHICH: "PACKAGE SPEC" of those that passed, or that failed.
specs() {
  local tree=$W/$1 report
  find "$tree" -name 'suite.*.xml' | while read -r report; do
    [[ $report =~ ^"$tree"/(.*)/suite[.][0-9][.]xml$ ]]
    sed -n 's|.*<testcase name="\[It\] \([^"]*\)".* status="\([a-z]*\)".*|\2 '"${BASH_REMATCH[1]}"' \1|p' "$report"
  done | awk -v which="$2" '
    { state = $1; sub(/^[a-z]* /, "") }
    state != "skipped" && (which == "passed") == (state == "passed")' |
    sed 's/&#34;/"/g; s/&#39;/'\''/g; s/&lt;/</g; s/&gt;/>/g; s/&#x[9AD];/ /g; s/&amp;/\&/g' | LC_ALL=C sort
}

# listed TREE: the lines of SPECS about the packages whose suites it was to run.
listed() { awk 'NR == FNR { ran[$1]; next } $1 in ran' "$W/$1.packages" "$TOP/patches/$VERSION/SPECS"; }

# amiss TREE: what is not as SPECS has it.
amiss() {
  {
    LC_ALL=C comm -23 <(listed "$1") <(specs "$1" passed)
    specs "$1" failed
  } | LC_ALL=C sort -u
}

# In stock only what is amiss here is looked at.
suites_stock() {
  local package
  while read -r package; do
    [[ ! -d $W/stock/$package || -e $W/stock/$package/suite.test ]] || {
      suite_build stock "$package"
      suite_start stock "$package"
    }
  done
  wait
}

# suites_compare TREE
suites_compare() {
  local found
  [[ -n $(listed "$1") ]] || fail "no suite ran" "$(tail -n 20 "$O/patches-test/suites.log")"
  found=$(amiss "$1")
  [[ -z $found ]] || suites_stock < <(cut -d' ' -f1 <<<"$found" | sort -u)
  echo "passed: $(specs "$1" passed | wc -l), listed: $(listed "$1" | wc -l), amiss: $found"
  same "" "$(LC_ALL=C comm -23 <(cat <<<"$found") <(specs stock failed | LC_ALL=C sort -u) | sed '/^$/d')" ||
    fail "$(suite_says "$1" "$found")"
}

# suite_says TREE SPECS: the last that their suites said.
suite_says() {
  local package
  for package in $(cut -d' ' -f1 <<<"$2" | sort -u); do
    tail -n 15 "$W/$1/$package"/suite.*.out
  done
}
