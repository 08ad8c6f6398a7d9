// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"multus-delegate-credentials/e2e/cluster"
)

// LoadToolsImage makes an image of the node's own shell, ip and sleep, for
// upstream's scripts: the image that their pods name may not be there to pull.
func (b *Bed) LoadToolsImage(ctx context.Context, names ...string) error {
	archive, err := b.Sh(ctx, `
		set -- /bin/bash /bin/sleep "$(command -v ip)"
		tar -chf - "$@" $(ldd "$@" | grep -o '/[^ :]*' | sort -u)`)
	if err != nil {
		return err
	}
	rootfs, err := os.MkdirTemp("", "delegate-credentials-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(rootfs)
	cmd := exec.CommandContext(ctx, "tar", "-xf", "-", "-C", rootfs)
	cmd.Stdin = strings.NewReader(archive)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("unpack the node's programs: %w: %s", err, bytes.TrimSpace(out))
	}
	for _, name := range names {
		err := b.Cluster.LoadImage(ctx, name, rootfs, cluster.ImageConfig{
			Cmd: []string{"/bin/bash"},
			Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
			// Their sleep is process 1, which no other signal ends; each would be
			// waited for for half a minute.
			StopSignal: "SIGKILL",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// workersNetwork is a second network of the worker nodes. Upstream's CI lays a
// cable between them instead.
const workersNetwork = "delegate-credentials-e2e-eth1"

// ConnectWorkers gives each worker an interface eth1, all on one network.
func (b *Bed) ConnectWorkers(ctx context.Context) error {
	// The network may be there already; if it cannot be made, connect says so.
	_, _ = b.engine(ctx, "network", "create", workersNetwork)
	for _, node := range b.Cluster.Nodes()[1:] {
		if _, _, err := b.Cluster.Exec(ctx, node, nil, "ip", "link", "show", "eth1"); err == nil {
			continue
		}
		if out, err := b.engine(ctx, "network", "connect", workersNetwork, node); err != nil {
			return fmt.Errorf("connect %s: %w: %s", node, err, out)
		}
	}
	return nil
}

// DisconnectWorkers takes that network away again. Not by force: podman would
// take the nodes as well.
func (b *Bed) DisconnectWorkers(ctx context.Context) error {
	for _, node := range b.Cluster.Nodes()[1:] {
		if out, err := b.engine(ctx, "network", "disconnect", workersNetwork, node); err != nil {
			return fmt.Errorf("disconnect %s: %w: %s", node, err, out)
		}
	}
	if out, err := b.engine(ctx, "network", "rm", workersNetwork); err != nil {
		return fmt.Errorf("remove the network %s: %w: %s", workersNetwork, err, out)
	}
	return nil
}

func (b *Bed) engine(ctx context.Context, argv ...string) (string, error) {
	out, err := b.Cluster.Engine().Command(ctx, argv...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
