#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bring the cluster up, run the suite on it, and take it down again unless it
# ran before or KEEP=1.
# usage: O=DIR CACHE=DIR CLUSTER=NAME [KEEP=1] test.sh CLUSTER_TOOL [OPTION...]
set -eu -o pipefail

call=("$@")
began=$SECONDS
mkdir -p "$O/results"
# What counts until there are results: a suite that could not run has failed.
echo "0 1 0" >"$O/results/e2e.txt"
cd "$(dirname "$0")/.."

keep=${KEEP:-0}
if "${call[@]}" status >/dev/null 2>&1; then
	keep=1
fi
# shellcheck disable=SC2317 # the trap calls it
finish() {
	if [ "$keep" = 1 ]; then
		echo "e2e: $CLUSTER stays: make cluster-down removes it" >&2
	else
		"${call[@]}" down
	fi
}
if ! "${call[@]}" up; then
	echo "0 passed, 1 failed"
	exit 1
fi
trap finish EXIT

export MDC_BUILD=$O MDC_CACHE=$CACHE MDC_CLUSTER=$CLUSTER MDC_KEEP=$keep
status=0
go run ./cmd/suite -results "$O/results/e2e.txt" ./... || status=$?
if [ "$status" != 0 ]; then
	echo "e2e: the nodes' logs are in $("${call[@]}" logs)" >&2
fi
echo "e2e: $((SECONDS - began)) s" >&2
exit "$status"
