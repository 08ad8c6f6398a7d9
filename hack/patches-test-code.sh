# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2164 # errexit is on
# Tests of what the series makes: sourced by patches-test-lib.sh.

test_commits() {
  check "every commit builds and vets" commits "$W/tip" base..HEAD
  check "gofmt finds nothing in what the series touches" no_gofmt "$W/tip" base..HEAD
}

test_code() {
  test_commits
  check "the package's own tests pass, with the race detector" code_package_tests
  check "a delegate that is not listed costs no allocation (benchmark)" code_benchmark
  check "the package is Go 1.18 in the library of 1.19" code_old_go
  check "make patched builds every program, static" code_patched
  check "the daemon refuses a wrong configuration by name" code_refusals
  check "the daemon takes the configuration that the DaemonSet ships" code_shipped
  check "the e2e script and its wrapper pass shellcheck" code_shell
  check "the e2e templates leave nothing open" code_templates
}

# commits REPO RANGE. Those that change no Go code cost next to nothing: Go's
# cache knows.
commits() {
  local commit
  rm -rf -- "$W/commits"
  git clone --quiet "$1" "$W/commits"
  cd "$W/commits"
  for commit in $(git rev-list --reverse "$2"); do
    git checkout --quiet "$commit"
    git log --max-count=1 --oneline
    go list -export ./... >/dev/null
    go vet ./...
  done
}

# no_gofmt REPO RANGE
no_gofmt() {
  cd "$1"
  git diff --name-only "$2" -- '*.go' | xargs gofmt -l >"$W/gofmt"
  same "" "$(<"$W/gofmt")"
}

code_package_tests() {
  cd "$W/tip"
  CGO_ENABLED=1 go test -race -count=1 -v ./pkg/delegateexec >"$W/package.out" 2>&1 || fail "$(<"$W/package.out")"
  [[ $(<"$W/package.out") =~ Ran\ ([0-9]+)\ of\ ([0-9]+)\ Specs ]]
  same "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  [[ ${BASH_REMATCH[1]} -ge 60 ]] || fail "only ${BASH_REMATCH[1]} specs ran"
}

# So many times, because what the runtime allocates meanwhile is counted too: a
# page of it over 2,000 turns made two bytes a turn.
code_benchmark() {
  cd "$W/tip"
  go test -run '^$' -bench . -benchtime 200000x ./pkg/delegateexec | tee "$W/bench"
  [[ -n $(bench_of Without) ]] || fail "no benchmark ran"
  same "$(bench_of Without)" "$(bench_of Unlisted)"
}

bench_of() { awk -v name="^Benchmark$1" '$1 ~ name { print $(NF - 3), $(NF - 2), $(NF - 1), $NF }' "$W/bench"; }

# The language is the compiler's to check; of the library's younger names those
# that its packages could tempt to.
code_old_go() {
  cd "$W/tip"
  go test -c -gcflags=-lang=go1.18 -o "$W/old.test" ./pkg/delegateexec
  ! grep -nE '"(slices|maps|cmp|iter|log/slog|sync/atomic)"|errors[.](Join|ErrUnsupported|AsType)|WaitDelay|[.]Cancel\b|bytes[.]Clone|Cut(Prefix|Suffix)|ContainsFunc|(Fields|Split|After|Lines)Seq|context[.](Cause|AfterFunc|Without|With[A-Za-z]*Cause)|Once(Func|Value)|filepath[.](IsLocal|SkipAll)|time[.](DateTime|DateOnly)|os[.](Root|OpenRoot|CopyFS)|b[.]Loop|[.]Go\(' \
    pkg/delegateexec/*.go
}

code_patched() {
  local name
  O=$W/out "$TOP/hack/patched.sh" "$VERSION"
  sed -n 's|^go build .* [.]/cmd/\([a-z_-]*\)$|\1|p' "$W/stock/hack/build-go.sh" |
    sed 's/^passthru-cni$/passthru/' >"$W/programs"
  [[ $(wc -l <"$W/programs") -ge 5 ]] || fail "read no programs from build-go.sh"
  while read -r name; do
    [[ -x $W/out/multus/$VERSION/patched/$name ]] || fail "$name is missing"
    ! readelf --program-headers "$W/out/multus/$VERSION/patched/$name" | grep INTERP || fail "$name is not static"
  done <"$W/programs"
  has "$("$W/out/multus/$VERSION/patched/multus-daemon" --version || true)" "version:$VERSION"
}

# generate_yamls E2E: up to 4.1 upstream fills its templates in with j2.
generate_yamls() {
  local template
  if [[ -e $1/sed_generate_yaml.sh ]]; then
    CNI_VERSION=1.0.0 sh "$1/sed_generate_yaml.sh"
    return
  fi
  mkdir yamls
  for template in "$1"/templates/*.j2; do
    sed 's/{{ CNI_VERSION }}/1.0.0/' "$template" >"yamls/$(basename "$template" .j2)"
  done
}

# daemon CONFIG: what a daemon says that is started with it, up to the line in
# which it has taken delegateExec. Its API server is a closed port.
daemon() {
  local dir=$W/daemon
  mkdir -p "$dir"
  echo '{"cniVersion": "1.0.0", "name": "default", "type": "bridge"}' >"$dir/10-default.conf"
  printf '%s' "$1" >"$dir/config.json"
  # shellcheck disable=SC2016
  as_root env KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=9 \
    timeout 60 unshare --mount --net --propagation private sh -c '
      mkdir -p /var/run/secrets && mount -t tmpfs tmpfs /var/run/secrets &&
      mkdir -p /var/run/secrets/kubernetes.io/serviceaccount &&
      echo none >/var/run/secrets/kubernetes.io/serviceaccount/token &&
      exec "$1" -config "$2"' sh "$W/out/multus/$VERSION/patched/multus-daemon" "$dir/config.json" 2>&1 |
    sed '/server configured with delegateExec/q' || true
}

code_refusals() {
  local block='"delegateExec": {"command": ["/bin/sh"], "plugins": []}' common said part
  common="\"logToStderr\": true, \"logLevel\": \"verbose\", \"socketDir\": \"$W/daemon/run\", \"cniVersion\": \"1.0.0\""
  common+=", \"cniConfigDir\": \"$W/daemon\", \"multusAutoconfigDir\": \"$W/daemon\""
  while IFS='|' read -r wrong part; do
    said=$(daemon "{$common, $wrong}")
    has "$said" "$part"
    has "$said" "[panic]"
  done <<END
"delegateExec": {"command": ["/bin/sh"], "plugins": [], "root": "/"}|delegateExec: unknown key "root"
"delegateExec": {"command": ["/bin/sh"], "Plugins": []}|unknown key "Plugins", did you mean "plugins"?
"delegateExec": {"command": ["/bin/sh"], "plugins": [], "plugins": []}|duplicate key "plugins"
"delegateExec": {"command": ["/nonexistent"], "plugins": []}|stat /nonexistent: no such file
"delegateExec": {"command": ["sh"], "plugins": []}|command "sh" is not an absolute path
"delegateexec": {"command": ["/bin/sh"], "plugins": []}|unknown key "delegateexec", did you mean "delegateExec"?
$block, $block|duplicate key "delegateExec"
END
  said=$(daemon "{$common, $block}")
  has "$said" 'server configured with delegateExec: command ["/bin/sh"], root "/", plugins []'
}

code_shipped() {
  local config said
  config=$(awk '/^  daemon-config.json: [|]$/ { on = 1; next } on && !/^    / { exit } on' \
    "$W/tip/deployments/multus-daemonset-thick.yml")
  has "$config" '"/usr/src/multus-cni/bin/multus-delegate-exec"'
  config=${config//\/usr\/src\/multus-cni\/bin\/multus-delegate-exec//bin/true}
  config=${config//\/host\/run\/multus\//$W/daemon/run}
  config=${config//\/host\/etc\/cni\/net.d/$W/daemon}
  said=$(daemon "${config/\{/\{\"logToStderr\": true,}")
  has "$said" 'command ["/bin/true" "--directory=/var/run/secrets/kubernetes.io/serviceaccount"], root "/hostroot", plugins []'
}

code_shell() {
  local wrapper=$W/run.sh
  shellcheck "$W/tip/e2e/test-delegate-exec.sh"
  [[ -x $W/tip/e2e/test-delegate-exec.sh ]] || fail "the script is not executable"
  awk '/^  run.sh: [|]$/ { on = 1; next } on { sub("^    ", ""); print }' \
    "$W/tip/e2e/templates/delegate-exec-configupdate.yml.j2" >"$wrapper"
  shellcheck "$wrapper"
  [[ $(wc -l <"$wrapper") -le 10 ]] || fail "the wrapper has more than ten lines"
}

code_templates() {
  local name
  mkdir -p "$W/e2e"
  cd "$W/e2e"
  generate_yamls "$W/tip/e2e"
  grep -o 'yamls/[a-z-]*.yml' "$W/tip/e2e/test-delegate-exec.sh" | sort -u >names
  same 3 "$(wc -l <names)"
  while read -r name; do
    [[ -s $name ]] || fail "$name is not generated"
    ! grep '{{\|}}' "$name" || fail "$name"
  done <names
}
