// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// comparison is one delegate by both daemons in turns, so often in each arrangement.
type comparison struct {
	prefix   string // of what its samples are called
	network  manifests.Network
	commands []string
	rounds   int
	mounts   int // more than a kind node has
}

const hostLocalDir = "/var/lib/cni/networks/bench"

var (
	reference = manifests.Network{Name: "bench", Config: map[string]any{"type": "bridge", "bridge": "delegate-bench",
		"ipam": map[string]any{"type": "host-local", "subnet": "10.123.0.0/16"}}}
	minimal = manifests.Network{Name: "bench-minimal", Config: map[string]any{"type": delegates.Minimal}}

	comparisons = []comparison{
		{"", reference, []string{"ADD", "DEL"}, 100, 0},
		{"minimal_", minimal, []string{"ADD"}, 250, 0},
		{"unlisted_", manifests.Network{Name: "bench-unlisted",
			Config: map[string]any{"type": delegates.MinimalUnlisted}}, []string{"ADD"}, 1000, 0},
	}

	// The last ones, since the mounts stay as long as the daemons.
	withMounts = []comparison{
		{"", reference, []string{"ADD", "DEL"}, 10, 1000},
		{"", reference, []string{"ADD", "DEL"}, 3, 5000},
	}
)

// pause lets each daemon begin most requests with what the kernel grants for a
// whole period of 100 ms. Else the requests before it would say how long it takes.
const pause = 60 * time.Millisecond

// compareAll does all comparisons in one arrangement.
func (b *bench) compareAll(ctx context.Context, pair []contestant) error {
	for _, one := range pair {
		if err := b.deploy(ctx, one); err != nil {
			return err
		}
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	for _, c := range comparisons {
		if err := b.compare(ctx, pair, c); err != nil {
			return err
		}
	}
	if err := b.compareWrapper(ctx, pair[0], pair[1]); err != nil {
		return err
	}
	return b.compareWithMounts(ctx, pair)
}

func (b *bench) compare(ctx context.Context, pair []contestant, c comparison) error {
	fmt.Fprintf(os.Stderr, "%d times %s with %s by %s and %s Multus in turns\n",
		c.rounds, strings.Join(c.commands, " and "), c.network.Config["type"], pair[0].name, pair[1].name)
	turns := testbed.Turns{Rounds: c.rounds, Pause: pause}
	for _, one := range pair {
		turns.Daemons = append(turns.Daemons, one.Daemon)
	}
	for _, command := range c.commands {
		body, err := b.request(command, 0, c.network)
		if err != nil {
			return err
		}
		turns.Bodies = append(turns.Bodies, body)
	}
	before, err := b.cpu(ctx, pair)
	if err != nil {
		return err
	}
	took, err := b.bed.Turns(ctx, turns)
	if err != nil {
		return err
	}
	after, err := b.cpu(ctx, pair)
	if err != nil {
		return err
	}
	for _, t := range took {
		command := strings.ToLower(c.commands[t.Body])
		pair[t.Daemon].sample(c.mounts, c.prefix+command+"_us", float64(t.Time.Microseconds()))
	}
	for i, one := range pair {
		one.sample(c.mounts, c.prefix+"cpu_us", float64((after[i]-before[i]).Microseconds())/float64(c.rounds))
	}
	return nil
}

const wrapperPath = delegates.Private + "/wrapper"

// compareWrapper does the first comparison again, and has patched Multus run the
// least program that can be in between: it copies the mounts and starts the delegate.
func (b *bench) compareWrapper(ctx context.Context, patched, stock contestant) error {
	from := filepath.Join(b.bed.BuildDir, "helper-test/wrapper")
	if err := b.bed.Cluster.CopyIn(ctx, b.bed.Node, from, wrapperPath); err != nil {
		return err
	}
	wrapper := patched
	wrapper.name = "wrapper"
	wrapper.Config = map[string]any{"delegateExec": map[string]any{"command": []any{"/hostroot" + wrapperPath}}}
	if err := b.deploy(ctx, wrapper); err != nil {
		return err
	}
	c := comparisons[0]
	c.prefix = "wrapper_"
	if err := b.compare(ctx, []contestant{wrapper, stock}, c); err != nil {
		return err
	}
	return b.deploy(ctx, patched)
}

func (b *bench) compareWithMounts(ctx context.Context, pair []contestant) error {
	for _, c := range withMounts {
		fmt.Fprintf(os.Stderr, "%d mounts more\n", c.mounts)
		for _, one := range pair {
			if err := b.bed.MountMany(ctx, one.Daemon, c.mounts); err != nil {
				return err
			}
		}
		if err := b.compare(ctx, pair, c); err != nil {
			return err
		}
	}
	return nil
}

// cpu is what each daemon and its delegates have used so far.
func (b *bench) cpu(ctx context.Context, pair []contestant) (all []time.Duration, err error) {
	for _, c := range pair {
		u, err := b.bed.Usage(ctx, c.Daemon)
		if err != nil {
			return nil, err
		}
		all = append(all, u.CPU)
	}
	return all, nil
}
