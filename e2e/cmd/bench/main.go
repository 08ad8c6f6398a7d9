// SPDX-License-Identifier: Apache-2.0

// Command bench compares patched Multus with stock Multus where they run for
// real: as two DaemonSets on one node, with upstream's limits of CPU and memory.
// Standard output gets samples as hack/bench/invocations.c prints them. The
// cluster is up (MDC_CLUSTER; MDC_BUILD and MDC_CACHE as in the suite).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	podName = "bench"
	netns   = "delegate-bench"
)

// arrangements are the places of patched and stock Multus. The two are not always
// alike, not even with the same Multus in both: so what is compared in turns is
// compared in each arrangement.
var arrangements = [][2]testbed.Daemon{
	{testbed.First, testbed.Beside},
	{testbed.Beside, testbed.First},
}

func contestants(places [2]testbed.Daemon) []contestant {
	return []contestant{
		{"patched", testbed.Deployment{Flavour: testbed.Patched, Daemon: places[0],
			Propagation: manifests.HostToContainer, Limits: manifests.UpstreamLimits,
			Plugins: []string{"bridge", delegates.Minimal}}},
		{"stock", testbed.Deployment{Flavour: testbed.Stock, Daemon: places[1],
			Propagation: manifests.HostToContainer, Limits: manifests.UpstreamLimits}},
	}
}

type contestant struct {
	name string
	testbed.Deployment
}

// sample is a line of the output; mounts are those beyond a kind node's.
func (c contestant) sample(mounts int, measure string, value float64) {
	fmt.Printf("%d 1 %s %s %.1f\n", mounts, c.name, measure, value)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	b, err := newBench(ctx)
	if err != nil {
		return err
	}
	for _, places := range arrangements {
		if err := b.compareAll(ctx, contestants(places)); err != nil {
			return errors.Join(err, errors.New(b.bed.Explain(ctx, b.namespace)))
		}
	}
	for _, c := range crowds {
		if err := b.crowd(ctx, contestants(arrangements[1]), c); err != nil {
			return err
		}
	}
	return nil
}

// bench is a cluster with both daemons and a pod, in whose name they are asked.
type bench struct {
	bed            *testbed.Bed
	namespace, uid string
}

func newBench(ctx context.Context) (*bench, error) {
	bed, err := testbed.Attach(ctx)
	if err != nil {
		return nil, err
	}
	namespace, err := bed.Namespace(ctx)
	return &bench{bed: bed, namespace: namespace}, err
}

// start makes the pod, unless it is there.
func (b *bench) start(ctx context.Context) error {
	if b.uid != "" {
		return nil
	}
	network := manifests.Network{Name: podName, Config: map[string]any{"type": delegates.Minimal}}
	if err := b.bed.Run(ctx, b.namespace, podName, network, ""); err != nil {
		return err
	}
	pod, err := b.bed.Running(ctx, b.namespace, podName)
	if err != nil {
		return err
	}
	b.uid = string(pod.UID)
	return b.clean(ctx)
}

// deploy starts the daemon and says what the kernel grants it.
func (b *bench) deploy(ctx context.Context, c contestant) error {
	if err := b.bed.Deploy(ctx, c.Deployment); err != nil {
		return err
	}
	u, err := b.bed.Usage(ctx, c.Daemon)
	if err != nil {
		return err
	}
	if u.MemoryLimit == 0 || u.CPULimit == 0 {
		return fmt.Errorf("this node does not enforce limits: %+v", u)
	}
	fmt.Fprintf(os.Stderr, "%s Multus as %s: %.2f CPU and %d MiB in force, %d MiB in use\n",
		c.name, c.Daemon, u.CPULimit, u.MemoryLimit>>20, u.Memory>>20)
	return nil
}

// clean gives the delegates a network namespace without a trace of earlier ones.
func (b *bench) clean(ctx context.Context) error {
	_, err := b.bed.Sh(ctx, "ip netns delete "+netns+" 2>/dev/null || :; ip netns add "+netns+
		"; rm -rf "+hostLocalDir+"; mkdir -p "+hostLocalDir)
	return err
}

// request is one of the n-th interface of the pod.
func (b *bench) request(command string, n int, network manifests.Network) (string, error) {
	return testbed.Attachment{Namespace: b.namespace, Pod: podName, UID: b.uid,
		Netns: netns, Container: fmt.Sprintf("bench-%d", n), Interface: fmt.Sprintf("bench%d", n),
		Network: network}.Request(command)
}
