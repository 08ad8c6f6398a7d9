// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/scan"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// The host's root is mounted as upstream's DaemonSet does it.
func TestHostToContainer(t *testing.T) {
	t.Run("FirstListedRun", func(t *testing.T) { firstListedRun(t, patched) })
	t.Run("Delegates", func(t *testing.T) { reachTheAPIServer(t, patched) })
}

// firstListedRun makes the host's root shared in the daemon's namespace, where
// it is not yet, and changes nothing else.
func firstListedRun(t *testing.T, d testbed.Deployment) {
	d.Fresh = true
	s := setScene(t, d)
	before := s.settled()
	s.firstRun()
	s.must(bed.Until(s.ctx, "no difference but shared", func(ctx context.Context) error {
		now, err := readTables(ctx)
		if err != nil {
			return err
		}
		if d := scan.DiffText(before.node, now.node); d != "" {
			return fmt.Errorf("the node's:\n%s", d)
		}
		return firstRunOnly(before.daemon, now.daemon, d.Propagation)
	}), "compare the mounts")
}

// firstRunOnly: a Bidirectional root is shared already and is left alone.
func firstRunOnly(before, now scan.Table, propagation string) error {
	difference := scan.DiffText(before, now)
	if propagation == manifests.Bidirectional {
		if difference != "" {
			return fmt.Errorf("the daemon's:\n%s", difference)
		}
		return nil
	}
	if other := scan.OnlyShared(before, now, "/hostroot"); other != "" {
		return fmt.Errorf("the daemon's, beyond shared:\n%s", other)
	}
	if difference == "" {
		return fmt.Errorf("nothing has become shared")
	}
	return nil
}

// reachTheAPIServer: each delegate, unmodified, does so as the daemon's account,
// its own mounts live until its DEL, and nothing stays behind.
func reachTheAPIServer(t *testing.T, d testbed.Deployment) {
	s := setScene(t, d)
	s.warmUp()
	before := s.settled()
	names := slices.Collect(maps.Keys(networks()))
	for _, name := range names {
		s.start(name, networks()[name])
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s.on(t).answered(name, d.Propagation)
		})
	}
	s.must(bed.DeletePods(s.ctx, s.namespace, names...), "delete the pods")
	s.asBefore(before)
	s.noBindLeft()
	s.reported()
}

// answered: the pod runs, the API server has the answer, the bind is there.
func (s *scene) answered(name, propagation string) {
	s.Helper()
	pod, err := bed.Running(s.ctx, s.namespace, name)
	s.must(err, "wait for the pod")
	want := fmt.Sprintf("%s %s %s", programOf(name), ask(name), pod.UID)
	if got := pod.Annotations[manifests.AnswerKey]; got != want {
		s.Errorf("the answer is %q, not %q", got, want)
	}
	if programOf(name) == "clientgo" {
		s.bound(pod, propagation)
	}
	if name == "ipam" && !strings.Contains(pod.Annotations["k8s.v1.cni.cncf.io/network-status"], "10.231.7.5") {
		s.Errorf("the bridge got no address: %s", pod.Annotations["k8s.v1.cni.cncf.io/network-status"])
	}
}

// bound: the delegate's own bind outlives its ADD, in the daemon's namespace as
// under stock Multus, and on the host where the root is Bidirectional.
func (s *scene) bound(pod *corev1.Pod, propagation string) {
	s.Helper()
	now, target := s.tables(), bindDir+"/"+string(pod.UID)
	if n := len(now.daemon.Below("/hostroot" + target)); n != 1 {
		s.Errorf("the daemon has %d binds of the pod's emptyDir, not 1", n)
	}
	want := 0
	if propagation == manifests.Bidirectional {
		want = 1
	}
	if n := len(now.node.Below(target)); n != want {
		s.Errorf("the node has %d binds of the pod's emptyDir, not %d", n, want)
	}
}

// reported: one report for each ADD and DEL of each delegate, all of them with
// the directory as the source and with nothing to complain about.
func (s *scene) reported() {
	s.Helper()
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	seen := map[string]int{}
	for _, r := range reports {
		if r.Source != "directory" || r.ExitStatus == nil || *r.ExitStatus != 0 {
			s.Errorf("%s of %s: source %s, exit status %v, %q", r.Command, r.Pod, r.Source, r.ExitStatus, r.Fallbacks)
		}
		seen[r.Command+" "+r.Pod]++
	}
	for name := range networks() {
		for _, command := range []string{"ADD ", "DEL "} {
			if seen[command+name] == 0 {
				s.Errorf("no report of %s%s", command, name)
			}
		}
	}
}
