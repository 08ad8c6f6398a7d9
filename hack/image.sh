#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds three images in the engine's store: of the helper alone, of the sidecar,
# and of Multus by the Dockerfile.thick of the patched tree, which takes the helper
# from the first. The sidecar's is also put to $O/multus-credential.tar, and that of
# Multus, which is built once for each state of what goes in, to
# $O/multus/VERSION/image.tar.
# usage: O=DIR CACHE=DIR [ENGINE=docker|podman] [IMAGE=NAME] [FIXES=1]
#        image.sh CLUSTER_TOOL HELPER_VERSION MULTUS_VERSION
set -euo pipefail
# shellcheck source=hack/patches-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-lib.sh"

TOOL=$1 HELPER_VERSION=$2 VERSION=$3
# shellcheck source=hack/image-lib.sh
. "$TOP/hack/image-lib.sh"
DOCKERFILE=images/Dockerfile.thick

note() { printf 'image: %s\n' "$*" >&2; }

# What podman keeps of each step otherwise is as large as the image.
BUILD_OPTIONS=()
podman_only() { [[ $ENGINE != podman ]] || BUILD_OPTIONS+=("$@"); }

# quietly ARG…: what the engine says is shown if it fails.
quietly() {
  engine "$@" >"$WORK/log" 2>&1 || {
    tail -n 40 "$WORK/log" >&2
    die "$ENGINE $1 failed"
  }
}

# build IMAGE ARG…: the image that had the name before goes.
build() {
  local before
  before=$(id "$1")
  quietly build "${BUILD_OPTIONS[@]}" --tag "$@"
  [[ -z $before || $before == "$(id "$1")" ]] || engine rmi "$before" >/dev/null 2>&1 || true
}

id() { engine image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# of_one_time IMAGE DOCKERFILE DIR: no file in it, nor the image, is younger than
# SOURCE_DATE_EPOCH, so that the same files make the same image. Docker takes the
# files' times from DIR.
of_one_time() {
  local epoch=${SOURCE_DATE_EPOCH:-0} options=()
  find "$3" -exec touch --no-dereference --date="@$epoch" {} +
  [[ $ENGINE != podman ]] || options=(--timestamp "$epoch")
  build "$1" "${options[@]}" --build-arg SOURCE_DATE_EPOCH="$epoch" --file "$2" "$3"
}

helper_image() {
  mkdir "$WORK/helper"
  cp "$O/multus-delegate-exec" "$WORK/helper"
  of_one_time "$HELPER_IMAGE" "$TOP/helper/Dockerfile" "$WORK/helper"
}

# The libraries are this machine's, at their places: what the program was linked to
# is what it runs with.
sidecar_image() {
  local root=$WORK/sidecar/root libraries
  mkdir -p "$root"
  cp "$O/multus-credential" "$root"
  libraries=$(ldd "$O/multus-credential")
  [[ $libraries != *"not found"* ]] || die "libraries of $O/multus-credential are missing: $libraries"
  grep -o '/[^ ]*' <<<"$libraries" | xargs -d '\n' cp --parents --dereference --target-directory="$root"
  chmod -R u=rwX,go=rX "$root"
  of_one_time "$SIDECAR_IMAGE" "$TOP/helper/Dockerfile.credential" "$WORK/sidecar"
  rm -f -- "$O/multus-credential.tar.new"
  quietly save --output "$O/multus-credential.tar.new" "$SIDECAR_IMAGE"
  mv "$O/multus-credential.tar.new" "$O/multus-credential.tar" # a suite may be reading the one before
}

# What is untagged at the end, because it is not what its name says.
STAND_INS=()

# base IMAGE: it is there, or pulled, or made here.
base() {
  local image=docker.io/library/$1
  if "$TOOL" pull "$image" 2>/dev/null; then return; fi
  note "$image cannot be pulled; a root of Debian's packages stands in for it"
  case $1 in
    golang:*) golang_stand_in "$image" ;;
    debian:*) stand_in "$image" debian ;;
    *) die "nothing here stands in for $image" ;;
  esac
}

# stand_in IMAGE KIND OPTION…
stand_in() {
  local image=$1 kind=$2 roots
  shift 2
  roots=$("$TOP/hack/stand-ins.sh")
  STAND_INS+=("$image")
  quietly import "$@" "$roots/$kind.tar" "$image"
}

# Go has compiled most of it for `make patched`: with the same flags, and its
# cache, ten minutes of CPU time become one.
golang_stand_in() {
  local cache=/var/cache/go-build path=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  stand_in "$1" golang --change "ENV PATH=$path" --change "ENV GOFLAGS=-trimpath" --change "ENV GOCACHE=$cache"
  podman_only --volume "$(go env GOCACHE):$cache"
}

bases() {
  local name
  while read -r name; do
    base "$name"
  done < <(awk '$1 == "FROM" { for (i = 2; $i ~ /^--/; i++); if ($i !~ /[$]/) print $i }' "$1")
}

# The tree as a checkout of a user's would be, with all that its build needs. A
# module has no modes.
multus_image() {
  local tree=$WORK/multus
  patched_repo "$VERSION" "$tree"
  git -C "$tree" config core.fileMode false
  chmod +x "$tree"/hack/*.sh
  (cd "$tree" && GOFLAGS='' go mod vendor)
  bases "$tree/$DOCKERFILE"
  build "$MULTUS_IMAGE" --file "$tree/$DOCKERFILE" --label "$PREFIX.key=$KEY" \
    --build-arg DELEGATE_EXEC_IMAGE="$HELPER_IMAGE" \
    --build-arg SOURCE_DATE_EPOCH="$(git -C "$tree" log --max-count=1 --format=%ct)" "$tree"
}

key() {
  {
    cat "$TOP/e2e/pins/multus-$VERSION/go.mod" "$TOP/hack/image.sh" "$TOP/hack/image-lib.sh" "$TOP/hack/patches-lib.sh" \
      "$TOP/hack/stand-ins.sh" "$TOP/helper/Dockerfile" "$O/multus-delegate-exec"
    wanted_patches "$VERSION" | xargs -d '\n' cat
  } | sha256sum | cut -c1-16
}

in_engine() { [[ $(engine image inspect --format "{{index .Config.Labels \"$PREFIX.key\"}}" "$MULTUS_IMAGE" 2>/dev/null) == "$KEY" ]]; }

make_archive() {
  local began=$SECONDS
  note "building $MULTUS_IMAGE by upstream's $DOCKERFILE, once for this state of it"
  multus_image
  rm -rf -- "$STORE.new"
  mkdir -p "$STORE.new"
  quietly save --output "$STORE.new/image.tar" "$MULTUS_IMAGE"
  find "$CACHE" -maxdepth 1 -name "multus-$VERSION-image-*" ! -name "${STORE##*/}.new" -exec rm -rf {} +
  mv "$STORE.new" "$STORE"
  note "built $MULTUS_IMAGE in $((SECONDS - began)) s"
}

finish() {
  [[ ${#STAND_INS[@]} -eq 0 ]] || engine rmi "${STAND_INS[@]}" >/dev/null 2>&1 || true
  rm -rf -- "$WORK"
}

main() {
  need_version "$VERSION"
  go_settings
  find_engine || exit 1
  ENGINE=${ENGINE_COMMAND[-1]} && export ENGINE
  podman_only --layers=false
  KEY=$(key) STORE=$CACHE/multus-$VERSION-image-$KEY
  WORK=$(mktemp -d)
  trap finish EXIT
  mkdir -p "$CACHE" "$O/multus/$VERSION"
  exec 9>"$CACHE/image.lock"
  flock 9
  helper_image
  sidecar_image
  if [[ ! -d $STORE ]]; then
    make_archive
  elif ! in_engine; then
    quietly load --input "$STORE/image.tar"
  fi
  ln -f "$STORE/image.tar" "$O/multus/$VERSION/image.tar" 2>/dev/null ||
    cp "$STORE/image.tar" "$O/multus/$VERSION/image.tar"
  [[ -z ${IMAGE:-} ]] || engine tag "$MULTUS_IMAGE" "$IMAGE"
  note "$HELPER_IMAGE, $SIDECAR_IMAGE and ${IMAGE:-$MULTUS_IMAGE} are in $ENGINE's store"
}

main
