// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/scan"
)

// Turns are requests that the daemons on the tests' node get in turns.
type Turns struct {
	Daemons []Daemon
	Bodies  []string // one after the other to each daemon
	Rounds  int
	Pause   time.Duration // before each request
}

// Took is how long one answer took.
type Took struct {
	Daemon, Body int // their numbers
	Time         time.Duration
}

// Turns posts to the daemons' /delegate.
func (b *Bed) Turns(ctx context.Context, t Turns) ([]Took, error) {
	argv := []string{delegates.Nodescan, "turns", "/delegate", strconv.Itoa(t.Rounds), t.Pause.String()}
	for _, d := range t.Daemons {
		argv = append(argv, d.socket)
	}
	out, _, err := b.Cluster.Exec(ctx, b.Node, strings.NewReader(strings.Join(t.Bodies, "\n")), argv...)
	if err != nil {
		return nil, err
	}
	var all []Took
	for line := range strings.Lines(string(out)) {
		var one Took
		var micros int64
		if _, err := fmt.Sscan(line, &one.Daemon, &one.Body, &micros); err != nil {
			return nil, fmt.Errorf("nodescan turns: %q: %w", line, err)
		}
		one.Time = time.Duration(micros) * time.Microsecond
		all = append(all, one)
	}
	return all, nil
}

// ErrNotHeld is Hold's where not all requests got as far as the lock, or not all
// of them were answered well.
var ErrNotHeld = errors.New("not all were held and answered")

// ErrLate is an ErrNotHeld: one had no answer within a minute.
var ErrLate = fmt.Errorf("%w in time", ErrNotHeld)

// Hold posts requests to a daemon's /delegate, all at once, whose delegates wait
// for a lock that is held until all of them do. It returns what the daemon's
// container used at that moment.
func (b *Bed) Hold(ctx context.Context, d Daemon, lock string, bodies []string) (Usage, error) {
	container, err := b.container(ctx, d, daemonContainer)
	if err != nil {
		return Usage{}, err
	}
	argv := append([]string{delegates.Nodescan, "held", lock, "/delegate", d.socket}, usageCommand(container)...)
	out, _, err := b.Cluster.Exec(ctx, b.Node, strings.NewReader(strings.Join(bodies, "\n")), argv...)
	if err != nil {
		return Usage{}, err
	}
	var held scan.Held
	if err := json.Unmarshal(out, &held); err != nil {
		return Usage{}, fmt.Errorf("nodescan held: %w", err)
	}
	notHeld := ErrNotHeld
	if held.Late {
		notHeld = ErrLate
	}
	for _, message := range held.Failed {
		return Usage{}, fmt.Errorf("%w: %d of %d failed: %s", notHeld, len(held.Failed), len(bodies), message)
	}
	if held.Output == "" {
		return Usage{}, fmt.Errorf("a delegate did not wait for %s", lock)
	}
	return parseUsage(held.Output)
}

// mountMany runs as sh -c SCRIPT sh CONTAINER COMMAND...
const mountMany = `
id=$1
shift
for pid in $(pgrep -x multus-daemon); do
	grep -q "$id" /proc/$pid/cgroup || continue
	exec nsenter --target="$pid" --mount "$@"
done
exit 1`

// MountMany adds mounts to the host as a daemon and its delegates see it, until
// there are n of these; they go with its container. The node and its systemd are left alone.
func (b *Bed) MountMany(ctx context.Context, d Daemon, n int) error {
	container, err := b.container(ctx, d, daemonContainer)
	if err != nil {
		return err
	}
	_, err = b.Exec(ctx, "sh", "-euc", mountMany, "sh", container,
		"/hostroot"+delegates.Nodescan, "binds", "/hostroot/run/mounts-"+container, strconv.Itoa(n))
	return err
}
