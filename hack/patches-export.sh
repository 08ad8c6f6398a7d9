#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the commits BASE..HEAD of a Multus checkout as the series of VERSION, or
# its fixes, and their TREE. Least context and no file of upstream's beyond it; TREE shows
# that each hunk still finds its place.
# usage: patches-export.sh REPO BASE VERSION[/fixes]
set -euo pipefail
# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"

[[ $# -eq 3 ]] || die "usage: patches-export.sh REPO BASE VERSION[/fixes]"
repo=$1 base=$2 series=$TOP/patches/$3

mkdir -p "$series"
rm -f -- "$series"/[0-9]*.patch
git -C "$repo" format-patch --quiet --unified=1 --full-index --zero-commit --no-signature \
  --no-numbered --no-renames --output-directory "$series" "$base"
git -C "$repo" diff --name-only --no-renames "$base" HEAD | LC_ALL=C sort | while read -r path; do
  printf '%s %s\n' "$(git -C "$repo" rev-parse "HEAD:$path")" "$path"
done >"$series/TREE"
