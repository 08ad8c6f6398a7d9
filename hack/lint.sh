#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Static analysis: each check is one test and prints nothing but what it finds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

# files PATTERN...: what git knows or would add, so that a new file counts.
files() { git ls-files -z --cached --others --exclude-standard -- "$@"; }

# What runs on a node; a test that runs out of memory may well crash.
programs() { files 'helper/common/*.c' 'helper/exec/*.c' 'helper/credential/*.c' 'helper/made/*.c' | grep -zv '_test\.c$'; }

at_once() { xargs -0 -P "$(nproc)" "$@"; }

lint_analyzer() { programs | at_once -n 4 hack/lint-files.sh analyzer; }

# The same sources and the tests' and tools' too: what one compiler warns of, the
# other may not.
lint_clang() {
  local warn
  read -ra warn <<<"${WARN:?make lint sets it}"
  files '*.c' | at_once -n 8 clang -fsyntax-only -std=gnu11 -D_GNU_SOURCE '-DVERSION=""' -Iinclude "${warn[@]}" -Werror
}

# The unit tests, which `make lint` has built, those that take longest first. Unlike
# LeakSanitizer it finds what a child that ends with _exit() has lost. Some load the
# program's seccomp filter, which then is valgrind's too: it dies where it needs memory.
lint_valgrind() {
  local first=(helper/credential/{faults_store,store}_test.c helper/common/report_test.c)
  local without=(helper/credential/{commands,confine,faults}_test.c)
  { files "${first[@]}" && files 'helper/*_test.c' "${first[@]/#/:!}" "${without[@]/#/:!}"; } |
    sed -z "s,^,$O/,; s,[.]c$,," | at_once -n 1 hack/lint-files.sh valgrind
}

lint_clang_tidy() { programs | at_once -n 4 hack/lint-files.sh clang-tidy; }

lint_cppcheck() {
  programs | xargs -0 cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
    --enable=warning,performance,portability -D_GNU_SOURCE '-DVERSION=""' -Iinclude
}

# By its name or its first line: what a node or a delegate runs has no suffix.
shell_files() {
  files '*.sh'
  files ':!*.sh' | xargs -0 grep -lZzP '\A#!\N*[/ ](ba|da)?sh\b'
}

lint_shellcheck() { shell_files | at_once -n 8 shellcheck --external-sources --severity=warning; }

go_modules() { files '*/go.mod' | xargs -0 -n 1 dirname | grep -v '^e2e/pins/'; }

lint_go_vet() {
  local module status=0
  for module in $(go_modules); do
    (cd "$module" && go vet -tags=soak ./...) || status=1
  done
  return "$status"
}

lint_gofmt() {
  local found
  found=$(files '*.go' | xargs -0 gofmt -l)
  [[ -z $found ]] || { say "not formatted with gofmt:" "$found" && return 1; }
}

lint_man_pages() {
  files '*.8' | xargs -0 mandoc -T lint -W warning
}

# What helper/ATTACKS.md names is there: `FILE: NAME`, a function of helper/ or a test.
lint_attacks() {
  local reference file name all candidate found status=0
  mapfile -d '' -t all < <(files 'helper/*.c' 'e2e/*.go' 'hack/bench/*.c')
  while IFS= read -r reference; do
    file=${reference%%: *} name=${reference#*: } found=(/dev/null)
    for candidate in "${all[@]}"; do
      case $candidate in
        "helper/$file" | */"$file".c | */"$file".go) found+=("$candidate") ;;
      esac
    done
    if ! grep -qF -- "$name" "${found[@]}"; then
      say "helper/ATTACKS.md names what is not there: $reference"
      status=1
    fi
  done < <(grep -oE '`[A-Za-z0-9_./-]+: [^`]+`' helper/ATTACKS.md | tr -d '`')
  return "$status"
}

CHECKS=(shellcheck attacks gofmt man_pages cppcheck analyzer go_vet clang clang_tidy valgrind)

main() {
  local check began passed=0 failed=0
  for check in "${CHECKS[@]}"; do
    began=$SECONDS
    if "lint_$check"; then
      say "ok $check ($((SECONDS - began)) s)"
      passed=$((passed + 1))
    else
      say "not ok $check"
      failed=$((failed + 1))
    fi
  done
  mkdir -p "$O/results"
  say "$passed $failed $SECONDS" >"$O/results/lint.txt"
  say "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}

main
