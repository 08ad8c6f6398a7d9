// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package whereabouts pins the IPAM plugin that the suite runs.
package whereabouts

import (
	_ "github.com/k8snetworkplumbingwg/whereabouts/cmd"
)
