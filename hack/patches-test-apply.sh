# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Tests of hack/apply.sh and hack/drift.sh: sourced by patches-test-lib.sh.

test_drift() {
  check "drift: the series add the same files, and the last line is 0" drift_none
  check "drift: what differs, is missing or is added is named and counted" drift_found
}

drift_none() { same 0 "$("$TOP/hack/drift.sh")"; }

drift_found() {
  local copy=$W/drift said status=0 old
  old=$(supported_versions | head -n 1)
  mkdir "$copy"
  cp -r "$TOP/hack" "$TOP/patches" "$copy"
  sed -i -e '/match[.]go$/s/^....../000000/' "$copy/patches/$old/TREE"
  sed -i -e 's|/report[.]go|/reports.go|g' "$copy/patches/$old/"0001-*.patch "$copy/patches/$old/TREE"
  said=$("$copy/hack/drift.sh") || status=$?
  same 1 "$status"
  same "$old: pkg/delegateexec/match.go differs
$old: pkg/delegateexec/report.go is missing
$old: pkg/delegateexec/reports.go is not in $VERSION
3" "$said"
}

test_apply() {
  check "apply: a git checkout with modes and vendor/ gets the series, and TREE agrees" apply_checkout
  check "apply: a second time says so and does nothing" apply_twice
  check "apply: an identity is not needed, and settings for am do not matter" apply_settings
  check "apply: a conflict names file, hunk, nearest version and next command" apply_conflict
  check "apply: a later tree is told all that does not fit, and how to go on" apply_later
  check "apply: a file in the way is named" apply_in_the_way
  check "apply: another content beside the hunks is refused" apply_other_content
  check "apply: a change that is not committed is refused" apply_dirty
  check "apply: an operation that is not finished is refused" apply_busy
  check "apply: what is no checkout of Multus is refused" apply_no_checkout
  check "apply: a version without a series is refused" apply_no_version
  check "apply: FIXES=1 puts the fixes in, before or after the series" apply_fixes
  check "apply: FIXES=1 is refused where there are none" apply_no_fixes
}

# How many commits a checkout of stock gets.
commits_wanted() { wanted_patches "$VERSION" | wc -l; }

# How many of upstream's files they change.
files_changed() { git -C "$W/tip" diff --no-renames --name-only --diff-filter=MT "$VERSION" HEAD | wc -l; }

# apply SRC [VERSION]: what it says; its status in $W/status.
apply() {
  local status=0
  "$TOP/hack/apply.sh" "$1" "${2:-$VERSION}" 2>&1 || status=$?
  echo "$status" >"$W/status"
}

# refused SRC: it failed in one go, and SRC is as it was.
refused() {
  [[ $(<"$W/status") -ne 0 ]] || fail "it was not refused"
  same "$(<"$W/before")" "$(state "$1")"
}

# state SRC: all that an attempt could leave behind.
state() {
  git -C "$1" rev-parse HEAD
  git -C "$1" status --porcelain --branch --untracked-files=all
  git -C "$1" diff --cached HEAD
  git -C "$1" diff
  (cd "$1" && git ls-files --others -z | xargs -0 --no-run-if-empty sha256sum)
  find "$1/.git" -maxdepth 1 -name 'rebase*'
}

# checkout NAME: a user's checkout of stock Multus.
checkout() {
  local src=$W/$1
  git clone --quiet "$W/stock" "$src"
  git -C "$src" config user.name tester
  git -C "$src" config user.email tester@localhost
}

# add_vendor SRC: modes and vendor/, as git has them and a module has not.
add_vendor() {
  chmod +x "$1"/hack/*.sh "$1"/e2e/*.sh
  (cd "$1" && GOFLAGS='' go mod vendor)
  git -C "$1" add --all --force
  git -C "$1" commit --quiet --no-gpg-sign --message "modes and vendor/"
}

# With vendor/ the series builds only if it needs nothing that is not there.
apply_checkout() {
  local src=$W/checkout said
  checkout checkout
  add_vendor "$src"
  [[ -x $src/hack/build-go.sh && -d $src/vendor/k8s.io ]] || fail "no modes or no vendor/"
  said=$(apply "$src")
  same 0 "$(<"$W/status")"
  has "$said" "applied $(commits_wanted) commits to $src"
  same "" "$(git -C "$src" status --porcelain)"
  same "100755" "$(git -C "$src" ls-files --stage hack/build-go.sh | cut -d' ' -f1)"
  same "" "$(git -C "$src" diff "HEAD~$(commits_wanted)" HEAD --summary | grep 'mode change' || true)"
  ! wanted_differs "$src" "$VERSION" || fail "TREE does not agree"
  (cd "$src" && GOFLAGS='' go list -mod=vendor -deps -test ./pkg/delegateexec ./pkg/server) >/dev/null
}

apply_twice() {
  local said
  state "$W/checkout" >"$W/before"
  said=$(apply "$W/checkout")
  has "$said" "has the series of $VERSION"
  has "$said" " already: nothing to do"
  same 0 "$(<"$W/status")"
  same "$(<"$W/before")" "$(state "$W/checkout")"
}

apply_settings() {
  local src=$W/settings said
  git clone --quiet "$W/stock" "$src"
  git -C "$src" config am.threeWay true
  git -C "$src" config apply.whitespace fix
  git -C "$src" config commit.gpgSign true
  git -C "$src" config user.signingKey none
  git -C "$src" config user.useConfigOnly true
  said=$(HOME=$W XDG_CONFIG_HOME=$W GIT_CONFIG_NOSYSTEM=1 apply "$src")
  has "$said" "applied $(commits_wanted) commits"
  ! wanted_differs "$src" "$VERSION" || fail "TREE does not agree"
}

# change SRC SED FILE: commits an edit.
change() {
  sed -i "$2" "$1/$3"
  git -C "$1" commit --quiet --no-gpg-sign --all --message "Change $3"
  state "$1" >"$W/before"
}

# What a reader looks for is the hunk of the series, as the patch has it.
apply_conflict() {
  local src=$W/conflict said changed
  changed=$(files_changed)
  checkout conflict
  git -C "$src" config am.threeWay true
  change "$src" 's/return newCNIServer(daemonConfig/return  newCNIServer(daemonConfig/' pkg/server/server.go
  said=$(apply "$src")
  echo "$said"
  refused "$src"
  has "$said" "file pkg/server/server.go, hunk $(hunk_before 'return newCNIServer(daemonConfig')"
  has "$said" "The nearest supported version is $VERSION ($((changed - 1)) of the $changed files"
  has "$said" "Next: git -C $src switch --create delegate-exec $VERSION && make apply MULTUS_SRC=$src MULTUS_VERSION=$VERSION"
}

# hunk_before TEXT: the head of the hunk that has this line of upstream's.
hunk_before() { cat "${PATCHES[@]}" | awk -v text="$1" '/^@@ / { head = $1 " " $2 " " $3 " " $4 } /^ / && index($0, text) { print head; exit }'; }

# Stands in for upstream's main, whose tree is no module that can be had: one
# argument more where the server is made, other lines, and another Go.
apply_later() {
  local src=$W/later said
  checkout later
  sed -i 's/^go 1.*/go 1.26.0/' "$src/go.mod"
  sed -i '1i# One line more' "$src/docs/thick-plugin.md"
  sed -i 's/golang:1[.][0-9]*/golang:1.26/' "$src/images/Dockerfile.thick"
  change "$src" 's/return newCNIServer(daemonConfig\(.*\))$/return newCNIServer(daemonConfig\1, nil)/' pkg/server/server.go
  said=$(apply "$src")
  echo "$said"
  refused "$src"
  has "$said" "file pkg/server/server.go, hunk $(hunk_before 'return newCNIServer(daemonConfig')"
  has "$said" "file images/Dockerfile.thick, hunk @@ -1,"
  ! grep thick-plugin.md <<<"$said" || fail "a hunk that only stands elsewhere is among them"
  same 2 "$(grep -c ', hunk @@' <<<"$said")"
  has "$said" "am --reject '$TOP/patches/$VERSION'/[0-9]*.patch"
}

apply_in_the_way() {
  local src=$W/in-the-way said
  checkout in-the-way
  mkdir "$src/pkg/delegateexec"
  echo mine >"$src/pkg/delegateexec/match.go"
  state "$src" >"$W/before"
  said=$(apply "$src")
  refused "$src"
  has "$said" "pkg/delegateexec/match.go: already exists in working directory"
}

apply_other_content() {
  local src=$W/other said
  checkout other
  change "$src" '1i// one more line' pkg/server/server.go
  said=$(apply "$src")
  refused "$src"
  has "$said" "not to what it was tested with"
  has "$said" "pkg/server/server.go"
}

apply_dirty() {
  local src=$W/dirty said
  checkout dirty
  echo >>"$src/README.md"
  state "$src" >"$W/before"
  said=$(apply "$src")
  refused "$src"
  same "apply.sh: $src has changes that are not committed: commit or stash them first" "$said"
}

apply_busy() {
  local src=$W/busy said
  checkout busy
  change "$src" 's/return newCNIServer(daemonConfig/return  newCNIServer(daemonConfig/' pkg/server/server.go
  ! git -C "$src" am --quiet "${PATCHES[@]}" 2>/dev/null || fail "the patches apply"
  state "$src" >"$W/before"
  said=$(apply "$src")
  refused "$src"
  has "$said" "in the middle of a git operation (rebase-apply)"
}

apply_no_checkout() {
  local said
  mkdir "$W/plain"
  cp "$W/stock/go.mod" "$W/plain"
  said=$(GIT_CEILING_DIRECTORIES=$W apply "$W/plain")
  has "$said" "is not a git checkout"
  said=$(apply "$W/checkout/pkg")
  has "$said" "is inside the git checkout $W/checkout"
  git init --quiet "$W/plain"
  sed -i 's/^module .*/module example.org\/other/' "$W/plain/go.mod"
  said=$(apply "$W/plain")
  has "$said" "is not Multus 4"
  said=$(apply "$W/nonexistent")
  has "$said" "is not a directory"
  said=$(apply "")
  has "$said" "say where your Multus checkout is"
}

apply_no_version() {
  local said
  said=$(apply "$W/checkout" v9.9.9)
  same 1 "$(<"$W/status")"
  has "$said" "there is no series for Multus 'v9.9.9'; there is one for: "
  has "$said" "$VERSION"
}

apply_fixes() {
  local src=$W/with-fixes said
  has_fixes "$VERSION" || return 0
  checkout with-fixes
  said=$(FIXES=1 apply "$src")
  same 0 "$(<"$W/status")"
  has "$said" "applied $(FIXES=1 commits_wanted) commits"
  ! FIXES=1 wanted_differs "$src" "$VERSION" || fail "TREE does not agree"
  has "$(FIXES=1 apply "$src")" "has the series of $VERSION and its fixes already"
  needs_fixes "$VERSION" || {
    said=$(FIXES=1 apply "$W/checkout")
    has "$said" "applied $(fix_patches "$VERSION" | wc -l) commits"
    ! FIXES=1 wanted_differs "$W/checkout" "$VERSION" || fail "TREE does not agree"
  }
}

apply_no_fixes() {
  local version said
  for version in $(supported_versions); do
    has_fixes "$version" || {
      said=$(FIXES=1 apply "$W/checkout" "$version")
      same 1 "$(<"$W/status")"
      has "$said" "there are no fixes for Multus $version; there are some for: $(versions_with_fixes | paste -sd' ')"
    }
  done
  has "$(FIXES=yes apply "$W/checkout")" "FIXES is 1, or 0, or not set"
}
