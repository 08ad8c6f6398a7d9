#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Applies the series of one Multus version to a checkout of Multus, all of it
# or nothing, and compares the result with what was tested.
# usage: apply.sh MULTUS_SRC [VERSION]
set -euo pipefail
# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"

need_checkout() {
  local src=$1 top
  [[ -n $src ]] || die "say where your Multus checkout is: make apply MULTUS_SRC=DIR"
  [[ -d $src ]] || die "$src is not a directory"
  top=$(git -C "$src" rev-parse --show-toplevel 2>/dev/null) ||
    die "$src is not a git checkout: clone Multus with git, or let 'make patched' build the pinned release"
  [[ $top -ef $src ]] || die "$src is inside the git checkout $top and not one of its own"
  [[ $(sed -n 's/^module //p' "$src/go.mod" 2>/dev/null) == "$MULTUS_MODULE" ]] ||
    die "$src is not Multus 4: its go.mod does not name the module $MULTUS_MODULE"
  git -C "$src" rev-parse --verify --quiet HEAD >/dev/null || die "$src has no commit yet"
}

need_quiet_checkout() {
  local src=$1 state
  for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD; do
    [[ ! -e $(cd "$src" && git rev-parse --git-path "$state" | xargs -d '\n' realpath -m) ]] ||
      die "$src is in the middle of a git operation ($state): finish or abort it first"
  done
  [[ -z $(git -C "$src" status --porcelain --untracked-files=no) ]] ||
    die "$src has changes that are not committed: commit or stash them first"
}

# likeness REPO VERSION: how many of upstream's files that the series changes
# are in HEAD what they are in that version, and how many there are.
likeness() {
  local hash path same=0 all=0
  while read -r hash path; do
    [[ $hash =~ ^0+$ ]] && continue
    all=$((all + 1))
    [[ $(git -C "$1" rev-parse --verify --quiet "HEAD:$path") != "$hash" ]] || same=$((same + 1))
  done < <(series_patches "$2" | xargs -d '\n' sed -n \
    -e 's|^diff --git a/.* b/||;t keep' -e 's/^index \([0-9a-f]*\)\.\..*/\1/;t join' -e b \
    -e ':keep' -e 'h;b' -e ':join' -e 'G;s/\n/ /p')
  printf '%s %s\n' "$same" "$all"
}

# nearest REPO: "VERSION SAME ALL" of the series that fits best, the newest of
# several.
nearest() {
  local version same all best="none 0 1" best_same best_all
  while read -r version; do
    read -r same all < <(likeness "$1" "$version")
    read -r _ best_same best_all <<<"$best"
    [[ $((same * best_all)) -lt $((best_same * all)) ]] || best="$version $same $all"
  done < <(supported_versions)
  printf '%s\n' "$best"
}

# hunk PATCH FILE LINE: the head of the hunk that git could not place.
hunk() {
  awk -v file="$2" -v line="$3" '
    /^diff --git / { here = ($NF == "b/" file) }
    here && /^@@ / {
      split($2, old, ","); at = -old[1]
      if (at == line || shown == "") shown = $0
      if (at == line) exit
    }
    END { print shown }' "$1"
}

# explain SRC VERSION OUTPUT PATCH: what does not fit, and what to do.
explain() {
  local src=$1 version=$2 output=$3 patch=$4 file line best same all
  {
    printf '%s does not fit into %s:\n' "$(basename "$patch")" "$src"
    # git says "patch failed: FILE:LINE", or why a file cannot be made or found.
    sed -n 's/^error: patch failed: \(.*\):\([0-9]*\)$/\2 \1/p' <<<"$output" | while read -r line file; do
      printf '  file %s, hunk %s\n' "$file" "$(hunk "$patch" "$file" "$line")"
    done
    grep -v 'patch failed: \|patch does not apply' <<<"$output" | sed -n 's/^error: /  /p' || true
    read -r best same all < <(nearest "$src")
    printf '%s is as it was. The nearest supported version is %s (%d of the %d files changed there are as in it).\n' \
      "$src" "$best" "$same" "$all"
    printf 'Next: '
    if [[ $best != "$version" && $best != none ]]; then
      printf 'make apply MULTUS_SRC=%q MULTUS_VERSION=%s\n' "$src" "$best"
    else
      printf 'git -C %q switch --create delegate-exec %s && make apply MULTUS_SRC=%q MULTUS_VERSION=%s\n' \
        "$src" "$version" "$src" "$version"
    fi
  } >&2
  exit 1
}

apply() {
  local src=$1 version=$2 before output patch differs
  mapfile -t patches < <(series_patches "$version")
  need_committer "$src" "${patches[0]}"
  before=$(git -C "$src" rev-parse HEAD)
  if ! output=$(LC_ALL=C git_am "$src" "${patches[@]}" 2>&1); then
    patch=$(git -C "$src" rev-parse --git-path rebase-apply/next)
    patch=${patches[$(($(cd "$src" && cat "$patch" 2>/dev/null || echo 1) - 1))]}
    git -C "$src" am --abort >/dev/null 2>&1 || true
    [[ $(git -C "$src" rev-parse HEAD) == "$before" ]] || git -C "$src" reset --quiet --keep "$before"
    explain "$src" "$version" "$output" "$patch"
  fi
  if differs=$(tree_differs "$src" "$version"); then
    git -C "$src" reset --quiet --keep "$before"
    die "the series of $version applies, but not to what it was tested with: other contents than expected in
$differs
$src is as it was. Next: git -C $src diff $version -- (where $version is upstream's tag)"
  fi
}

main() {
  local src=${1:-} version=${2:-${MULTUS_VERSION:-v4.3.0}}
  need_checkout "$src"
  need_version "$version"
  if ! tree_differs "$src" "$version" >/dev/null; then
    echo "$src has the series of $version already: nothing to do"
    return
  fi
  need_quiet_checkout "$src"
  apply "$src" "$version"
  echo "applied $(series_patches "$version" | wc -l) commits to $src; each file is as in patches/$version/TREE"
}

main "$@"
