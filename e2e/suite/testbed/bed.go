// SPDX-License-Identifier: Apache-2.0

// Package testbed puts Multus, stock or patched, and the test delegates on a
// cluster, and runs pods on it. The suite and the demo stand on it.
package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"multus-delegate-credentials/e2e/cluster"
)

// Patience is the deadline of a wait. Waits end with their condition; on a
// loaded machine they may take long, so this one is only against hanging.
const Patience = 5 * time.Minute

// Folders are where things are built and kept.
type Folders struct{ BuildDir, CacheDir string }

// FoldersFromEnv reads MDC_BUILD and MDC_CACHE.
func FoldersFromEnv() (Folders, error) {
	f := Folders{os.Getenv("MDC_BUILD"), os.Getenv("MDC_CACHE")}
	if !filepath.IsAbs(f.BuildDir) || !filepath.IsAbs(f.CacheDir) {
		return f, errors.New("MDC_BUILD and MDC_CACHE must name folders by their whole path")
	}
	return f, nil
}

// Bed is a cluster made ready for tests.
type Bed struct {
	Cluster *cluster.Cluster
	Node    string // the node all tests use
	API     kubernetes.Interface
	Folders
	Log io.Writer

	images  map[string]string // what is loaded of Multus to a hash of it
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// Open lays images, plugins and delegates on a running cluster.
func Open(ctx context.Context, c *cluster.Cluster, f Folders, log io.Writer) (*Bed, error) {
	if len(c.Nodes()) == 0 {
		return nil, errors.New("the cluster has no node")
	}
	b := &Bed{Cluster: c, Node: c.Nodes()[0], Folders: f, Log: log, images: map[string]string{}}
	if err := b.connect(); err != nil {
		return nil, err
	}
	if err := b.clearAway(ctx); err != nil {
		return nil, err
	}
	if err := b.install(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Bed) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", b.Cluster.Kubeconfig())
	if err != nil {
		return err
	}
	config.QPS = -1 // no throttling by the client: waits poll at a pace of their own
	config.WarningHandler = rest.NoWarnings{}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	b.API = clients
	b.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clients.Discovery()))
	b.dynamic, err = dynamic.NewForConfig(config)
	return err
}

// sayf is a line of progress.
func (b *Bed) sayf(format string, args ...any) {
	fmt.Fprintf(b.Log, format+"\n", args...)
}

// until polls a condition. It is met at nil; the last other error is kept for
// the message, but not what the deadline itself has broken.
func until(ctx context.Context, what string, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w: %w", what, ctx.Err(), last)
		}
	}
}

// Until is until, for the tests.
func (b *Bed) Until(ctx context.Context, what string, condition func(context.Context) error) error {
	return until(ctx, what, condition)
}

// Root is the top of this project's tree, found from the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "e2e/go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("run this inside the project's tree")
}

var noOptions metav1.GetOptions
