# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts around patches/ share. Each Multus version has a series in
# patches/VERSION and a pin in e2e/pins/multus-VERSION; some have fixes of
# upstream's own bugs in patches/VERSION/fixes, which go beneath the series.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MULTUS_MODULE=gopkg.in/k8snetworkplumbingwg/multus-cni.v4

# Whose series stands on the fixes; elsewhere FIXES=1 asks for them.
NEED_FIXES=(v4.0.2)

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Everything here is built with the flags of e2e/pins/build.sh, so that what is
# compiled for one is there for all.
go_settings() {
  export CGO_ENABLED=0 GOWORK=off GOFLAGS="-trimpath -buildvcs=false"
}

supported_versions() {
  local dir
  for dir in "$TOP"/patches/v*/; do
    basename "$dir"
  done | sort -V
}

# need_version VERSION: there is a series for it, and the fixes that are wanted.
need_version() {
  [[ -n $1 && -r $TOP/patches/$1/TREE ]] ||
    die "there is no series for Multus '$1'; there is one for: $(supported_versions | paste -sd' ')"
  ! wants_fixes "$1" || has_fixes "$1" ||
    die "there are no fixes for Multus $1; there are some for: $(versions_with_fixes | paste -sd' ')"
}

newest_version() { supported_versions | tail -n 1; }

series_patches() { printf '%s\n' "$TOP/patches/$1"/[0-9]*.patch; }

fix_patches() { printf '%s\n' "$TOP/patches/$1/fixes"/[0-9]*.patch; }

has_fixes() { [[ -r $TOP/patches/$1/fixes/TREE ]]; }

needs_fixes() { [[ " ${NEED_FIXES[*]} " == *" $1 "* ]]; }

# wants_fixes VERSION: they are needed or asked for.
wants_fixes() {
  [[ ${FIXES:-0} =~ ^[01]$ ]] || die "FIXES is 1, or 0, or not set"
  needs_fixes "$1" || [[ ${FIXES:-0} -eq 1 ]]
}

versions_with_fixes() {
  local version
  for version in $(supported_versions); do
    ! has_fixes "$version" || printf '%s\n' "$version"
  done
}

# wanted_patches VERSION: what is applied to upstream's tree.
wanted_patches() {
  ! wants_fixes "$1" || fix_patches "$1"
  series_patches "$1"
}

# git_am REPO PATCH…: exact context only, whatever the user's configuration
# says. Fuzz has put a hunk into another function, in silence.
git_am() {
  local repo=$1
  shift
  git -C "$repo" -c am.threeWay=false -c apply.whitespace=nowarn -c core.autocrlf=false \
    am --no-3way --no-gpg-sign --quiet "$@"
}

# Whoever has no identity for git still gets the series, in its author's name.
need_committer() {
  local repo=$1 patch=$2 mail
  git -C "$repo" var GIT_COMMITTER_IDENT >/dev/null 2>&1 && return
  mail=$(git mailinfo /dev/null /dev/null <"$patch")
  GIT_COMMITTER_NAME=$(sed -n 's/^Author: //p' <<<"$mail")
  GIT_COMMITTER_EMAIL=$(sed -n 's/^Email: //p' <<<"$mail")
  export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
}

# The tree of the pinned module, checked against the pin's go.sum.
module_dir() {
  local pin=$TOP/e2e/pins/multus-$1 out
  [[ -r $pin/go.mod ]] || die "Multus $1 is not pinned: $pin/go.mod is missing"
  out=$(cd "$pin" && go mod download -json "$MULTUS_MODULE") ||
    die "Multus $1 could not be downloaded: $(sed -n 's/.*"Error": //p' <<<"$out")"
  sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$out"
}

# module_repo VERSION DIR: DIR becomes a git repository of the module's tree.
# The modules of 4.0 and 4.1 hold a vendor/ with nothing but its list.
module_repo() {
  local version=$1 dir=$2 from
  from=$(module_dir "$version")
  mkdir -p "$dir"
  cp -r --no-preserve=mode,ownership "$from/." "$dir"
  [[ -d $dir/vendor/github.com ]] || rm -rf "$dir/vendor"
  git -C "$dir" init --quiet --initial-branch=main
  git -C "$dir" config user.name "Multus $version"
  git -C "$dir" config user.email "multus@localhost"
  git -C "$dir" add --all --force
  GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z' \
    git -C "$dir" commit --quiet --no-gpg-sign --message "Multus $version"
  git -C "$dir" tag "$version"
}

# names TREE PATH: it is one of TREE's paths.
names() { awk -v path="$2" '$2 == path { found = 1 } END { exit !found }' "$1"; }

# tree_differs REPO TREE [LATER]: prints each path of the file TREE that is
# another file in HEAD, and fails when there is none. What the file LATER has,
# too, is not looked at.
tree_differs() {
  local hash path found=1
  while read -r hash path; do
    [[ $(git -C "$1" rev-parse --verify --quiet "HEAD:$path") == "$hash" ]] && continue
    [[ -z ${3:-} ]] || ! names "$3" "$path" || continue
    printf '%s\n' "$path"
    found=0
  done <"$2"
  return "$found"
}

series_differs() { tree_differs "$1" "$TOP/patches/$2/TREE"; }

# fixes_differ REPO VERSION: beneath the series, which may touch the same files.
fixes_differ() { tree_differs "$1" "$TOP/patches/$2/fixes/TREE" "$TOP/patches/$2/TREE"; }

# wanted_differs REPO VERSION: the same for all that is wanted of VERSION.
wanted_differs() {
  local found=1
  ! wants_fixes "$2" || ! fixes_differ "$1" "$2" || found=0
  ! series_differs "$1" "$2" || found=0
  return "$found"
}

# patched_repo VERSION DIR: DIR becomes a git repository of the module's tree
# with all that is wanted of VERSION, with the same commits each time.
patched_repo() {
  local patches
  module_repo "$1" "$2"
  mapfile -t patches < <(wanted_patches "$1")
  git_am "$2" --committer-date-is-author-date "${patches[@]}"
  ! wanted_differs "$2" "$1" >&2 || die "Multus $1 with its patches is not what TREE in patches/$1 says"
}
