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
	files="/usr/sbin/xtables-nft-multi /usr/sbin/iptables /usr/sbin/ip6tables
	/usr/sbin/iptables-save /usr/sbin/iptables-restore /usr/sbin/ip6tables-save
	/usr/sbin/ip6tables-restore /usr/sbin/conntrack /etc/alternatives/iptables
	/etc/alternatives/ip6tables /etc/alternatives/iptables-save
	/etc/alternatives/iptables-restore /etc/alternatives/ip6tables-save
	/etc/alternatives/ip6tables-restore /usr/sbin/iptables-nft
	/usr/sbin/ip6tables-nft /usr/sbin/iptables-nft-save
	/usr/sbin/iptables-nft-restore /usr/sbin/ip6tables-nft-save
	/usr/sbin/ip6tables-nft-restore /etc/protocols"
	libraries=$(ldd /usr/sbin/xtables-nft-multi /usr/sbin/conntrack |
		grep -o '/[^ :]*\.so[^ ]*' | sort -u)
	list=$(for file in $files $libraries; do
		if [ -e "$file" ]; then echo "$file"; readlink -f "$file"; fi
	done | sort -u; echo /lib /lib64 | tr ' ' '\n'
		find /usr/lib/*/xtables -type f)
	echo "$list" | tar -cf /kube-proxy.tar --no-recursion -T - 2>/dev/null
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
