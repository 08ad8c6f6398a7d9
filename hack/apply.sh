#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Applies the series of one Multus version to a checkout of Multus, all of it
# or nothing, and compares the result with what was tested. With FIXES=1, and
# where the series needs them, the fixes of upstream's bugs go beneath it.
# usage: [FIXES=1] apply.sh MULTUS_SRC [VERSION]
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

# upstream_files VERSION: "HASH PATH" of upstream's files that its patches change.
upstream_files() {
  {
    ! needs_fixes "$1" || fix_patches "$1"
    series_patches "$1"
  } | xargs -d '\n' awk '
    /^diff --git / { path = substr($NF, 3) }
    /^index / && !seen[path]++ { hash = substr($2, 1, 40); if (hash !~ /^0+$/) print hash, path }'
}

# likeness REPO VERSION: how many of those files are in HEAD what they are in
# that version, and how many there are.
likeness() {
  local hash path same=0 all=0
  while read -r hash path; do
    all=$((all + 1))
    [[ $(git -C "$1" rev-parse --verify --quiet "HEAD:$path") != "$hash" ]] || same=$((same + 1))
  done < <(upstream_files "$2")
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

# hunk PATCH FILE NUMBER: the head of that hunk.
hunk() {
  awk -v file="$2" -v number="$3" '
    /^diff --git / { here = ($NF == "b/" file) }
    here && /^@@ / && --number == 0 { sub(/ @@.*/, " @@"); print; exit }' "$1"
}

# misfits COPY PATCH: a line for each thing in it that finds no place in COPY,
# where the rest is put.
misfits() {
  local out kind what file=
  out=$(LC_ALL=C git -C "$1" apply --reject --whitespace=nowarn "$2" 2>&1) && return
  sed -n -e 's/^Applying patch \(.*\) with [0-9]* reject.*/file \1/p' -e 's/^Rejected hunk #\([0-9]*\).*/hunk \1/p' \
    -e '/patch failed:\|patch does not apply\|while searching for/!s/^error: /error /p' <<<"$out" |
    while read -r kind what; do
      case $kind in
        file) file=$what ;;
        hunk) printf '%s: file %s, hunk %s\n' "$(basename "$2")" "$file" "$(hunk "$2" "$file" "$what")" ;;
        error) printf '%s: %s\n' "$(basename "$2")" "$what" ;;
      esac
    done
}

# all_misfits SRC PATCH…: those of all the patches, found out in a copy of the
# checkout, with what lies in it untracked where a patch would put a file.
all_misfits() {
  local src=$1 copy patch path
  shift
  copy=$(mktemp -d)
  # shellcheck disable=SC2064 # this copy
  trap "rm -rf -- '$copy'" EXIT
  git clone --quiet --shared "$src" "$copy"
  for patch; do
    while read -r path; do
      [[ ! -e $src/$path ]] || install -D -- "$src/$path" "$copy/$path"
    done < <(awk '/^diff --git / { path = substr($NF, 3) } /^new file mode / { print path }' "$patch")
    misfits "$copy" "$patch"
  done
}

# explain SRC VERSION PATCH…: what does not fit, and what to do.
explain() {
  local src=$1 version=$2 best same all found hunks
  shift 2
  found=$(all_misfits "$src" "$@")
  hunks=$(cat "$@" | grep -c '^@@ ')
  read -r best same all < <(nearest "$src")
  {
    printf 'the series of %s does not fit into %s: of its %d hunks these find no place\n' "$version" "$src" "$hunks"
    sed 's/^/  /' <<<"$found"
    printf '%s is as it was. The nearest supported version is %s (%d of the %d files changed there are as in it).\n' \
      "$src" "$best" "$same" "$all"
    if [[ $best != "$version" && $best != none ]]; then
      printf 'Next: make apply MULTUS_SRC=%q MULTUS_VERSION=%s\n' "$src" "$best"
    else
      printf 'Next: git -C %q switch --create delegate-exec %s && make apply MULTUS_SRC=%q MULTUS_VERSION=%s\n' \
        "$src" "$version" "$src" "$version"
      printf "Or place by hand what does not fit, in *.rej after: git -C %q am --reject '%s'/[0-9]*.patch\n" \
        "$src" "$TOP/patches/$version"
    fi
  } >&2
  exit 1
}

# missing REPO VERSION: the wanted patches that are not in it.
missing() {
  ! wants_fixes "$2" || ! fixes_differ "$1" "$2" >/dev/null || fix_patches "$2"
  ! series_differs "$1" "$2" >/dev/null || series_patches "$2"
}

apply() {
  local src=$1 version=$2 before differs
  shift 2
  need_committer "$src" "$1"
  before=$(git -C "$src" rev-parse HEAD)
  if ! git_am "$src" "$@" >/dev/null 2>&1; then
    git -C "$src" am --abort >/dev/null 2>&1 || true
    [[ $(git -C "$src" rev-parse HEAD) == "$before" ]] || git -C "$src" reset --quiet --keep "$before"
    explain "$src" "$version" "$@"
  fi
  if differs=$(wanted_differs "$src" "$version"); then
    git -C "$src" reset --quiet --keep "$before"
    die "the series of $version applies, but not to what it was tested with: other contents than expected in
$differs
$src is as it was. Next: git -C $src diff $version -- (where $version is upstream's tag)"
  fi
}

main() {
  local src=${1:-} version=${2:-${MULTUS_VERSION:-v4.3.0}} fixes=
  need_checkout "$src"
  need_version "$version"
  ! wants_fixes "$version" || fixes=" and its fixes"
  mapfile -t patches < <(missing "$src" "$version")
  if [[ ${#patches[@]} -eq 0 ]]; then
    echo "$src has the series of $version$fixes already: nothing to do"
    return
  fi
  need_quiet_checkout "$src"
  apply "$src" "$version" "${patches[@]}"
  echo "applied ${#patches[@]} commits to $src; each file is as TREE says, in patches/$version${fixes:+ and in its fixes}"
}

main "$@"
