// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// crowd is many ADDs at once, all of which wait for a lock.
type crowd struct {
	prefix  string
	network manifests.Network
	lock    string
}

var crowds = []crowd{
	{"", reference, hostLocalDir + "/lock"},
	{"minimal_", minimal, delegates.MinimalLock},
}

// crowd finds how many ADDs at once each daemon survives, new ones, and what memory
// one more of them takes.
func (b *bench) crowd(ctx context.Context, pair []contestant, c crowd) error {
	for _, one := range pair {
		if err := b.renew(ctx, one); err != nil {
			return err
		}
		var points []point
		most, err := largest(func(n int) (bool, error) {
			u, err := b.hold(ctx, one, c, n)
			if err == nil {
				points = append(points, point{float64(n), float64(u.Memory) / 1024})
			}
			if errors.Is(err, errTooMany) {
				fmt.Fprintf(os.Stderr, "%s: %d ADDs at once: %v\n", one.name, n, err)
				return false, b.renew(ctx, one)
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
		if len(points) < 2 {
			return fmt.Errorf("%s Multus survives %d ADDs at once: too few to tell what one takes", one.name, most)
		}
		base, each := line(points)
		fmt.Fprintf(os.Stderr, "%s Multus survives %d ADDs at once of %s: %.0f KiB and %.0f for each\n",
			one.name, most, c.network.Config["type"], base, each)
		one.sample(0, c.prefix+"parallel_adds", float64(most))
		one.sample(0, c.prefix+"base_kib", base)
		one.sample(0, c.prefix+"kib_per_add", each)
	}
	return nil
}

// errTooMany: the kernel has ended one of the processes, or is so busy with taking
// memory back from them that they do not get on.
var errTooMany = errors.New("too many for the memory limit")

func (b *bench) hold(ctx context.Context, one contestant, c crowd, n int) (u testbed.Usage, err error) {
	if err := b.clean(ctx); err != nil {
		return u, err
	}
	bodies := make([]string, n)
	for i := range bodies {
		if bodies[i], err = b.request("ADD", i, c.network); err != nil {
			return u, err
		}
	}
	before, err := b.bed.OOMKills(ctx)
	if err != nil {
		return u, err
	}
	u, err = b.bed.Hold(ctx, one.Daemon, c.lock, bodies)
	if !errors.Is(err, testbed.ErrNotHeld) {
		return u, err
	}
	after, killsErr := b.bed.OOMKills(ctx)
	if killsErr == nil && (after > before || errors.Is(err, testbed.ErrLate)) {
		err = fmt.Errorf("%w: %w", errTooMany, err)
	}
	return u, errors.Join(err, killsErr)
}

// renew starts the daemon anew, at once: kubelet would wait longer each time.
func (b *bench) renew(ctx context.Context, c contestant) error {
	c.Fresh = true
	return b.deploy(ctx, c)
}
