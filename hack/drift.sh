#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names each file that a series adds and that is not what the newest series
# adds, by the TREE files, which test-patches.sh tests. The last line is how
# many there are.
# usage: drift.sh
set -euo pipefail
# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"

# new_files VERSION: "HASH PATH" of the files that its series adds.
new_files() {
  series_patches "$1" | xargs -d '\n' awk '
    FNR == NR && FILENAME == tree { hash[$2] = $1; next }
    /^diff --git / { path = substr($NF, 3) }
    /^new file mode / { print hash[path], path }' tree="$TOP/patches/$1/TREE" "$TOP/patches/$1/TREE"
}

# drift VERSION NEWEST
drift() {
  awk -v version="$1" -v newest="$2" '
    NR == FNR { want[$2] = $1; next }
    !($2 in want) { print version ": " $2 " is not in " newest; next }
    want[$2] != $1 { print version ": " $2 " differs" }
    { delete want[$2] }
    END { for (path in want) print version ": " path " is missing" }' <(new_files "$2") <(new_files "$1") | LC_ALL=C sort
}

main() {
  local newest version found
  newest=$(newest_version)
  [[ -n $(new_files "$newest") ]] || die "the series of $newest adds no file"
  found=$(for version in $(supported_versions); do drift "$version" "$newest"; done)
  [[ -n $found ]] || { echo 0 && return; }
  printf '%s\n' "$found"
  wc -l <<<"$found"
  return 1
}

main
