# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # who sources this uses them
# The images' names and the engine that has them. Whoever sources this sets TOOL,
# the cluster tool, HELPER_VERSION and VERSION, of Multus.

PREFIX=localhost/multus-delegate-credentials
HELPER_IMAGE=$PREFIX/multus-delegate-exec:$HELPER_VERSION
SIDECAR_IMAGE=$PREFIX/multus-credential:$HELPER_VERSION
MULTUS_IMAGE=$PREFIX/multus:$VERSION
export DOCKER_BUILDKIT=1 # the older builder does not know upstream's BUILDPLATFORM

engine() { "${ENGINE_COMMAND[@]}" "$@"; }

# find_engine: the one that ENGINE names, or that would run the cluster.
find_engine() {
  mapfile -t ENGINE_COMMAND < <("$TOOL" engine)
  [[ ${#ENGINE_COMMAND[@]} -gt 0 ]]
}
