# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2164 # errexit is on
# Tests of the series as it stands: sourced by patches-test-lib.sh.

test_series() {
  check "git am applies the series to the module's tree" series_applies
  check "each hunk is at its own line" series_without_offset
  check "TREE names what the series touches, and agrees" series_tree
  check "upstream's Go code gets eleven lines and loses none" series_eleven_lines
  check "no other file of upstream's loses a line, but for one comma" series_loses_nothing
  check "go.mod and go.sum stay as they are" series_no_dependency
  check "the commits come in the order in which they could be sent" series_order
  check "summaries and bodies are as upstream writes them, and signed off" messages "$W/tip" base..HEAD
}

series_applies() { git_am "$W/tip" "${PATCHES[@]}"; }

series_without_offset() {
  git clone --quiet --branch base "$W/tip" "$W/base" 2>/dev/null
  without_offset "$W/base" "${PATCHES[@]}"
}

# without_offset REPO PATCH…
without_offset() {
  local patch out
  rm -rf -- "$W/offset"
  git clone --quiet "$1" "$W/offset" 2>/dev/null
  shift
  for patch; do
    out=$(LC_ALL=C git -C "$W/offset" apply --index --verbose "$patch" 2>&1) || fail "$out"
    ! grep -i 'offset\|fuzz' <<<"$out" || fail "$(basename "$patch")"
  done
}

# changed OPTION…: the difference that the series makes.
changed() { git -C "$W/tip" diff --no-renames base HEAD "$@"; }

series_tree() {
  local differs
  same "$(changed --name-only | LC_ALL=C sort)" "$(cut -d' ' -f2- "$TOP/patches/$VERSION/TREE")"
  ! differs=$(wanted_differs "$W/tip" "$VERSION") || fail "$differs"
}

# One more up to 4.1, whose daemon ends without a word at a configuration that it
# cannot read.
series_eleven_lines() {
  local touched silent=cmd/multus-daemon/main.go said=
  case $VERSION in v4.[01].*) said=1 ;; esac
  same "${said:+$'1\t0\t'$silent}" "$(changed --numstat -- "$silent")"
  touched=$(changed --numstat --diff-filter=MDT -- '*.go' ":!$silent")
  same $'pkg/server/server.go\npkg/server/types.go' "$(cut -f3 <<<"$touched")"
  same "11 0" "$(awk '{ added += $1; lost += $2 } END { print added, lost }' <<<"$touched")"
}

# A fix of something of upstream's would take a line away. The last key of a JSON
# object gets a comma.
series_loses_nothing() {
  local lost
  same $'deployments/multus-daemonset-thick.yml\t1' "$(changed --numstat | awk -F'\t' '$2 > 0 { print $3 "\t" $2 }')"
  lost=$(changed | grep '^-[^-]')
  has "$(changed)" "+${lost#-},"
}

series_no_dependency() { same "" "$(changed --name-only -- go.mod go.sum vendor)"; }

# What a commit may touch, by its place.
series_order() {
  local want=("^pkg/delegateexec/" "^(docs/|pkg/server/|cmd/multus-daemon/main[.]go$)" "^(e2e|[.]github/workflows)/" "^images/" "^deployments/")
  local i=0 commit
  same "${#want[@]}" "${#PATCHES[@]}"
  for commit in $(git -C "$W/tip" rev-list --reverse base..HEAD); do
    ! git -C "$W/tip" show --format= --name-only "$commit" | grep -vE "${want[i]}" || fail "in ${PATCHES[i]}"
    i=$((i + 1))
  done
}

# messages REPO RANGE
messages() {
  local commit subject body
  for commit in $(git -C "$1" rev-list "$2"); do
    subject=$(git -C "$1" show --no-patch --format=%s "$commit")
    body=$(git -C "$1" show --no-patch --format=%b "$commit")
    [[ ${#subject} -le 52 ]] || fail "summary of ${#subject} characters: $subject"
    ! grep -v '^Signed-off-by: ' <<<"$body" | grep -E '^.{73}' || fail "long line in: $subject"
    grep -q '^Signed-off-by: .* <.*@.*>$' <<<"$body" || fail "not signed off: $subject"
    [[ $(wc -l <<<"$body") -ge 4 ]] || fail "no reason given: $subject"
  done
}
