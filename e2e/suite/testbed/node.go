// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/scan"
)

// KubeletPods is where kubelet keeps the pods' tokens.
const KubeletPods = "/var/lib/kubelet/pods"

// Exec runs a command on the tests' node.
func (b *Bed) Exec(ctx context.Context, argv ...string) (string, error) {
	out, _, err := b.Cluster.Exec(ctx, b.Node, nil, argv...)
	return string(out), err
}

// Sh runs a script on the tests' node.
func (b *Bed) Sh(ctx context.Context, script string) (string, error) {
	return b.Exec(ctx, "sh", "-euc", script)
}

// DaemonPID is the daemon's process on the node.
func (b *Bed) DaemonPID(ctx context.Context) (string, error) {
	out, err := b.Exec(ctx, "pgrep", "-x", "multus-daemon")
	if err != nil {
		return "", err
	}
	if pids := strings.Fields(out); len(pids) == 1 {
		return pids[0], nil
	}
	return "", fmt.Errorf("not one daemon: %q", out)
}

// RestartDaemon kills the daemon and waits for the next one, in a new container of
// the same pod.
func (b *Bed) RestartDaemon(ctx context.Context) error {
	old, err := b.DaemonPID(ctx)
	if err != nil {
		return err
	}
	if _, err := b.Exec(ctx, "kill", "-KILL", old); err != nil {
		return err
	}
	return until(ctx, "the daemon to be restarted", func(ctx context.Context) error {
		pid, err := b.DaemonPID(ctx)
		if err != nil {
			return err
		}
		if pid == old {
			return errors.New("it has not ended")
		}
		_, err = b.Exec(ctx, delegates.Nodescan, "get", First.socket, "/healthz")
		return err
	})
}

// Mounts is a process' mount table; "1" is the node's.
func (b *Bed) Mounts(ctx context.Context, pid string) (scan.Table, error) {
	text, err := b.Exec(ctx, "cat", "/proc/"+pid+"/mountinfo")
	if err != nil {
		return nil, err
	}
	return scan.ParseTable(text)
}

// Post sends a request to the socket of the daemon on the tests' node.
func (b *Bed) Post(ctx context.Context, path string, body []byte) (string, error) {
	out, _, err := b.Cluster.Exec(ctx, b.Node, bytes.NewReader(body),
		delegates.Nodescan, "post", First.socket, path)
	return string(out), err
}

// DaemonToken is the token that the daemon has, and when it was issued.
func (b *Bed) DaemonToken(ctx context.Context) ([]byte, time.Time, error) {
	pid, err := b.DaemonPID(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	token, err := b.Exec(ctx, "cat", "/proc/"+pid+"/root"+daemonsTokenFile)
	if err != nil {
		return nil, time.Time{}, err
	}
	issued, err := scan.Issued([]byte(token))
	return []byte(token), issued, err
}

// Search looks for a token's bytes on the node.
func (b *Bed) Search(ctx context.Context, token []byte, since time.Time) (*scan.Result, error) {
	request, err := json.Marshal(scan.Request{Token: token, Since: since, Kept: KubeletPods})
	if err != nil {
		return nil, err
	}
	out, _, err := b.Cluster.Exec(ctx, b.Node, bytes.NewReader(request), delegates.Nodescan, "search")
	if err != nil {
		return nil, err
	}
	result := &scan.Result{}
	return result, json.Unmarshal(out, result)
}

// Plant puts a made-up token all over the node until the returned function is
// called.
func (b *Bed) Plant(ctx context.Context, token []byte) (remove func() error, err error) {
	in, feed := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := b.Cluster.Exec(ctx, b.Node, in, delegates.Nodescan, "plant")
		in.CloseWithError(err)
		done <- err
	}()
	remove = func() error {
		feed.Close()
		return <-done
	}
	if _, err := fmt.Fprintf(feed, "%s\n", token); err != nil {
		return nil, errors.Join(err, remove())
	}
	err = until(ctx, "the token to be planted", func(ctx context.Context) error {
		_, err := b.Exec(ctx, "test", "-e", scan.PlantedOnTmpfs)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return remove, nil
}

// CopyKubectl copies the node's kubectl, which fits the cluster whatever the
// host has.
func (b *Bed) CopyKubectl(ctx context.Context, to string) error {
	program, _, err := b.Cluster.Exec(ctx, b.Node, nil, "cat", "/usr/bin/kubectl")
	if err != nil {
		return err
	}
	return os.WriteFile(to, program, 0o755)
}
