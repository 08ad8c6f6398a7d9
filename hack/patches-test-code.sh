# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2164 # errexit is on
# Tests of what the series makes: sourced by test-patches.sh.

test_code() {
  server_tests_start
  check "every commit builds and vets" code_commits
  check "gofmt finds nothing in what the series touches" code_gofmt
  check "the package's own tests pass, with the race detector" code_package_tests
  check "a delegate that is not listed costs no allocation (benchmark)" code_benchmark
  check "the package is Go 1.18 in the library of 1.19" code_old_go
  check "make patched builds every program, static" code_patched
  check "the daemon refuses a wrong configuration by name" code_refusals
  check "the daemon takes the configuration that the DaemonSet ships" code_shipped
  check "the e2e script and its wrapper pass shellcheck" code_shell
  check "the e2e templates leave nothing open" code_templates
  check "upstream's tests of pkg/server: what passes in stock passes here" server_tests_compare
}

# Commits that change no Go code cost next to nothing: Go's cache knows.
code_commits() {
  local commit
  git clone --quiet "$W/tip" "$W/commits"
  cd "$W/commits"
  for commit in $(git rev-list --reverse "$VERSION..HEAD"); do
    git checkout --quiet "$commit"
    git log --max-count=1 --oneline
    go list -export ./... >/dev/null
    go vet ./...
  done
}

code_gofmt() {
  cd "$W/tip"
  git diff --name-only "$VERSION" HEAD -- '*.go' | xargs gofmt -l >"$W/gofmt"
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
  "$TOP/hack/patched.sh" "$VERSION"
  sed -n 's|^go build -o "\?[$]{DEST_DIR}"\?/\([a-z_-]*\) .*|\1|p' "$W/stock/hack/build-go.sh" | sort >"$W/programs"
  [[ $(wc -l <"$W/programs") -ge 5 ]] || fail "read no programs from build-go.sh"
  while read -r name; do
    [[ -x $O/multus/patched/$name ]] || fail "$name is missing"
    ! readelf --program-headers "$O/multus/patched/$name" | grep INTERP || fail "$name is not static"
  done <"$W/programs"
  has "$("$O/multus/patched/multus-daemon" --version || true)" "version:$VERSION"
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
      exec "$1" -config "$2"' sh "$O/multus/patched/multus-daemon" "$dir/config.json" 2>&1 |
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
  said=$(daemon "$config")
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
  CNI_VERSION=1.0.0 sh "$W/tip/e2e/sed_generate_yaml.sh"
  grep -o 'yamls/[a-z-]*.yml' "$W/tip/e2e/test-delegate-exec.sh" | sort -u >names
  same 3 "$(wc -l <names)"
  while read -r name; do
    [[ -s $name ]] || fail "$name is not generated"
    ! grep '{{\|}}' "$name" || fail "$name"
  done <names
}

# Upstream's suite of the server mostly waits: for 20 s in six of its specs. So
# it runs in three parts, stock and ours, while the other tests do. Each part
# has a /tmp and mounts of its own, because the suite has fixed names in /tmp
# and leaves mounts behind.
SERVER_PARTS=("--ginkgo.focus=GC succeeds" "--ginkgo.focus=STATUS succeeds" "--ginkgo.skip=(GC|STATUS) succeeds")

server_tests_start() {
  (
    set +e
    server_tests_of stock &
    server_tests_of tip
    wait
  ) >"$W/server.log" 2>&1 &
  SERVER_TESTS=$!
}

server_tests_of() {
  local tree=$1 i
  cd "$W/$tree/pkg/server" || return
  go test -c -o "$W/$tree/pkg/server/server.test" . || return
  for i in "${!SERVER_PARTS[@]}"; do
    # shellcheck disable=SC2016
    as_root unshare --mount --propagation private sh -c '
      mkdir -p /var/lib/cni/multus/results && mount -t tmpfs tmpfs /tmp &&
      exec ./server.test --ginkgo.v --ginkgo.no-color "$1"' sh "${SERVER_PARTS[i]}" >"$W/$tree.$i.out" 2>&1 &
  done
  wait
}

# Prints the specs of TREE that ran and failed, sorted.
server_failures() { cat "$W/$1".[0-9].out | sed -n 's/^ *\[\(FAIL\|PANICKED!\|TIMEDOUT\)\] /\1 /p' | sort -u; }

server_ran() {
  cat "$W/$1".[0-9].out | awk '$1 == "Ran" && $NF == "seconds" { ran += $2; total = $4 } END { print ran + 0, total + 0 }'
}

server_tests_compare() {
  local tree ran total
  # The tests' own shell is this one's parent: wait by looking.
  while kill -0 "$SERVER_TESTS" 2>/dev/null; do sleep 0.2; done
  for tree in stock tip; do
    read -r ran total < <(server_ran "$tree")
    [[ $ran -gt 0 && $ran -eq $total ]] || fail "$tree: ran $ran of $total specs" "$(tail -n 20 "$W/server.log" "$W/$tree".*.out)"
  done
  echo "stock: $(server_ran stock), failures: $(server_failures stock)"
  same "" "$(comm -13 <(server_failures stock) <(server_failures tip))"
}
