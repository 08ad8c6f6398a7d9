# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts in this folder share: words to the user, root, the container
# engine, and a small scheduler that runs named steps side by side, each with a
# log, with a line of progress for whatever takes more than five seconds.

# As in the Makefile, for who calls a script without make.
export O=${O:-$PWD/build}
export CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/multus-delegate-credentials}
LOGS=$O/logs

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo -- "$@"; fi
}

# root_ready REASON: asks for a password once, now, and keeps it fresh: a step
# that starts half an hour later has no terminal to ask on.
root_ready() {
  [[ $EUID -ne 0 ]] || return 0
  command -v sudo >/dev/null || die "$1 needs root: run it as root or install sudo"
  sudo -v || die "$1 needs root, and sudo refused"
  (
    while sleep 60 && kill -0 "$$" 2>/dev/null; do sudo -n -v || exit 0; done
  ) </dev/null >/dev/null 2>&1 &
  ROOT_KEEPER=$!
}

# A client without an engine is common, so the engine itself is asked. Podman
# counts as root's only: the nodes of a cluster mount things.
engine_answers() {
  command -v "$1" >/dev/null || return 1
  case $1 in
    docker) [[ -n $(timeout 60 docker version --format '{{.Server.Version}}' 2>/dev/null) ]] ;;
    podman) as_root timeout 60 podman ps --quiet >/dev/null 2>&1 ;;
  esac
}

# Privileged containers ask for CAP_SYS_RESOURCE (24), which some virtual
# machines and containers are without; podman can be told not to.
has_sys_resource() {
  local bounding
  bounding=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  [[ $((0x$bounding >> 24 & 1)) -eq 1 ]]
}

# --- Make, as who can ------------------------------------------------------

plain_make() { make --no-print-directory "$@"; }

# as_root forgets the environment; this is what the makefiles and Go look at.
KEPT_VARIABLES=(PATH HOME O CACHE CC CFLAGS LDFLAGS MULTUS_VERSION ENGINE IMAGE FIXES NODE_IMAGE CLUSTER KEEP TEST_SEED MUTATE_SEED
  NOTICES GOGC GOPROXY GOSUMDB GOFLAGS GOTOOLCHAIN HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy)

as_root_here() {
  local name kept=()
  for name in "${KEPT_VARIABLES[@]}"; do
    [[ -z ${!name+set} ]] || kept+=("$name=${!name}")
  done
  as_root env "${kept[@]}" "$@"
}

root_make() { as_root_here make --no-print-directory "$@"; }

# Upstream's tests and ours leave mounts behind that would spoil each other's
# comparisons, so each such make has a mount namespace of its own.
private_make() {
  as_root_here unshare --mount --propagation private make --no-print-directory "$@"
}

# spare COMMAND…: with what CPU others leave.
spare() {
  renice -n 10 -p "$BASHPID" >/dev/null
  "$@"
}

# The engine's user: a member of docker's group can do without root.
engine_make() {
  if engine_answers docker && has_sys_resource; then
    plain_make "$@"
  else
    root_make "$@"
  fi
}

# What root wrote into folders of the user's is the user's.
give_back() {
  local folders=("$O" "$CACHE")
  [[ $EUID -ne 0 ]] || return 0
  ! command -v go >/dev/null || folders+=("$(go env GOCACHE)" "$(go env GOMODCACHE)")
  as_root find "${folders[@]}" -xdev -user root -exec chown -h "$EUID" {} + 2>/dev/null || true
}

# --- Steps -----------------------------------------------------------------
# step NAME "DEPENDENCIES" COMMAND ARG…   declares one; run_steps runs them all:
# as many at a time as there are processors, in the order of declaration, each
# once what it depends on has succeeded. Its output goes to $LOGS/NAME.log; what it
# adds to $NOTICES is shown at once.

STEPS=()
declare -A STEP_NEEDS STEP_COMMAND STEP_STATE STEP_PID STEP_BEGAN STEP_TOOK STEP_WHY

step() {
  local name=$1
  STEPS+=("$name")
  STEP_NEEDS[$name]=$2
  shift 2
  STEP_COMMAND[$name]=$(printf '%q ' "$@")
  STEP_STATE[$name]=waiting
  STEP_TOOK[$name]=0
}

# Why a step failed.
step_why() { say "${STEP_WHY[$1]-}"; }

steps_clock() { printf '[%4ds] ' "$SECONDS"; }

# Sets READY to yes, no or the name of a dependency that failed. Asked of every
# step at every turn, so it starts no process.
step_ready() {
  local need
  READY=no
  for need in ${STEP_NEEDS[$1]}; do
    case ${STEP_STATE[$need]} in
      passed) ;;
      failed) READY=$need && return ;;
      *) return ;;
    esac
  done
  READY=yes
}

step_start() {
  local name=$1 log=$LOGS/$1.log
  : >"$log"
  # A process group of its own, so that an interrupt can end all of it.
  set -m
  (eval "${STEP_COMMAND[$name]}") </dev/null >>"$log" 2>&1 &
  STEP_PID[$name]=$!
  set +m
  STEP_STATE[$name]=running
  STEP_BEGAN[$name]=$SECONDS
}

step_end() {
  local name=$1 status=0
  wait "${STEP_PID[$name]}" || status=$?
  STEP_TOOK[$name]=$((SECONDS - STEP_BEGAN[$name]))
  if [[ $status -eq 0 ]]; then
    STEP_STATE[$name]=passed
    say "$(steps_clock)$name: done in ${STEP_TOOK[$name]} s"
    return
  fi
  STEP_STATE[$name]=failed
  STEP_WHY[$name]="ended with status $status"
  say "$(steps_clock)$name: FAILED after ${STEP_TOOK[$name]} s (status $status), the end of $LOGS/$name.log:"
  tail -n "${LOG_TAIL:-40}" "$LOGS/$name.log" | sed 's/^/    | /'
}

step_last_line() {
  tail -c 2000 "$LOGS/$1.log" | tr '\r' '\n' | tr -cd '\n\t -~' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-120
}

steps_progress() {
  local name took line
  for name in "${STEPS[@]}"; do
    took=$((SECONDS - ${STEP_BEGAN[$name]-$SECONDS}))
    [[ ${STEP_STATE[$name]} == running && $took -ge 5 ]] || continue
    line=$(step_last_line "$name")
    say "$(steps_clock)$name ($took s)${line:+: $line}"
  done
}

# One pass: ends what has ended, starts what can start. Sets STEPS_RUNNING and
# STEPS_WAITING.
steps_turn() {
  local name
  STEPS_RUNNING=0 STEPS_WAITING=0
  for name in "${STEPS[@]}"; do
    [[ ${STEP_STATE[$name]} == running ]] || continue
    if kill -0 "${STEP_PID[$name]}" 2>/dev/null; then
      STEPS_RUNNING=$((STEPS_RUNNING + 1))
    else
      step_end "$name"
    fi
  done
  for name in "${STEPS[@]}"; do
    [[ ${STEP_STATE[$name]} == waiting ]] || continue
    step_ready "$name"
    if [[ $READY == yes && $STEPS_RUNNING -lt $STEPS_AT_ONCE ]]; then
      step_start "$name"
      STEPS_RUNNING=$((STEPS_RUNNING + 1))
    elif [[ $READY == yes || $READY == no ]]; then
      STEPS_WAITING=$((STEPS_WAITING + 1))
    else
      STEP_STATE[$name]=failed
      STEP_WHY[$name]="did not run, because $READY failed"
    fi
  done
}

# notice TEXT: to the user also from within a step.
notice() {
  say "$*"
  [[ -z ${NOTICES-} ]] || say "$*" >>"$NOTICES"
}

NOTICES_SHOWN=0

steps_notices() {
  local lines
  mapfile -t lines <"$NOTICES"
  [[ ${#lines[@]} -eq $NOTICES_SHOWN ]] || printf '%s\n' "${lines[@]:NOTICES_SHOWN}"
  NOTICES_SHOWN=${#lines[@]}
}

# Ends every step that still runs, and what each started.
steps_stop() {
  local name
  for name in "${STEPS[@]}"; do
    [[ ${STEP_STATE[$name]} == running ]] || continue
    kill -TERM -- "-${STEP_PID[$name]}" 2>/dev/null || true
    [[ $EUID -eq 0 ]] || sudo -n kill -TERM -- "-${STEP_PID[$name]}" 2>/dev/null || true
  done
  for name in "${STEPS[@]}"; do
    [[ ${STEP_STATE[$name]} == running ]] || continue
    wait "${STEP_PID[$name]}" 2>/dev/null || true
    STEP_STATE[$name]=failed
    STEP_WHY[$name]="interrupted"
  done
  [[ -z ${ROOT_KEEPER-} ]] || kill "$ROOT_KEEPER" 2>/dev/null || true
}

# Returns 1 when a step failed.
run_steps() {
  local name shown=$SECONDS every=5
  mkdir -p "$LOGS"
  if [[ -z ${NOTICES-} ]]; then
    export NOTICES=$LOGS/notices
    : >"$NOTICES"
  fi
  STEPS_AT_ONCE=${STEPS_AT_ONCE:-$(nproc)}
  [[ $STEPS_AT_ONCE -ge 2 ]] || STEPS_AT_ONCE=2
  trap steps_stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while steps_turn && steps_notices && [[ $((STEPS_RUNNING + STEPS_WAITING)) -gt 0 ]]; do
    if [[ $((SECONDS - shown)) -ge $every ]]; then
      steps_progress
      shown=$SECONDS every=${PROGRESS_SECONDS:-15}
    fi
    sleep 1
  done
  for name in "${STEPS[@]}"; do
    [[ ${STEP_STATE[$name]} == passed ]] || return 1
  done
}
