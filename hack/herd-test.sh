#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# That a large cluster's token requests spread: a day of 5,000 nodes with three
# credentials each, simulated with the sidecar's own scheduling code. Prints TAP.
# herd-test.sh HERD
set -euo pipefail
HERD=$1
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/test-lib.sh
. hack/test-lib.sh

VERSION=herd W=$(mktemp -d)
trap 'rm -rf -- "$W"' EXIT

# Nor is a herd that asks for nothing a success.
steady_state() {
  "$HERD" "$W/curves" >"$W/herd.json" || fail "$(cat "$W/herd.json")"
  has "$(cat "$W/herd.json")" '"herd_credentials": 15000'
  ! grep -E '"herd_calm_steady_mean_10s": 0\.00' "$W/herd.json" || fail "nothing was renewed"
}

check "in steady state no 10 s have more than twice the mean of requests" steady_state
counted
