#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Build what the node image is made from, side by side, then the image, in the
# store of the engine that runs the cluster. Prints its name.
# usage: CACHE=DIR O=DIR build.sh CLUSTER_TOOL
set -eu -o pipefail

tool=$1
cd "$(dirname "$0")/../.."
../hack/setup.sh node-image >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pids=()
pins/build.sh kubernetes >"$work/kubernetes" &
pids+=($!)
pins/build.sh etcd >"$work/etcd" &
pids+=($!)
pins/build.sh cni-plugins >"$work/cni" &
pids+=($!)
cluster/node/root.sh >"$work/root" &
pids+=($!)
for pid in "${pids[@]}"; do
	wait "$pid"
done
"$tool" node-image "$(cat "$work/kubernetes")" "$(cat "$work/etcd")" \
	"$(cat "$work/cni")" "$(cat "$work/root")"
