// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// The host's root is mounted so that the daemon's mounts reach the host.
func TestBidirectional(t *testing.T) {
	t.Run("FirstListedRun", func(t *testing.T) { firstListedRun(t, bidirectional) })
	t.Run("Delegates", func(t *testing.T) { reachTheAPIServer(t, bidirectional) })
	t.Run("Check", func(t *testing.T) { check(t, bidirectional) })
}

// check: CHECK is run by the helper as well, and its result is the delegate's.
// It reaches a delegate through the daemon's /delegate alone, and only where the
// daemon's own cniVersion, which overlays the delegate's, knows CHECK.
func check(t *testing.T, d testbed.Deployment) {
	s := setScene(t, d)
	network := networks()["curl"]
	s.start("checked", network)
	pod, err := bed.Running(s.ctx, s.namespace, "checked")
	s.must(err, "wait for the pod")
	s.netns()
	body := []byte(s.request("CHECK", "checked", string(pod.UID), network))
	_, err = bed.Post(s.ctx, "/delegate", body)
	s.must(err, "CHECK")
	s.must(bed.Annotate(s.ctx, s.namespace, "checked", manifests.AnswerKey, "something else"), "spoil the answer")
	_, err = bed.Post(s.ctx, "/delegate", body)
	if err == nil || !strings.Contains(err.Error(), "the answer is 'something else'") {
		t.Errorf("CHECK of a spoilt pod: %v", err)
	}
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	checks := 0
	for _, r := range reports {
		if r.Command == "CHECK" && r.Source == "directory" {
			checks++
		}
	}
	if checks != 2 {
		t.Errorf("%d reports of CHECK, not 2: %+v", checks, reports)
	}
}
