// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package etcd pins the etcd that kubeadm 1.37 wants.
package etcd

import (
	_ "go.etcd.io/etcd/server/v3"
)
