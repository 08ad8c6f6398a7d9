// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"strings"

	"multus-delegate-credentials/e2e/scan"
)

// tables are the mounts of the node and of the daemon.
type tables struct{ node, daemon scan.Table }

func (s *scene) tables() tables {
	s.Helper()
	now, err := readTables(s.ctx)
	s.must(err, "read the mounts")
	return now
}

// settled reads until two in a row agree: what the runtime still has to take
// down from a pod before is not to be in the picture of before.
func (s *scene) settled() (now tables) {
	s.Helper()
	s.must(bed.Until(s.ctx, "the mounts to settle", func(ctx context.Context) error {
		last := now
		var err error
		if now, err = readTables(ctx); err != nil {
			return err
		}
		if d := scan.DiffText(last.node, now.node) + scan.DiffText(last.daemon, now.daemon); d != "" {
			return fmt.Errorf("they change:\n%s", d)
		}
		return nil
	}), "read the mounts")
	return now
}

func readTables(ctx context.Context) (now tables, err error) {
	if now.node, err = bed.Mounts(ctx, "1"); err != nil {
		return now, err
	}
	pid, err := bed.DaemonPID(ctx)
	if err != nil {
		return now, err
	}
	now.daemon, err = bed.Mounts(ctx, pid)
	now.daemon = now.daemon.WithoutDeadSandboxes(now.node)
	return now, err
}

// asBefore waits until node and daemon have the mounts they had: the container
// runtime takes a pod's own down some time after the pod has gone.
func (s *scene) asBefore(before tables) {
	s.Helper()
	s.must(bed.Until(s.ctx, "the mounts to be as before", func(ctx context.Context) error {
		now, err := readTables(ctx)
		if err != nil {
			return err
		}
		if d := scan.DiffText(before.node, now.node); d != "" {
			return fmt.Errorf("the node's:\n%s", d)
		}
		if d := scan.DiffText(before.daemon, now.daemon); d != "" {
			return fmt.Errorf("the daemon's:\n%s", d)
		}
		return nil
	}), "compare the mounts")
}

// warmUp lets a daemon that has not had it have its first listed run.
func (s *scene) warmUp() {
	s.Helper()
	for _, m := range s.tables().daemon.Below("/hostroot") {
		if m.Point == "/hostroot" && strings.HasPrefix(m.Sharing, "shared") {
			return
		}
	}
	s.firstRun()
}

func (s *scene) firstRun() {
	s.Helper()
	s.start("warm-up", networks()["curl"])
	_, err := bed.Running(s.ctx, s.namespace, "warm-up")
	s.must(err, "the first listed run")
	s.must(bed.DeletePods(s.ctx, s.namespace, "warm-up"), "delete its pod")
}

// noBindLeft: the delegate removes its folder only once the unmount worked.
func (s *scene) noBindLeft() {
	s.Helper()
	s.must(bed.Until(s.ctx, "the binds' folder to go", func(ctx context.Context) error {
		left, err := bed.Sh(ctx, "ls -A "+bindDir+" 2>/dev/null || true")
		if err == nil && strings.TrimSpace(left) != "" {
			err = fmt.Errorf("DEL left %q", left)
		}
		return err
	}), "look for what DEL left")
}
