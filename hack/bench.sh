#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the credentials cost, each beside what one would take instead:
#   - an invocation, with more and more mounts on the host, beside chroot and exec
#     alone, unshare(1) and bubblewrap (hack/bench/invocations.c);
#   - ADDs through two DaemonSets with upstream's limits, patched and stock, on a
#     kind cluster of its own: in turns, and as many at once as they survive
#     (e2e/cmd/bench);
#   - the token requests of a large cluster over a day (hack/bench/herd.c).
# The figures are in build/bench.json and build/herd.json, every sample, the README's
# table and the plots in build/bench/. All of one comparison is measured in one run, in turns.
#   BENCH_MOUNTS="100 1000"   instead of four sizes; the largest takes minutes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

export CLUSTER=mdc-bench
BENCH=$O/bench
read -ra MOUNTS <<<"${BENCH_MOUNTS:-100 1000 5000 20000}"
unset MAKEFLAGS MFLAGS MAKELEVEL MULTUS_VERSION FIXES IMAGE # each step is a make of its own

invocations() {
  as_root unshare --mount --propagation private "$O/helper-test/invocations" \
    "$(plain_make --silent cni-plugins)/static" "$O/helper-test/wrapper" "${MOUNTS[@]}"
}

# In a shell of its own, which takes the cluster down however it ends.
cluster() (
  trap 'engine_make cluster-down; give_back' EXIT
  engine_make cluster-up
  engine_make bench-run
)

plots() {
  local plot
  for plot in hack/bench/*.gnuplot; do
    gnuplot -e "data='$BENCH'" "$plot" >"$BENCH/$(basename "$plot" .gnuplot).svg"
  done
  say "plots: $BENCH/*.svg"
}

main() {
  hack/setup.sh bench e2e
  root_ready "making mounts and a cluster"
  mkdir -p "$BENCH"
  plain_make bench-programs
  invocations >"$BENCH/invocations.samples"
  engine_make suite-newest
  cluster
  cat "$BENCH"/*.samples | "$O/bench-summary" "$BENCH/table" "$BENCH/table.md" >"$O/bench.json"
  "$O/herd" "$BENCH/herd" >"$O/herd.json"
  cat "$O/bench.json" "$O/herd.json"
  plots
}

main
