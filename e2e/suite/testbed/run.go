// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"multus-delegate-credentials/e2e/cluster"
)

// Main is for a package's TestMain: it runs the tests on a bed on the cluster
// of that name and gives what to exit with. Their context ends at an interrupt.
// MDC_BUILD and MDC_CACHE name the
// folders of what is built and kept. MDC_KEEP leaves a cluster running that was
// started here; one that ran before is left anyway.
func Main(name string, nodes int, run func(context.Context, *Bed) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := runOn(ctx, name, nodes, run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return code
}

func runOn(ctx context.Context, name string, nodes int,
	run func(context.Context, *Bed) int) (code int, err error) {
	folders, err := FoldersFromEnv()
	if err != nil {
		return 1, err
	}
	c, ours, err := openCluster(ctx, folders, name, nodes)
	if err != nil {
		return 1, err
	}
	if ours && os.Getenv("MDC_KEEP") == "" {
		defer func() { err = errors.Join(err, c.Down(context.Background())) }()
	}
	bed, err := Open(ctx, c, folders, os.Stderr)
	if err != nil {
		return 1, err
	}
	return run(ctx, bed), nil
}

// Attach opens a bed on the cluster that MDC_CLUSTER names and that is up, with
// what the folders of MDC_BUILD and MDC_CACHE hold.
func Attach(ctx context.Context) (*Bed, error) {
	folders, err := FoldersFromEnv()
	if err != nil {
		return nil, err
	}
	c, err := cluster.Attach(ctx, cluster.Options{Name: os.Getenv("MDC_CLUSTER"),
		CacheDir: folders.CacheDir, BuildDir: folders.BuildDir, Log: os.Stderr})
	if err != nil {
		return nil, err
	}
	return Open(ctx, c, folders, os.Stderr)
}

// openCluster takes the running cluster or brings one up.
func openCluster(ctx context.Context, f Folders, name string, nodes int) (c *cluster.Cluster, ours bool, err error) {
	options := cluster.Options{Name: name, Nodes: nodes,
		CacheDir: f.CacheDir, BuildDir: f.BuildDir,
		NodeImage: os.Getenv("NODE_IMAGE"), Log: os.Stderr}
	if c, err = cluster.Attach(ctx, options); !errors.Is(err, cluster.ErrNotRunning) {
		return c, false, err
	}
	c, err = cluster.Up(ctx, options)
	return c, true, err
}
