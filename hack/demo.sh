#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows the whole thing on a real cluster, which stays for a look: the same
# delegate under stock Multus and under the patched one. `demo.sh clean` takes
# the cluster away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

export CLUSTER=mdc-demo
unset MAKEFLAGS MFLAGS MAKELEVEL MULTUS_VERSION FIXES IMAGE # each step is a make of its own

declare_steps() {
  step cluster-tool "" plain_make cluster-tool
  step programs "" plain_make programs
  step cluster cluster-tool engine_make cluster-up CLUSTER="$CLUSTER"
  step multus programs plain_make multus
  step image "cluster-tool multus" engine_make suite-newest
  step demo "image cluster" engine_make demo-run CLUSTER="$CLUSTER"
}

main() {
  case ${1-} in
    "") ;;
    clean)
      root_ready "removing the cluster"
      engine_make cluster-down CLUSTER="$CLUSTER"
      return
      ;;
    *) die "usage: hack/demo.sh [clean]" ;;
  esac
  hack/setup.sh build e2e
  root_ready "running a cluster"
  declare_steps
  run_steps || die "the demo needs what failed above; 'make demo' goes on from there."
  give_back
  say "" && cat "$O/demo.txt"
}

main "$@"
