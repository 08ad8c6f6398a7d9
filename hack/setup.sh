#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes this machine ready for the parts that are named: build check helper
# patches lint e2e fuzz bench, and node-image and debian-root, which are asked for where it
# is found that an image cannot be pulled. The only place in this project that installs anything: says
# what is missing and why, then installs it with apt; where there is no apt it
# prints the list and stops. Says nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

ALL_PARTS=(build check helper patches lint e2e fuzz bench)
GO_OLDEST=21 # of Go 1.x: the first that fetches the toolchain go.mod names

usage() {
  cat <<END
usage: hack/setup.sh [PART...]
Installs what PART needs (${ALL_PARTS[*]}; all of them by default).
END
}

# --- What is missing -------------------------------------------------------

MISSING=() # "package: why", each once

missing() {
  local line="$1: $2" have
  for have in "${MISSING[@]}"; do
    [[ ${have%%:*} != "$1" ]] || return 0
  done
  MISSING+=("$line")
}

# An sbin folder is not in everybody's PATH, but it is in root's.
have_program() { PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# Podman keeps its helpers out of everybody's PATH.
helper_program() {
  PATH=$PATH:/usr/local/libexec/podman:/usr/libexec/podman:/usr/local/lib/podman:/usr/lib/podman \
    program "$@"
}

program() { have_program "$1" || missing "$2" "$3"; }

header() {
  "${CC:-gcc}" -E -x c - <<<"
#if !__has_include(<$1>)
#error missing
#endif" >/dev/null 2>&1 || missing "$2" "$3"
}

# gcc prints the name unchanged when it does not find the file.
archive() {
  [[ $("${CC:-gcc}" -print-file-name="$1" 2>/dev/null) == */* ]] || missing "$2" "$3"
}

# needs WHAT...: looks for what need_WHAT names, once.
declare -A SEEN
needs() {
  local what
  for what in "$@"; do
    [[ -z ${SEEN[$what]-} ]] || continue
    SEEN[$what]=yes
    "need_${what//-/_}"
  done
}

need_go() {
  local version wanted
  have_program go || die "Go is missing: install Go 1.$GO_OLDEST or newer and put it in PATH."
  version=$(GOTOOLCHAIN=local go env GOVERSION)
  [[ $version =~ ^go1\.([0-9]+) && ${BASH_REMATCH[1]} -ge $GO_OLDEST ]] ||
    die "$version is too old: install Go 1.$GO_OLDEST or newer; it fetches the exact version itself."
  wanted=$(sed -n 's/^go 1[.]\([0-9]*\).*/\1/p' e2e/go.mod)
  [[ ${BASH_REMATCH[1]} -ge $wanted || $(go env GOTOOLCHAIN) != local ]] ||
    die "$version may not fetch Go 1.$wanted, which e2e/go.mod asks for: set GOTOOLCHAIN=auto."
}

need_build() {
  program "${CC:-gcc}" gcc "compiles the C programs"
  program make make "runs the build"
  program readelf binutils "shows that a program needs no shared library"
  header stdio.h libc6-dev "the C library to compile against"
  program musl-gcc musl-tools "the C library in multus-delegate-exec, a static program"
  header linux/mount.h linux-libc-dev "the kernel's mount calls"
  header seccomp.h libseccomp-dev "makes the seccomp filters of the C programs"
  header curl/curl.h libcurl4-openssl-dev "multus-credential calls the API server with it"
  header jansson.h libjansson-dev "multus-credential reads and writes JSON with it"
}

need_check() {
  needs build
  header cmocka.h libcmocka-dev "the framework of the C unit tests"
  header jansson.h libjansson-dev "reads the JSON that the C tests look at"
  program openssl openssl "serves TLS in the C unit tests"
}

need_helper() {
  needs check
  program unshare util-linux "gives each test its own mount namespace"
}

need_patches() {
  needs build go
  program shellcheck shellcheck "checks the e2e script of the series"
  program git git "applies the patch series"
}

need_lint() {
  needs check go
  program clang clang "checks the C sources"
  program clang-tidy clang-tidy "checks the C sources"
  program cppcheck cppcheck "checks the C sources"
  program valgrind valgrind "runs the C unit tests"
  program shellcheck shellcheck "checks the shell scripts"
  program mandoc mandoc "checks the man pages"
}

need_bench() {
  needs check go
  program bwrap bubblewrap "is measured beside multus-delegate-exec"
  program gnuplot gnuplot-nox "draws the plots"
}

need_fuzz() {
  needs check
  program clang clang "builds the fuzzed parsers"
  clang -fsanitize=fuzzer -x c -o /dev/null - <<<"int LLVMFuzzerTestOneInput() { return 0; }" 2>/dev/null ||
    missing libclang-rt-dev "the fuzzer that clang links"
}

need_delegates() {
  header curl/curl.h libcurl4-openssl-dev "the C test delegate calls the API server with it"
  header jansson.h libjansson-dev "the C test delegate reads JSON with it"
}

need_e2e() {
  needs build delegates go
  program git git "makes the patched Multus"
  need_engine
  program jq jq "upstream's e2e scripts read answers with it"
  program strace strace "counts the programs that a delegate's start runs"
  program unshare util-linux "gives a test its own mount namespace"
  program iptables iptables "the container network"
}

need_engine() {
  local why="kind needs a container engine, and none answers here (docker, podman)"
  if engine_answers docker; then
    ! has_sys_resource || return 0
    why="docker's privileged containers need CAP_SYS_RESOURCE, which is not to be had here"
  fi
  engine_answers podman || missing podman "$why"
  program runc runc "the runtime of podman's containers"
  helper_program netavark netavark "the network of podman's containers"
  helper_program aardvark-dns aardvark-dns "the names of podman's containers"
}

need_debian_root() {
  local why="makes images, which cannot be pulled here, from Debian's packages"
  program mmdebstrap mmdebstrap "$why"
  missing_file /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring "$why"
}

need_node_image() {
  needs debian-root
  program gcc gcc "builds the node image: kind's own cannot be pulled here"
}

missing_file() { [[ -e $1 ]] || missing "$2" "$3"; }

# --- Installing ------------------------------------------------------------

show_missing() {
  notice "Missing for ${PARTS[*]}:"
  notice "$(printf '  %s\n' "${MISSING[@]/#/- }")"
}

install_missing() {
  local packages=("${MISSING[@]%%:*}")
  have_program apt-get ||
    die "there is no apt-get here: install what the list names (Debian's package names) with your own package manager, then run this again."
  [[ $EUID -eq 0 ]] || have_program sudo || die "to install them, run this as root or install sudo."
  notice "Installing ${#packages[@]} packages with apt-get: ${packages[*]}"
  root_ready "installing packages"
  step setup "" install_packages "${packages[@]}"
  run_steps || die "apt-get failed; its output is in $LOGS/setup.log."
}

install_packages() {
  local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
}

# kind's containers mount /lib/modules; it need not hold anything.
modules_directory() {
  [[ ! -e /lib/modules ]] || return 0
  notice "Making an empty /lib/modules: kind mounts it into its nodes, and it is not there."
  root_ready "making /lib/modules"
  as_root mkdir -p /lib/modules
}

look() {
  MISSING=() SEEN=()
  needs "${PARTS[@]}"
}

main() {
  local part
  PARTS=("${@:-${ALL_PARTS[@]}}")
  for part in "${PARTS[@]}"; do
    case $part in
      -h | --help) usage && return ;;
      build | check | helper | patches | lint | e2e | fuzz | bench | node-image | debian-root) ;;
      *) usage >&2 && die "there is no part '$part'" ;;
    esac
  done
  look
  if [[ ${#MISSING[@]} -gt 0 ]]; then
    show_missing
    install_missing
    look
    [[ ${#MISSING[@]} -eq 0 ]] || die "still missing after the installation: ${MISSING[*]%%:*}."
  fi
  if [[ " ${PARTS[*]} " == *" e2e "* ]]; then
    modules_directory
    engine_answers docker || engine_answers podman ||
      die "podman is installed but does not answer: 'podman ps' says why; start docker or podman and run this again."
  fi
}

main "$@"
