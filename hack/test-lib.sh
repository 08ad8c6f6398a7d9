# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Tests in shell, one line each. Whoever sources this sets VERSION, of Multus, and
# W, a folder for the tests.

PASSED=0 FAILED=0

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n -- "$@"; fi
}

# check NAME COMMAND…: one test, of VERSION. In the background, because in a
# condition errexit would not end the command at its first failure.
check() {
  local name="$VERSION: $1" status=0 test progress
  shift
  ("$@") >"$W/log" 2>&1 &
  test=$!
  (while sleep 5 >/dev/null 2>&1; do printf '# still running: %s\n' "$name"; done) &
  progress=$!
  wait "$test" || status=$?
  { kill "$progress" && wait "$progress"; } 2>/dev/null || true
  if [[ $status -eq 0 ]]; then
    PASSED=$((PASSED + 1))
    printf 'ok %d - %s\n' $((PASSED + FAILED)) "$name"
    return
  fi
  FAILED=$((FAILED + 1))
  printf 'not ok %d - %s (status %d)\n' $((PASSED + FAILED)) "$name" "$status"
  tail -n 40 "$W/log" | sed 's/^/# /'
}

# fail TEXT…: for use in a test.
fail() {
  printf '%s\n' "$*"
  return 1
}

# same WANT GOT
same() { [[ $1 == "$2" ]] || fail "wanted: $1" $'\n'"got:    $2"; }

# has TEXT PART
has() { [[ $1 == *"$2"* ]] || fail "no \"$2\" in: $1"; }

# counted: the last line, and whether all passed.
counted() {
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  [[ $FAILED -eq 0 ]]
}
