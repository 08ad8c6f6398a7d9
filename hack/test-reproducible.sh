#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests that Multus and the images, built again from nothing, are the same bytes.
# usage: O=DIR CACHE=DIR test-reproducible.sh CLUSTER_TOOL HELPER_VERSION
set -euo pipefail
# shellcheck source=hack/image-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/image-test-lib.sh"

# digests DIR
digests() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

same_patched() {
  CACHE=$W/cache O=$W/patched "$TOP/hack/patched.sh" "$VERSION"
  same "$(digests "$O/multus/$VERSION/patched")" "$(digests "$W/patched/multus/$VERSION/patched")"
}

layers() { engine image inspect --format '{{json .RootFS}}' "$HELPER_IMAGE" "$SIDECAR_IMAGE"; }

# The programs are upstream's build's, of which some say when they were built.
images_again() {
  local before layers
  contents "$MULTUS_IMAGE"
  before=$(digests "$W/root/usr/src") layers=$(layers)
  mkdir -p "$W/cache" "$W/again"
  cp "$O/multus-delegate-exec" "$O/multus-credential" "$W/again"
  find "$CACHE" -maxdepth 1 -name 'stand-ins-*' -exec cp -r {} "$W/cache" \;
  CACHE=$W/cache O=$W/again image
  contents "$MULTUS_IMAGE"
  same "$before" "$(digests "$W/root/usr/src")"
  same "$layers" "$(layers)"
}

main() {
  begin
  check "patched Multus is made to the same bytes in another folder" same_patched
  check "the images are made again: of Multus with the same programs, the others to the same layers" images_again
  finish reproducible
}

main
