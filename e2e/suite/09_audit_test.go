// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"time"

	"multus-delegate-credentials/e2e/suite/testbed"
)

func userOf(account string) string {
	return "system:serviceaccount:kube-system:" + account
}

func (s *scene) auditMark() int64 {
	s.Helper()
	mark, err := bed.AuditMark(s.ctx)
	s.must(err, "find the end of the audit log")
	return mark
}

// runs are the reports on a pod, each of which has all that the audit log is
// joined by.
func (s *scene) runs(pod string) (runs []testbed.Report) {
	s.Helper()
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	for _, r := range reports {
		if r.Pod != pod {
			continue
		}
		if r.Source != "store" || r.Rule != ruleOf(r.Types[0]) || r.JTI == "" || len(r.Fallbacks) > 0 ||
			r.Setup == nil || *r.Setup <= 0 || r.Teardown == nil || r.ExitStatus == nil {
			s.Errorf("the report of %s has not all: %+v", r.Command, r)
		}
		runs = append(runs, r)
	}
	return runs
}

// joined: each run is in the API server's audit log, by its token's identifier
// and its pod, as a request of its rule's account; and nothing else there used
// the account for the pod.
func (s *scene) joined(mark int64, account string, runs []testbed.Report) {
	s.Helper()
	if len(runs) == 0 {
		s.Fatalf("no run of %s to join", account)
	}
	s.must(bed.Until(s.ctx, "the audit log to have each run", func(ctx context.Context) error {
		events, err := bed.Audit(ctx, mark)
		if err != nil {
			return err
		}
		return join(runs, usesOf(events, account, s.namespace, runs[0].Pod))
	}), "join the daemon's log with the audit log")
}

// join gives each run a request with its token that came before the run's end,
// which the daemon's log tells to the second, if at all. What is left over came
// before the end of the last one: runs make several requests.
func join(runs []testbed.Report, uses []testbed.AuditEvent) error {
	by := map[string][]testbed.AuditEvent{}
	for _, e := range uses {
		if e.BoundNode() != bed.Node {
			return fmt.Errorf("with a token bound to %q: %s", e.BoundNode(), e)
		}
		by[e.JTI()] = append(by[e.JTI()], e)
	}
	last := map[string]testbed.Report{}
	for i, r := range runs {
		last[r.JTI] = r
		left := by[r.JTI]
		if len(left) == 0 || !precedes(left[0], r) {
			return fmt.Errorf("nothing is there of run %d, %s at %s with token %s", i, r.Command, r.Logged, r.JTI)
		}
		by[r.JTI] = left[1:]
	}
	for jti, left := range by {
		for _, e := range left {
			if r, is := last[jti]; !is || !precedes(e, r) {
				return fmt.Errorf("no run is behind this, with token %s: %s", jti, e)
			}
		}
	}
	return nil
}

// precedes is whether the request came before the run's end, for all we know.
func precedes(e testbed.AuditEvent, r testbed.Report) bool {
	return r.Logged.IsZero() || e.Received.Before(r.Logged.Add(time.Second))
}

// usesOf are the account's requests for the pod.
func usesOf(events []testbed.AuditEvent, account, namespace, pod string) (uses []testbed.AuditEvent) {
	for _, e := range events {
		if e.User.Username == userOf(account) && e.ObjectRef.Resource == "pods" &&
			e.ObjectRef.Namespace == namespace && e.ObjectRef.Name == pod {
			uses = append(uses, e)
		}
	}
	return uses
}
