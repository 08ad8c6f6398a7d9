#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs upstream's suites in stock and writes what passes as SPECS of VERSION.
# usage: O=DIR CACHE=DIR patches-specs.sh VERSION
set -euo pipefail
# shellcheck source=hack/patches-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/patches-test-lib.sh"

[[ $# -eq 1 ]] || die "usage: patches-specs.sh VERSION"
begin
enter "$1"
mkdir -p "$W"
module_repo "$VERSION" "$W/stock"
suites_queue stock "$(suites_all stock)"
suites_start
suites_wait
specs stock passed >"$TOP/patches/$VERSION/SPECS"
printf '%d specs pass, and these fail:\n%s\n' "$(wc -l <"$TOP/patches/$VERSION/SPECS")" "$(specs stock failed)"
