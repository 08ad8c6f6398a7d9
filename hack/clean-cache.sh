#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Removes the cache folder and the images made from it, unless something is
# mounted in the folder: a removal would go through the mount.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

main() {
  local cache mounts
  cache=$(readlink -m -- "$1")
  [[ ${cache##*/} == multus-delegate-credentials ]] || die "'$1' does not look like this project's cache."
  [[ -d $cache ]] || return 0
  mounts=$(awk -v d="$cache/" 'index($5 "/", d) == 1 { print $5 }' /proc/self/mountinfo)
  [[ -z $mounts ]] || die "something is mounted under '$cache', unmount it first: $mounts"
  engine_make remove-images
  # Go's module cache is read-only.
  find "$cache" -type d ! -perm -u+w -exec chmod u+w {} +
  rm -rf --one-file-system -- "$cache"
}

main "${1:?usage: hack/clean-cache.sh FOLDER}"
