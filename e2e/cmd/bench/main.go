// SPDX-License-Identifier: Apache-2.0

// Command bench compares patched Multus with stock Multus where they run for
// real: as two DaemonSets on one node, with upstream's limits of CPU and memory,
// asked in turns. Standard output gets samples as hack/bench/invocations.c
// prints them. The cluster is up (MDC_CLUSTER; MDC_BUILD and MDC_CACHE as in the
// suite), and the first argument is the delegate that does nothing.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"multus-delegate-credentials/e2e/cluster"
	"multus-delegate-credentials/e2e/cmd/bench/plan"
	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	listed        = "bench-listed" // the delegate that does nothing, by two names
	unlisted      = "bench-unlisted"
	netns         = "delegate-bench"
	driver        = delegates.Private + "/driver"
	patchedSocket = "/run/multus/multus.sock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, minimal string) (err error) {
	folders, err := testbed.FoldersFromEnv()
	if err != nil {
		return err
	}
	c, err := cluster.Attach(ctx, cluster.Options{Name: os.Getenv("MDC_CLUSTER"),
		CacheDir: folders.CacheDir, BuildDir: folders.BuildDir, Log: os.Stderr})
	if err != nil {
		return err
	}
	bed, err := testbed.Open(ctx, c, folders, os.Stderr)
	if err != nil {
		return err
	}
	if err := equip(ctx, bed, minimal); err != nil {
		return err
	}
	remove, err := deploy(ctx, bed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	all, err := plans()
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := run(ctx, bed, p); err != nil {
			return err
		}
	}
	return nil
}

// equip puts the driver and the minimal delegate on the node.
func equip(ctx context.Context, bed *testbed.Bed, minimal string) error {
	tree, err := os.MkdirTemp("", "delegate-credentials-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	program, err := os.ReadFile(minimal)
	if err != nil {
		return err
	}
	bin := filepath.Join(tree, "opt/cni/bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	for _, name := range []string{listed, unlisted} {
		if err := os.WriteFile(filepath.Join(bin, name), program, 0o755); err != nil {
			return err
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(tree, driver), "./cmd/bench/driver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the driver: %w: %s", err, out)
	}
	if err := bed.Cluster.CopyIn(ctx, bed.Node, tree, "/"); err != nil {
		return err
	}
	_, err = bed.Sh(ctx, "ip netns list | grep -qw "+netns+" || ip netns add "+netns)
	return err
}

// deploy starts both daemons with what upstream gives them.
func deploy(ctx context.Context, bed *testbed.Bed) (remove func(context.Context) error, err error) {
	d := testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.HostToContainer,
		Plugins: []string{listed, "bridge"}, Limits: true, Fresh: true}
	if err := bed.Deploy(ctx, d); err != nil {
		return nil, err
	}
	return bed.DeployBeside(ctx, testbed.Deployment{Flavour: testbed.Stock,
		Propagation: manifests.HostToContainer, Limits: true})
}

// plans: a real delegate, and two that do nothing, listed and not.
func plans() ([]plan.Plan, error) {
	list := []struct {
		rounds   int
		config   map[string]any
		add, del string
	}{
		{100, map[string]any{"type": "bridge", "bridge": "delegate-bench",
			"ipam": map[string]any{"type": "host-local", "subnet": "10.123.0.0/16"}}, "add_us", "del_us"},
		{200, map[string]any{"type": listed}, "listed_us", ""},
		{2000, map[string]any{"type": unlisted}, "unlisted_us", ""},
	}
	var all []plan.Plan
	for _, l := range list {
		config, err := manifests.Network{Name: "bench", Config: l.config}.JSON()
		if err != nil {
			return nil, err
		}
		p := plan.Plan{Rounds: l.rounds}
		for i, socket := range []string{patchedSocket, manifests.BesideSocket} {
			call := plan.Call{Contestant: []string{"patched", "stock"}[i], Socket: socket,
				AddMeasure: l.add, DelMeasure: l.del}
			if call.Add, err = request("ADD", i, config); err != nil {
				return nil, err
			}
			if call.Del, err = request("DEL", i, config); err != nil {
				return nil, err
			}
			p.Calls = append(p.Calls, call)
		}
		all = append(all, p)
	}
	return all, nil
}

// request is what the daemon's /delegate takes.
func request(command string, number int, config []byte) ([]byte, error) {
	return json.Marshal(map[string]any{
		"env": map[string]string{
			"CNI_COMMAND": command, "CNI_CONTAINERID": fmt.Sprintf("bench-%d", number),
			"CNI_NETNS": "/run/netns/" + netns, "CNI_IFNAME": fmt.Sprintf("bench%d", number),
			"CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=bench",
		},
		"config": config,
	})
}

func run(ctx context.Context, bed *testbed.Bed, p plan.Plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	out, _, err := bed.Cluster.Exec(ctx, bed.Node, bytes.NewReader(text), driver)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}
