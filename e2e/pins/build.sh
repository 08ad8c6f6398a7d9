#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Build the programs that a folder here pins, static, into the cache, once for
# each state of their pins. Prints the folder that holds them.
# usage: CACHE=DIR build.sh NAME
set -eu -o pipefail

name=$1
pin=$(cd "$(dirname "$0")" && pwd)/$name
export CGO_ENABLED=0 GOWORK=off

# What `go build` is told beyond the packages of tools.go, and which program
# is known by another name than its package.
flags=(-trimpath)
rename=()
case $name in
kubernetes)
	# kubeadm refuses to work without a real version. The code that
	# debuggers need is a tenth of the compile time and a third of the size.
	version=$(awk '$1 == "require" { print $3; exit }' "$pin/go.mod")
	minor=${version#v*.}
	stamp="-s -w"
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		stamp+=" -X $package.gitVersion=$version"
		stamp+=" -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
	done
	flags+=(-tags "grpcnotrace,selinux,notest" -gcflags=all=-dwarf=false
		-ldflags "$stamp")
	;;
etcd)
	flags+=(-ldflags "-s -w")
	rename=(server etcd)
	;;
multus-*)
	stamp=gopkg.in/k8snetworkplumbingwg/multus-cni.v4/pkg/multus.version
	flags+=(-ldflags "-s -w -X $stamp=${name#multus-}")
	# 4.2 is the first to have it.
	! grep -q /passthru-cni "$pin/tools.go" || rename=(passthru-cni passthru)
	;;
whereabouts)
	flags+=(-ldflags "-s -w")
	rename=(cmd whereabouts)
	;;
*)
	flags+=(-ldflags "-s -w")
	;;
esac

cd "$pin"
go=$(go env GOVERSION GOARCH | paste -sd-)
key=$({ cat go.mod go.sum tools.go; echo "$go ${flags[*]} ${rename[*]}"; } |
	sha256sum | cut -c1-16)
out=$CACHE/$name-$key

if [ ! -d "$out" ]; then
	mkdir -p "$CACHE"
	exec 9>"$CACHE/$name.lock"
	flock 9
fi
if [ ! -d "$out" ]; then
	began=$SECONDS
	echo "$name: building with $go, once for these pins" >&2
	(
		while sleep 30; do
			echo "$name: still building, $((SECONDS - began)) s" >&2
		done
	) 9>&- &
	ticker=$!
	trap 'kill $ticker 2>/dev/null || :' EXIT

	# The build cache of Kubernetes is 4 GB and of no use afterwards; an
	# interrupted build goes on from it.
	if [ "$name" = kubernetes ]; then
		export GOCACHE=$CACHE/gocache-$name
	fi
	rm -rf "$out.new"
	mkdir "$out.new"
	mapfile -t packages < <(sed -n 's/^\t_ "\(.*\)"$/\1/p' tools.go)
	go build "${flags[@]}" -o "$out.new/" "${packages[@]}" >&2
	if [ ${#rename[@]} -gt 0 ]; then
		mv "$out.new/${rename[0]}" "$out.new/${rename[1]}"
	fi
	mv "$out.new" "$out"
	if [ "$name" = kubernetes ]; then
		rm -rf "$GOCACHE"
	fi
	echo "$name: built in $((SECONDS - began)) s" >&2
fi
echo "$out"
