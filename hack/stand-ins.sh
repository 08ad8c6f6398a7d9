#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the roots of two images for where no registry can be reached: what
# upstream's Dockerfile uses of debian and of golang. Prints the folder that holds
# debian.tar and golang.tar.
# usage: CACHE=DIR stand-ins.sh
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
cd "$(dirname "$self")/.."

key=$({ cat "$self" && cd e2e && go env GOVERSION GOARCH; } | sha256sum | cut -c1-16)
out=$CACHE/stand-ins-$key
mkdir -p "$CACHE"
exec 9>"$CACHE/stand-ins.lock"
flock 9
if [[ ! -d $out ]]; then
  hack/setup.sh debian-root >&2
  goroot=$(cd e2e && go env GOROOT)
  began=$SECONDS
  echo "stand-ins: installing Debian's packages into two roots, once" >&2
  rm -rf -- "$out.new"
  mkdir "$out.new"
  # shellcheck disable=SC2016 # mmdebstrap's own shell expands it
  if ! mmdebstrap --variant=minbase --include=git,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook='tar -C "$1" --one-file-system --exclude=./dev/?* --exclude=./var/lib/apt/?* --exclude=./var/cache/apt/?* -cf '"'$out.new/debian.tar'"' .' \
    --customize-hook="cp -r '$goroot' \"\$1/usr/local/go\"" \
    bookworm "$out.new/golang.tar" >"$out.new/log" 2>&1; then
    tail -n 20 "$out.new/log" >&2
    exit 1
  fi
  mv "$out.new" "$out"
  echo "stand-ins: made in $((SECONDS - began)) s" >&2
fi
echo "$out"
