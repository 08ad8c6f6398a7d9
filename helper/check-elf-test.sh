#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check-elf-test.sh HELPER UNSTRIPPED SIDECAR UNSTRIPPED: the look at the ELF
# files passes for our programs and fails for those with a planted fault. Prints
# TAP.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

n=0
report() {
  n=$((n + 1))
  echo "$1 $n - $2"
}

# passes WHAT KIND PROGRAM UNSTRIPPED
passes() {
  local what=$1
  shift
  if "$here/check-elf.sh" "$@" >"$work/out" 2>&1; then
    report ok "$what passes"
  else
    sed 's/^/# /' "$work/out"
    report "not ok" "$what passes"
  fi
}

# fails_for WHAT KIND PROPERTY: for the program that was built last.
fails_for() {
  local what="multus-$2 with $1"
  if "$here/check-elf.sh" "$2" "$work/program" "$work/program" >"$work/out" 2>&1; then
    report "not ok" "refuses $what"
  elif grep -qxF "NO   $3" "$work/out"; then
    report ok "refuses $what"
  else
    sed 's/^/# /' "$work/out"
    report "not ok" "refuses $what for the right reason"
  fi
}

# build SOURCE FLAGS...
build() {
  local source=$1
  shift
  printf '%s\n' "$source" | ${CC:-gcc} -x c -o "$work/program" - "$@"
}

# planted_helper WHAT PROPERTY SOURCE FLAGS...
planted_helper() {
  build "$3" -O0 "${@:4}"
  fails_for "$1" delegate-exec "$2"
}

plain='#include <stdio.h>
#include <string.h>
void report_fallback(char *s) { char a[64]; strcpy(a, s); puts(a); }
int main(int argc, char **argv) { report_fallback(argv[argc - 1]); return 0; }'

# A copy that may be too long, and an array on the stack.
copies='#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) { char a[64]; strcpy(a, argv[argc - 1]); return puts(a); }'

printf '%s\n' '__asm__(".section .planted, \"awx\"; .byte 0; .text");' >"$work/writable.h"

# planted_credential WHAT PROPERTY FLAGS...: after those that make a good one.
planted_credential() {
  build "$copies" -O2 -fPIE -pie -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
    -Wl,-z,relro,-z,now,-z,noexecstack "${@:3}"
  fails_for "$1" credential "$2"
}

echo 1..16
passes "multus-delegate-exec" delegate-exec "$1" "$2"
planted_helper "a socket()" "no network code" '#include <sys/socket.h>
int main(void) { return socket(AF_INET, SOCK_STREAM, 0); }' -static-pie -fPIE
planted_helper "a library" "no library is needed" 'int main(void) { return 0; }' -pie -fPIE
planted_helper "an interpreter" "no interpreter" 'int main(void) { return 0; }' -static-pie -fPIE -Wl,--dynamic-linker=/lib/ld.so
planted_helper "no symbols" "the symbols are all there (main)" 'int main(void) { return 0; }' -static-pie -fPIE -Wl,-s
planted_helper "a plain stack" "the stack is protected" "$plain" -static-pie -fPIE -fno-stack-protector

passes "multus-credential" credential "$3" "$4"
planted_credential "a fixed address" "position independent" -no-pie -fno-pie
planted_credential "writable relocations" "relocations are read-only" -Wl,-z,norelro
planted_credential "late binding" "bound at start" -Wl,-z,lazy
planted_credential "an executable stack" "the stack is not executable" -Wl,-z,execstack
planted_credential "code in writable memory" "nothing is writable and executable" -include "$work/writable.h"
planted_credential "a plain stack" "the stack is protected" -fno-stack-protector
planted_credential "plain copies" "copies are checked" -U_FORTIFY_SOURCE
planted_credential "a path to libraries" "libraries are looked for where the system has them" -Wl,-rpath,/tmp
planted_credential "another library" "no other library is needed" -Wl,--no-as-needed -lm
