#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds every program of the pinned Multus with our series, static, once for
# each state of both: the programs go to $O/multus/VERSION/patched, their source
# to $O/multus/VERSION/src. With FIXES=1 the fixes of upstream's bugs go beneath it.
# usage: O=DIR CACHE=DIR [FIXES=1] patched.sh [VERSION]
set -euo pipefail
# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"

# What the programs say of themselves; the date is that of the series, so that
# the same sources make the same bytes.
ldflags() {
  local version=$1 series=$2 stamp=$MULTUS_MODULE/pkg/multus date fixes=
  ! wants_fixes "$version" || fixes=+fixes
  date=$(sed -n 's/^Date: //p' "$series" | tail -n 1)
  printf '%s ' -s -w "-X $stamp.version=$version" "-X $stamp.commit=$version${fixes}+delegateExec" \
    "-X $stamp.gitTreeState=patched" "-X $stamp.date=$(date -u -d "$date" +%Y-%m-%dT%H:%M:%SZ)"
}

build() {
  local version=$1 store=$2 series=$2.new/series
  rm -rf -- "$store.new"
  mkdir -p "$store.new/bin"
  patched_repo "$version" "$store.new/src"
  cat "${patches[@]}" >"$series"
  rm -rf -- "$store.new/src/.git"
  (cd "$store.new/src" && go build -ldflags "$(ldflags "$version" "$series")" -o ../bin/ ./cmd/...)
  # install_multus and upstream's images know it by this name; 4.2 is the first
  # to have it.
  [[ ! -e $store.new/bin/passthru-cni ]] || mv "$store.new/bin/passthru-cni" "$store.new/bin/passthru"
  rm -- "$series"
  mv "$store.new" "$store"
}

main() {
  local version=${1:-${MULTUS_VERSION:-v4.3.0}} key store began
  need_version "$version"
  mapfile -t patches < <(wanted_patches "$version")
  go_settings
  key=$({
    go env GOVERSION GOARCH
    cat "$TOP/e2e/pins/multus-$version/go.mod" "$TOP/e2e/pins/multus-$version/go.sum" \
      "$TOP/hack/patched.sh" "$TOP/hack/patches-lib.sh" "${patches[@]}"
  } | sha256sum | cut -c1-16)
  store=$CACHE/multus-$version-patched-$key
  mkdir -p "$CACHE" "$O/multus/$version"
  exec 9>"$CACHE/multus-$version-patched.lock"
  flock 9
  if [[ ! -d $store ]]; then
    echo "building Multus $version with our patches, once for this state of them" >&2
    began=$SECONDS
    build "$version" "$store" 9>&-
    echo "built Multus $version with our patches in $((SECONDS - began)) s" >&2
  fi
  put "$store" "$O/multus/$version"
}

# put STORE DIR. The stamp is written last: what was interrupted is put there
# again.
put() {
  local stamp=$2/patched.stamp
  [[ -r $stamp && $(<"$stamp") == "$1" ]] && return
  rm -rf -- "$stamp" "$2/patched" "$2/src"
  cp -r "$1/bin" "$2/patched"
  cp -r "$1/src" "$2/src"
  printf '%s\n' "$1" >"$stamp"
}

main "$@"
