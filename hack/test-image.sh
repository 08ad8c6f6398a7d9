#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests what `make image` made.
# usage: O=DIR CACHE=DIR test-image.sh CLUSTER_TOOL HELPER_VERSION
set -euo pipefail
# shellcheck source=hack/image-test-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/image-test-lib.sh"

same_helper() {
  local copy=$W/elsewhere/tree
  mkdir -p "$copy"
  git -C "$TOP" ls-files -z --cached --others --exclude-standard Makefile include helper '*.mk' |
    tar -C "$TOP" --null -T - -cf - | tar -C "$copy" -xf -
  env -u MAKEFLAGS make --no-print-directory -C "$copy" O="$W/elsewhere/build" programs
  cmp "$O/multus-delegate-exec" "$W/elsewhere/build/multus-delegate-exec"
}

# The engine makes empty files and folders for what it would mount.
helper_alone() {
  contents "$HELPER_IMAGE"
  same ./multus-delegate-exec "$(cd "$W/root" && find . -type f -size +0)"
  cmp "$O/multus-delegate-exec" "$W/root/multus-delegate-exec"
  [[ $(stat --format=%s "$W/root/multus-delegate-exec") -lt 1048576 ]] || fail "it has a megabyte"
}

# Its libraries are what the loader finds for the program, and nothing can be written
# or run with more rights than the caller's.
sidecar_alone() {
  contents "$SIDECAR_IMAGE"
  cmp "$O/multus-credential" "$W/root/multus-credential"
  same "$(loaded | sort -u)" "$(cd "$W/root" && find . -type f -size +0 ! -name multus-credential | sed 's/^.//' | sort)"
  same "" "$(find "$W/root" ! -type l \( -perm /022 -o -perm /7000 \))"
  [[ $(du --summarize --bytes "$W/root" | cut -f1) -lt $((32 * 1048576)) ]] || fail "it has 32 megabytes"
}

loaded() { ldd "$O/multus-credential" | grep -o '/[^ ]*'; }

# As its container in the DaemonSet.
sidecar() {
  engine run --rm --net=none --read-only --cap-drop=all --security-opt=no-new-privileges "$@"
}

sidecar_runs() {
  same "65532:65532" "$(engine image inspect --format '{{.Config.User}}' "$SIDECAR_IMAGE")"
  same "$("$O/multus-credential" --version)" "$(sidecar "$SIDECAR_IMAGE" --version)"
}

# By a name that only the container knows, at a port where nobody listens.
sidecar_calls() {
  mkdir -m 0755 "$W/sidecar"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -keyout /dev/null -out "$W/sidecar/ca.crt"
  echo token >"$W/sidecar/token"
  cat >"$W/sidecar/kubeconfig" <<END
{"apiVersion": "v1", "kind": "Config", "current-context": "it",
 "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
 "clusters": [{"name": "it", "cluster": {"server": "https://api.example:6443", "certificate-authority": "ca.crt"}}],
 "users": [{"name": "it", "user": {"tokenFile": "token"}}]}
END
  cat >"$W/sidecar/config.json" <<END
{"apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1", "kind": "DelegateCredentialConfig",
 "rules": [{"name": "it", "matchPlugins": ["it"], "deliver": {"env": [{"name": "A", "value": "b"}]},
  "sources": [{"serviceAccountToken": {"namespace": "it", "serviceAccountName": "it", "path": "token"}}]}]}
END
  chmod -R u=rwX,go=rX "$W/sidecar"
  sidecar --add-host=api.example:127.0.0.1 --tmpfs=/store:mode=1777 --volume="$W/sidecar:/etc/it:ro" "$SIDECAR_IMAGE" \
    fetch it --config=/etc/it/config.json --store=/store --kubeconfig=/etc/it/kubeconfig >"$W/said" 2>&1 || true
  has "$(<"$W/said")" "connect to api.example port 6443"
}

multus_whole() {
  local bin=$W/root/usr/src/multus-cni/bin name
  contents "$MULTUS_IMAGE"
  cmp "$O/multus-delegate-exec" "$bin/multus-delegate-exec"
  for name in "$O/multus/$VERSION/patched"/*; do
    [[ -x $bin/${name##*/} ]] || fail "${name##*/} is missing"
  done
  has "$("$bin/multus-daemon" --version || true)" "version:$VERSION"
  same '["/usr/src/multus-cni/bin/multus-daemon"]' "$(engine image inspect --format '{{json .Config.Entrypoint}}' "$MULTUS_IMAGE")"
}

# With a Dockerfile that knows nothing of Multus.
copied_elsewhere() {
  local image=$PREFIX/elsewhere:test
  mkdir "$W/context"
  printf 'FROM scratch\nCOPY --from=%s /multus-delegate-exec /opt/run\nENTRYPOINT ["/opt/run"]\n' "$HELPER_IMAGE" \
    >"$W/context/Dockerfile"
  engine build --tag "$image" "$W/context"
  same "$("$O/multus-delegate-exec" --version)" "$(engine run --rm --net=none "$image" --version)"
  engine rmi "$image"
}

named() {
  local name=$PREFIX/named:test
  IMAGE=$name image
  same "$(engine image inspect --format '{{.Id}}' "$MULTUS_IMAGE")" "$(engine image inspect --format '{{.Id}}' "$name")"
  engine rmi "$name"
}

refusals() {
  has "$(ENGINE=dockr image || true)" 'there is no engine "dockr": it is one of docker, podman'
  has "$(image v9.9.9 || true)" "there is no series for Multus 'v9.9.9'"
}

main() {
  begin
  check "the helper is made to the same bytes in another folder" same_helper
  check "the helper's image holds the helper alone, below a megabyte" helper_alone
  check "the sidecar's image holds the program and its libraries, below 32 megabytes" sidecar_alone
  check "the sidecar runs in its image without root, capabilities and network" sidecar_runs
  check "the sidecar in its image looks for the API server by its name" sidecar_calls
  check "the image of Dockerfile.thick holds upstream's programs and the helper" multus_whole
  check "any other image can take the helper from its image" copied_elsewhere
  check "make image: IMAGE= names the image" named
  check "make image: an engine or a version that is not there is named" refusals
  finish image
}

main
