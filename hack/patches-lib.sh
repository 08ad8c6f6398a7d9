# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts around patches/ share. Each Multus version has a series in
# patches/VERSION and a pin in e2e/pins/multus-VERSION.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MULTUS_MODULE=gopkg.in/k8snetworkplumbingwg/multus-cni.v4

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

# need_version VERSION: there is a series for it.
need_version() {
  [[ -n $1 && -r $TOP/patches/$1/TREE ]] ||
    die "there is no series for Multus '$1'; there is one for: $(supported_versions | paste -sd' ')"
}

newest_version() { supported_versions | tail -n 1; }

series_patches() { printf '%s\n' "$TOP/patches/$1"/[0-9]*.patch; }

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

# tree_differs REPO VERSION: prints each path of TREE that is another file in
# HEAD, and fails when there is none.
tree_differs() {
  local hash path found=1
  while read -r hash path; do
    [[ $(git -C "$1" rev-parse --verify --quiet "HEAD:$path") == "$hash" ]] && continue
    printf '%s\n' "$path"
    found=0
  done <"$TOP/patches/$2/TREE"
  return "$found"
}
