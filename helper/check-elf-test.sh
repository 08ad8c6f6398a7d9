#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check-elf-test.sh PROGRAM UNSTRIPPED: the look at the ELF file passes for our
# program and fails for one with a socket() planted in it. Prints TAP.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

n=0
report() {
  n=$((n + 1))
  echo "$1 $n - $2"
}

# build NAME SOURCE FLAGS...
build() {
  local name=$1 source=$2
  shift 2
  printf '%s\n' "$source" | ${CC:-gcc} -x c -O0 -o "$work/$name" - "$@"
}

fails_for() {
  local what=$1 name=$2
  if "$here/check-elf.sh" "$work/$name" "$work/$name" >"$work/out" 2>&1; then
    report "not ok" "refuses $what"
  elif grep -q "NO   $3" "$work/out"; then
    report ok "refuses $what"
  else
    sed 's/^/# /' "$work/out"
    report "not ok" "refuses $what for the right reason"
  fi
}

echo 1..4
if "$here/check-elf.sh" "$1" "$2" >"$work/out" 2>&1; then
  report ok "the helper passes"
else
  sed 's/^/# /' "$work/out"
  report "not ok" "the helper passes"
fi

build socket '#include <sys/socket.h>
int main(void) { return socket(AF_INET, SOCK_STREAM, 0); }' -static-pie -fPIE
fails_for "a planted socket()" socket "no network code"
build dynamic 'int main(void) { return 0; }' -pie -fPIE
fails_for "a dynamic program" dynamic "no library is needed"
build stripped 'int main(void) { return 0; }' -static-pie -fPIE -Wl,-s
fails_for "a file without symbols" stripped "the symbols are all there (main)"
