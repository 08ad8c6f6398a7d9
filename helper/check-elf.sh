#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check-elf.sh delegate-exec|credential PROGRAM UNSTRIPPED: shows from the files that the
# program is hardened; of the privileged one, that it needs no library and holds
# no network code; of the other, which libraries it needs. Prints one line a
# property; exits 1 where one does not hold.
set -euo pipefail

kind=$1 program=$2 unstripped=$3
failed=0

# property NAME COMMAND...: holds if the command succeeds.
property() {
  local name=$1
  shift
  if "$@"; then
    echo "yes  $name"
  else
    echo "NO   $name"
    failed=1
  fi
}

headers=$(readelf --wide --file-header --program-headers "$program")
dynamic=$(readelf --wide --dynamic "$program")
symbols=$(nm "$unstripped" | awk '{ sub(/@.*/, "", $NF); print $NF }')

has() { grep -qE -- "$2" <<<"$1"; }
has_not() { ! grep -E -- "$2" <<<"$1"; }

hardened() {
  property "position independent" has "$headers" 'Type: +DYN'
  property "relocations are read-only" has "$headers" 'GNU_RELRO'
  property "bound at start" has "$dynamic" 'NOW'
  property "the stack is not executable" has "$headers" 'GNU_STACK.* RW '
  property "nothing is writable and executable" has_not "$headers" 'LOAD.* RWE '
  property "the symbols are all there (main)" has "$symbols" '^main$'
}

# Any spelling of them that a C library uses inside: __socket, __libc_connect.
network='^_*(libc_|internal_|new_)*(socket|socketpair|connect|getaddrinfo|gethostby[a-z0-9_]*|sendto|sendmsg|bind|listen|accept4?)$'

alone() {
  property "no library is needed" has_not "$dynamic" '\(NEEDED\)'
  property "no interpreter" has_not "$headers" 'INTERP'
  property "no network code" has_not "$symbols" "$network"
  # The C library brings the name in any case: so the code of a function with an array.
  property "the stack is protected" has "$(objdump --disassemble=report_fallback "$unstripped")" '<__stack_chk_fail'
}

# Linked so, what it takes of the C library shows what its own code was compiled
# with. (Some processors keep the stack protector's value in the loader.)
linked() {
  local needed expected='\[(libcurl|libjansson|libseccomp|libc|ld-linux-[a-z0-9_-]+)\.so\.[0-9]+\]$'
  needed=$(grep -F '(NEEDED)' <<<"$dynamic" || true)
  property "no other library is needed" has_not "$(grep -vE "$expected" <<<"$needed")" .
  property "libraries are looked for where the system has them" has_not "$dynamic" '\((RPATH|RUNPATH)\)'
  property "the stack is protected" has "$symbols" '^__stack_chk_fail$'
  property "copies are checked" has "$symbols" '^__[a-z]+_chk$'
}

hardened
case $kind in
  delegate-exec) alone ;;
  credential) linked ;;
  *) echo "check-elf.sh: there is no program '$kind'" >&2 && exit 2 ;;
esac
exit "$failed"
