#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A slow check of C sources, or of the programs of unit tests. What a file passed is
# kept in the cache, and not asked again while the file, all that it includes and the
# check are the same bytes.
# usage: CACHE=DIR lint-files.sh analyzer|clang-tidy FILE…
#        CACHE=DIR lint-files.sh valgrind PROGRAM…
set -euo pipefail

check=$1
shift
flags=(-std=gnu11 -D_GNU_SOURCE '-DVERSION=""' -Iinclude -Wall -Wextra)

# clang-tidy counts on stderr what it leaves out.
run() {
  case $check in
    analyzer) gcc "${flags[@]}" -Werror -O2 -fanalyzer -c -o /dev/null "$1" ;;
    valgrind) quiet valgrind -q --error-exitcode=9 --leak-check=full "$1" ;;
    clang-tidy) clang-tidy --quiet "$1" -- "${flags[@]}" 2>/dev/null ;;
  esac
}

# quiet COMMAND…: says only what fails.
quiet() {
  local said
  said=$("$@" 2>&1 </dev/null) || { printf '%s\n' "$said" "FAILED: $*" && return 1; }
}

tool() {
  case $check in
    analyzer) gcc --version ;;
    valgrind) valgrind --version ;;
    clang-tidy) clang-tidy --version && cat .clang-tidy ;;
  esac
}

sources() {
  case $check in
    valgrind) cat "$1" ;;
    *) gcc "${flags[@]}" -M "$1" | sed 's/^[^ ]*: //; s/\\$//' | xargs cat ;;
  esac
}

same=$({ tool && cat "${BASH_SOURCE[0]}"; } | sha256sum)
status=0
mkdir -p "$CACHE/lint"
for file; do
  sum=$({ echo "$same $file" && sources "$file"; } | sha256sum | cut -c1-32)
  passed=$CACHE/lint/$check-$sum
  [[ -e $passed ]] || { run "$file" && : >"$passed"; } || status=1
done
exit "$status"
