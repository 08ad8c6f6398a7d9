# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2164 # errexit is on
# Tests of patches/VERSION/fixes, in the tree "fixed": sourced by
# patches-test-lib.sh.

prepare_fixed() {
  cp -r "$W/stock" "$W/fixed"
  check "fixes: git am applies them to the module's tree" fixes_apply
  git -C "$W/fixed" tag fixes
  check "fixes: each hunk is at its own line" fixes_without_offset
  check "fixes: TREE names what they touch, and agrees" fixes_tree
  check "fixes: summaries and bodies are as upstream writes them, and signed off" messages "$W/fixed" "$VERSION..fixes"
  needs_fixes "$VERSION" || check "fixes: the series applies on them, to the same files" fixes_beneath
}

fixes_apply() {
  mapfile -t fixes < <(fix_patches "$VERSION")
  git_am "$W/fixed" "${fixes[@]}"
}

fixes_without_offset() {
  mapfile -t fixes < <(fix_patches "$VERSION")
  without_offset "$W/stock" "${fixes[@]}"
}

fixes_tree() {
  local differs tree=$TOP/patches/$VERSION/fixes/TREE
  same "$(git -C "$W/fixed" diff --no-renames --name-only "$VERSION" HEAD | LC_ALL=C sort)" "$(cut -d' ' -f2- "$tree")"
  ! differs=$(tree_differs "$W/fixed" "$tree") || fail "$differs"
}

# Where the fixes are optional, TREE must hold with and without them.
fixes_beneath() {
  local differs
  git_am "$W/fixed" "${PATCHES[@]}"
  ! differs=$(FIXES=1 wanted_differs "$W/fixed" "$VERSION") || fail "$differs"
}

test_fixes() {
  check "fixes: every commit builds and vets" commits "$W/fixed" "$VERSION..fixes"
  check "fixes: gofmt finds nothing in what they touch" no_gofmt "$W/fixed" "$VERSION..fixes"
}

test_fixes_suites() {
  needs_fixes "$VERSION" || check_suites "fixes: upstream's specs and theirs pass on them" fixes_specs
}

# The packages whose tests the fixes extend.
fixes_packages() {
  git -C "$W/fixed" diff --name-only "$VERSION" fixes -- '*_test.go' | xargs -n 1 dirname | sort -u
}

fixes_specs() {
  suites_compare fixed
  [[ -n $(LC_ALL=C comm -13 <(listed fixed) <(specs fixed passed | grep -v ' delegateExec ')) ]] ||
    fail "no spec of theirs passed"
}
