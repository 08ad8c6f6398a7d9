#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Build the root of the node image from Debian's packages, as a tar file in
# the cache, and beside it the files that kube-proxy's image needs of it.
# Prints the folder that holds root.tar and kube-proxy.tar.
# usage: CACHE=DIR root.sh
set -eu -o pipefail

self=$(readlink -f "$0")
packages=systemd,systemd-sysv,dbus,containerd,runc,iptables,iproute2,kmod,procps
packages+=,conntrack,ethtool,socat,ca-certificates,hostname,mount,util-linux

# Called by mmdebstrap with the folder of the new root.
if [ "${1-}" = --customize ]; then
	root=$2
	chroot "$root" /bin/sh -eu <<-'INNER'
	# What kube-proxy calls, with all that each name leads through; the links
	# that merge /lib into /usr/lib come first, or a folder takes their place.
	programs=$(ls /etc/alternatives/ip*tables* /usr/sbin/ip*tables* \
		/usr/sbin/xtables-nft-multi /usr/sbin/conntrack)
	libraries=$(ldd /usr/sbin/xtables-nft-multi /usr/sbin/conntrack |
		grep -o '/lib[^ :]*\.so[^ ]*' | sed 's,^,/usr,' | sort -u)
	{
		ls -d /lib /lib64 2>/dev/null || :
		for file in $programs $libraries; do
			echo "$file"
			readlink -f "$file"
		done | sort -u
		find /usr/lib/*/xtables ! -type d
	} >/files
	tar -cf /kube-proxy.tar --no-recursion -T /files
	rm /files
	INNER
	rm -f "$root/etc/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf"
	exit 0
fi

key=$(sha256sum "$self" | cut -c1-16)-$(dpkg --print-architecture)
out=$CACHE/node-root-$key
if [ ! -d "$out" ]; then
	mkdir -p "$CACHE"
	exec 9>"$CACHE/node-root.lock"
	flock 9
fi
if [ ! -d "$out" ]; then
	began=$SECONDS
	echo "node root: installing Debian's packages into it, once" >&2
	rm -rf "$out.new"
	mkdir "$out.new"
	# shellcheck disable=SC2016 # mmdebstrap's own shell expands it
	if ! mmdebstrap --variant=minbase --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook="'$self' --customize \"\$1\"" \
		--customize-hook="download /kube-proxy.tar '$out.new/kube-proxy.tar'" \
		--customize-hook='rm "$1/kube-proxy.tar"' \
		bookworm "$out.new/root.tar" >"$out.new/log" 2>&1; then
		tail -n 20 "$out.new/log" >&2
		exit 1
	fi
	mv "$out.new" "$out"
	echo "node root: built in $((SECONDS - began)) s" >&2
fi
echo "$out"
