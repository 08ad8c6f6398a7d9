// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/manifests"
)

// Usage is what the kernel counts of a container, and where it stops it. It is
// read from the control groups of either version.
type Usage struct {
	CPU    time.Duration
	Memory int64 // bytes that cannot be dropped
	// The limits in force; 0: none.
	MemoryLimit int64
	CPULimit    float64 // processors
}

// Usage is that of a daemon's container on the tests' node, delegates included.
func (b *Bed) Usage(ctx context.Context, d Daemon) (Usage, error) {
	return b.usage(ctx, d, daemonContainer)
}

// SidecarUsage is that of the sidecar's container.
func (b *Bed) SidecarUsage(ctx context.Context) (Usage, error) {
	return b.usage(ctx, First, manifests.SidecarName)
}

func (b *Bed) usage(ctx context.Context, d Daemon, name string) (Usage, error) {
	container, err := b.container(ctx, d, name)
	if err != nil {
		return Usage{}, err
	}
	out, err := b.Exec(ctx, usageCommand(container)...)
	if err != nil {
		return Usage{}, err
	}
	return parseUsage(out)
}

// container is the identifier of the container of that name in the daemon's pod.
func (b *Bed) container(ctx context.Context, d Daemon, name string) (string, error) {
	pods, err := b.daemonPods(ctx, d)
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		for _, c := range pod.Status.ContainerStatuses {
			if c.Name == name && pod.Spec.NodeName == b.Node && c.State.Running != nil {
				_, id, _ := strings.Cut(c.ContainerID, "://")
				return id, nil
			}
		}
	}
	return "", fmt.Errorf("no %s of %s runs on %s", name, d.set, b.Node)
}

// usageCommand prints the files of the container's control groups, each line
// with the file's name: a version 1 hierarchy has one for each kind.
func usageCommand(container string) []string {
	return []string{"find", "/sys/fs/cgroup", "-type", "d", "-name", "*" + container + "*",
		"-exec", "sh", "-c", `cd "$1" && grep -Hs . memory.* cpu* || :`, "sh", "{}", ";"}
}

// parseUsage reads what usageCommand prints.
func parseUsage(text string) (u Usage, err error) {
	files := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		files[name] += value
	}
	stat := files["memory.stat"]
	// A kernel may have both; nanoseconds or microseconds.
	cpuText, unit := files["cpuacct.usage"], time.Nanosecond
	if cpuText == "" {
		cpuText, unit = field(files["cpu.stat"], "usage_usec"), time.Microsecond
	}
	var used, idle, active, cpu int64
	for _, want := range []struct {
		value *int64
		text  string
	}{
		{&used, files["memory.usage_in_bytes"] + files["memory.current"]},
		{&idle, field(stat, "inactive_file")},
		{&active, field(stat, "active_file")},
		{&cpu, cpuText},
	} {
		if *want.value, err = strconv.ParseInt(strings.TrimSpace(want.text), 10, 64); err != nil {
			return u, fmt.Errorf("the container's control group: %w", err)
		}
	}
	u.CPU = time.Duration(cpu) * unit
	u.Memory = used - idle - active
	u.MemoryLimit = memoryLimit(files["memory.limit_in_bytes"] + files["memory.max"])
	u.CPULimit = cpuLimit(files["cpu.cfs_quota_us"] + files["cpu.cfs_period_us"] + files["cpu.max"])
	return u, nil
}

// field is a number in lines of a name and a number each.
func field(lines, name string) string {
	for line := range strings.Lines(lines) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return value
		}
	}
	return ""
}

// memoryLimit is 0 for what stands for none: a word, or more than there is.
func memoryLimit(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n > 1<<60 {
		return 0
	}
	return n
}

// cpuLimit reads quota and period.
func cpuLimit(text string) float64 {
	var quota, period float64
	if _, err := fmt.Sscan(text, &quota, &period); err != nil || quota < 0 {
		return 0
	}
	return quota / period
}

// OOMKills is how many processes the kernel has ended so far for want of memory.
func (b *Bed) OOMKills(ctx context.Context) (int, error) {
	out, err := b.Exec(ctx, "sed", "-n", "s/^oom_kill //p", "/proc/vmstat")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}
