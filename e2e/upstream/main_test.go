// SPDX-License-Identifier: Apache-2.0

// Package upstream runs Multus' own e2e scripts, unmodified, and the README's
// section on a cluster of one's own. The scripts know a cluster by the names
// of its nodes: kind's, with two workers.
package upstream

import (
	"context"
	"fmt"
	"os"
	"testing"

	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	clusterName = "kind"
	nodes       = 3
)

var (
	bed *testbed.Bed
	// interrupted ends all waits; clearing away goes on.
	interrupted context.Context
)

func TestMain(m *testing.M) {
	os.Exit(testbed.Main(clusterName, nodes, func(ctx context.Context, b *testbed.Bed) int {
		interrupted, bed = ctx, b
		return m.Run()
	}))
}

// scene is one test.
type scene struct {
	*testing.T
	ctx context.Context
}

func (s *scene) must(err error, format string, args ...any) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}
