#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a newcomer reads where something is missing: runs hack/setup.sh on machines
# that are a folder with a few programs. Prints TAP; installs nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/test-lib.sh
. hack/test-lib.sh

VERSION=setup W=$(mktemp -d)
trap 'rm -rf -- "$W"' EXIT

# machine: what any has, and nothing else.
machine() {
  local program
  rm -rf -- "${W:?}/bin" "$W/out"
  mkdir "$W/bin"
  for program in bash cat cut dirname env grep mkdir nproc renice rm sed sleep tail timeout tr; do
    ln -s "$(command -v "$program")" "$W/bin/$program"
  done
  stub sudo 'shift; exec "$@"'
}

# stub NAME SCRIPT: a program of that machine.
stub() {
  printf '#!/bin/bash\n%s\n' "$2" >"$W/bin/$1"
  chmod +x "$W/bin/$1"
}

# refuses PART…: sets SAID.
refuses() {
  ! SAID=$(env -i "PATH=$W/bin" "O=$W/out" "CACHE=$W/out" "HOME=$W" "$PWD/hack/setup.sh" "$@" 2>&1) ||
    fail "setup.sh $* succeeded: $SAID"
}

go_is_missing() {
  machine
  refuses patches
  same "setup.sh: Go is missing: install Go 1.21 or newer and put it in PATH." "$SAID"
}

go_is_too_old() {
  machine
  stub go 'echo go1.20.14'
  refuses patches
  same "setup.sh: go1.20.14 is too old: install Go 1.21 or newer; it fetches the exact version itself." "$SAID"
}

go_may_not_fetch() {
  machine
  # shellcheck disable=SC2016 # for the stub
  stub go '[[ $2 != GOVERSION ]] || echo go1.21.0; [[ $2 != GOTOOLCHAIN ]] || echo local'
  refuses patches
  has "$SAID" "setup.sh: go1.21.0 may not fetch Go 1."
  has "$SAID" "set GOTOOLCHAIN=auto."
}

# The list, with the reasons, and one sentence.
no_apt() {
  machine
  refuses build
  has "$SAID" "Missing for build:
  - gcc: compiles the C programs
  - make: runs the build
"
  same "setup.sh: there is no apt-get here: install what the list names (Debian's package names) with your own package manager, then run this again." \
    "$(tail -n 1 <<<"$SAID")"
}

# First what and why, then the installation; then it looks again.
apt_installs() {
  machine
  stub apt-get "echo \"\$*\" >>'$W/apt'"
  refuses build
  has "$SAID" "- gcc: compiles the C programs"
  has "${SAID#*- gcc: }" "packages with apt-get: gcc make "
  same "setup.sh: still missing after the installation: " "$(tail -n 1 <<<"$SAID" | grep -o '^.*installation: ')"
  same update "$(head -n 1 "$W/apt")"
  has "$(tail -n 1 "$W/apt")" "install -y --no-install-recommends"
  has "$(tail -n 1 "$W/apt")" " gcc make "
}

apt_fails() {
  machine
  stub apt-get "exit 100"
  refuses build
  same "setup.sh: apt-get failed; its output is in $W/out/logs/setup.log." "$(tail -n 1 <<<"$SAID")"
}

no_such_part() {
  machine
  refuses buidl
  has "$SAID" "usage: hack/setup.sh [PART...]"
  has "$SAID" "there is no part 'buidl'"
}

nothing_is_missing() { same "" "$(hack/setup.sh build check 2>&1)"; }

check "Go is missing" go_is_missing
check "Go is too old" go_is_too_old
check "Go may not fetch what e2e/go.mod asks for" go_may_not_fetch
check "without apt-get there is a list" no_apt
check "apt-get installs what was named before" apt_installs
check "apt-get fails" apt_fails
check "a part that is none" no_such_part
check "where nothing is missing nothing is said" nothing_is_missing
counted
