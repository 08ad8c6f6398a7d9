# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of patches/ share: sourced by test-patches.sh and
# test-all-versions.sh.

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=hack/patches-lib.sh
. "$here/patches-lib.sh"
# shellcheck source=hack/test-lib.sh
. "$here/test-lib.sh"
for part in series code suites fixes apply; do
  # shellcheck source=/dev/null
  . "$here/patches-test-$part.sh"
done

O=${O:-$TOP/build}
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/multus-delegate-credentials}
export O CACHE
unset FIXES MULTUS_VERSION # each test says what it wants

# enter VERSION: what follows is about it.
enter() {
  VERSION=$1
  W=$O/patches-test/$VERSION
  mapfile -t PATCHES < <(series_patches "$VERSION")
}

# The trees that the tests of VERSION work on: stock, fixed with the fixes, and
# tip with the series, which stands on what its tag "base" names.
prepare() {
  mkdir -p "$W"
  module_repo "$VERSION" "$W/stock"
  ! has_fixes "$VERSION" || prepare_fixed
  if needs_fixes "$VERSION"; then cp -r "$W/fixed" "$W/tip"; else cp -r "$W/stock" "$W/tip"; fi
  git -C "$W/tip" tag base
}

tip_is_whole() { [[ $(git -C "$W/tip" rev-list --count base..HEAD) -eq ${#PATCHES[@]} ]]; }

begin() {
  go_settings
  # go vet is a check of its own; go test would ask it about all that a package needs.
  GOFLAGS+=" -vet=off"
  rm -rf -- "$O/patches-test"
  mkdir -p "$O/patches-test" "$O/results" "$CACHE"
}

# Ends the tests; what failed is left to be looked at.
finish() {
  [[ $FAILED -gt 0 ]] || rm -rf -- "$O/patches-test"
  counted
}
