#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bring the cluster up, run Go packages of tests on it, and take it down again
# unless it ran before or KEEP=1.
# usage: O=DIR CACHE=DIR CLUSTER=NAME PART=NAME PACKAGES="./..." [KEEP=1]
#        test.sh CLUSTER_TOOL [OPTION...]
set -eu -o pipefail

call=("$@")
began=$SECONDS
results=$O/results/$PART.txt
mkdir -p "$O/results"
# What counts until there are results: tests that could not run have failed.
echo "0 1 0" >"$results"
cd "$(dirname "$0")/.."

keep=${KEEP:-0}
if "${call[@]}" status >/dev/null 2>&1; then
	keep=1
fi
# shellcheck disable=SC2317 # the trap calls it
finish() {
	if [ "$keep" = 1 ]; then
		echo "$PART: $CLUSTER stays: make cluster-down CLUSTER=$CLUSTER removes it" >&2
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
# shellcheck disable=SC2086 # a list
go run ./cmd/suite -results "$results" $PACKAGES || status=$?
if [ "$status" != 0 ]; then
	echo "$PART: the nodes' logs are in $("${call[@]}" logs)" >&2
fi
echo "$PART: $((SECONDS - began)) s" >&2
exit "$status"
