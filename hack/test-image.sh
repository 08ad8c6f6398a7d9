#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests what `make image` made.
# usage: O=DIR CACHE=DIR test-image.sh CLUSTER_TOOL HELPER_VERSION
set -euo pipefail
# shellcheck source=hack/image-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/image-test-lib.sh"

same_helper() {
  local copy=$W/elsewhere/tree
  mkdir -p "$copy"
  git -C "$TOP" ls-files -z --cached --others --exclude-standard Makefile include helper '*.mk' |
    tar -C "$TOP" --null -T - -cf - | tar -C "$copy" -xf -
  env -u MAKEFLAGS make --no-print-directory -C "$copy" O="$W/elsewhere/build" programs
  cmp "$O/multus-delegate-exec" "$W/elsewhere/build/multus-delegate-exec"
}

# The engine makes empty files and folders for what it would mount.
helper_alone() {
  contents "$HELPER_IMAGE"
  same ./multus-delegate-exec "$(cd "$W/root" && find . -type f -size +0)"
  cmp "$O/multus-delegate-exec" "$W/root/multus-delegate-exec"
  [[ $(stat --format=%s "$W/root/multus-delegate-exec") -lt 1048576 ]] || fail "it has a megabyte"
}

multus_whole() {
  local bin=$W/root/usr/src/multus-cni/bin name
  contents "$MULTUS_IMAGE"
  cmp "$O/multus-delegate-exec" "$bin/multus-delegate-exec"
  for name in "$O/multus/$VERSION/patched"/*; do
    [[ -x $bin/${name##*/} ]] || fail "${name##*/} is missing"
  done
  has "$("$bin/multus-daemon" --version || true)" "version:$VERSION"
  same '["/usr/src/multus-cni/bin/multus-daemon"]' "$(engine image inspect --format '{{json .Config.Entrypoint}}' "$MULTUS_IMAGE")"
}

# With a Dockerfile that knows nothing of Multus.
copied_elsewhere() {
  local image=$PREFIX/elsewhere:test
  mkdir "$W/context"
  printf 'FROM scratch\nCOPY --from=%s /multus-delegate-exec /opt/run\nENTRYPOINT ["/opt/run"]\n' "$HELPER_IMAGE" \
    >"$W/context/Dockerfile"
  engine build --tag "$image" "$W/context"
  same "$("$O/multus-delegate-exec" --version)" "$(engine run --rm --net=none "$image" --version)"
  engine rmi "$image"
}

named() {
  local name=$PREFIX/named:test
  IMAGE=$name image
  same "$(engine image inspect --format '{{.Id}}' "$MULTUS_IMAGE")" "$(engine image inspect --format '{{.Id}}' "$name")"
  engine rmi "$name"
}

refusals() {
  has "$(ENGINE=dockr image || true)" 'there is no engine "dockr": it is one of docker, podman'
  has "$(image v9.9.9 || true)" "there is no series for Multus 'v9.9.9'"
}

main() {
  begin
  check "the helper is made to the same bytes in another folder" same_helper
  check "the helper's image holds the helper alone, below a megabyte" helper_alone
  check "the image of Dockerfile.thick holds upstream's programs and the helper" multus_whole
  check "any other image can take the helper from its image" copied_elsewhere
  check "make image: IMAGE= names the image" named
  check "make image: an engine or a version that is not there is named" refusals
  finish image
}

main
