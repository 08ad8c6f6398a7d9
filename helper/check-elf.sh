#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check-elf.sh PROGRAM UNSTRIPPED: shows from the files that the privileged
# program needs no library, is hardened and holds no network code. Prints one
# line a property; exits 1 where one does not hold.
set -euo pipefail

program=$1 unstripped=$2
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

# Any spelling of them that a C library uses inside: __socket, __libc_connect.
network='^_*(libc_|internal_|new_)*(socket|socketpair|connect|getaddrinfo|gethostby[a-z0-9_]*|sendto|sendmsg|bind|listen|accept4?)$'

property "no library is needed" has_not "$dynamic" '\(NEEDED\)'
property "no interpreter" has_not "$headers" 'INTERP'
property "position independent" has "$headers" 'Type: +DYN'
property "relocations are read-only" has "$headers" 'GNU_RELRO'
property "bound at start" has "$dynamic" 'NOW'
property "the stack is not executable" has "$headers" 'GNU_STACK.* RW '
property "nothing is writable and executable" has_not "$headers" 'LOAD.* RWE '
property "the symbols are all there (main)" has "$symbols" '^main$'
property "no network code" has_not "$symbols" "$network"
exit "$failed"
