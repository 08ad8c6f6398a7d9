// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const runs = 100

// request is what the daemon's /delegate takes: one delegate, no look-up of
// networks.
func (s *scene) request(command, pod, uid string, network manifests.Network) string {
	s.Helper()
	body, err := testbed.Attachment{Namespace: s.namespace, Pod: pod, UID: uid, Netns: s.namespace,
		Container: "e2e-" + s.namespace, Interface: "net9", Network: network}.Request(command)
	s.must(err, "make the request")
	return body
}

// netns makes the network namespace that the daemon wants to see.
func (s *scene) netns() {
	s.Helper()
	_, err := bed.Exec(s.ctx, "ip", "netns", "add", s.namespace)
	s.must(err, "make a network namespace")
	s.Cleanup(func() {
		if _, err := bed.Exec(s.ctx, "ip", "netns", "delete", s.namespace); err != nil {
			s.Error(err)
		}
	})
}

// After many runs the node has the mounts, files and processes it had.
func TestManyRunsLeaveNothing(t *testing.T) {
	s := setScene(t, patched)
	network := networks()["curl"]
	s.start("many", network)
	pod, err := bed.Running(s.ctx, s.namespace, "many")
	s.must(err, "wait for the pod")
	s.netns()
	mounts, files, processes := s.settled(), s.files(), s.processes()
	script := fmt.Sprintf(`i=0; while [ $i -lt %d ]; do i=$((i + 1))
		printf %%s "$1" | %s post /run/multus/multus.sock /delegate >/dev/null
		printf %%s "$2" | %[2]s post /run/multus/multus.sock /delegate >/dev/null
		done`, runs, delegates.Nodescan)
	_, err = bed.Exec(s.ctx, "sh", "-euc", script, "sh",
		s.request("ADD", "many", string(pod.UID), network), s.request("DEL", "many", string(pod.UID), network))
	s.must(err, "%d times ADD and DEL", runs)
	s.asBefore(mounts)
	s.sameLines("files", files, s.files)
	s.sameLines("processes", processes, s.processes)
	s.reportedRuns()
}

// reportedRuns: all of them went through the helper. The log may have been
// rotated meanwhile, but not at this size.
func (s *scene) reportedRuns() {
	s.Helper()
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	if len(reports) < 2*runs {
		s.Errorf("%d reports, not at least %d", len(reports), 2*runs)
	}
}

// files lists what the node has, but for what others write to all the time.
func (s *scene) files() map[string]bool {
	s.Helper()
	out, err := bed.Sh(s.ctx, `find / \( -path /proc -o -path /sys -o -path /dev -o -path /var/log \
		-o -path /var/lib/containerd -o -path /var/lib/etcd -o -path /run/containerd \
		-o -path /var/lib/kubelet/pods -o -path /run/log -o -path /run/systemd \) -prune -o -print`)
	s.must(err, "list the node's files")
	return lines(out)
}

// processes are the node's, by command; a helper or delegate that is left over
// has a name of its own.
func (s *scene) processes() map[string]bool {
	s.Helper()
	out, err := bed.Sh(s.ctx, `ps -eo comm= | grep -E 'multus-delegate|^e2e-' || :`)
	s.must(err, "list the node's processes")
	return lines(out)
}

func lines(text string) map[string]bool {
	set := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		set[line] = true
	}
	return set
}

// sameLines waits until a list is what it was.
func (s *scene) sameLines(what string, before map[string]bool, list func() map[string]bool) {
	s.Helper()
	s.must(bed.Until(s.ctx, "the "+what+" to be as before", func(context.Context) error {
		for line := range list() {
			if !before[line] {
				return fmt.Errorf("left over: %s", line)
			}
		}
		return nil
	}), "compare the %s", what)
}
