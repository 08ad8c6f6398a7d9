// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	sidecarAccount = "system:serviceaccount:kube-system:multus"
	coldRuns       = 200
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

// reports are the helper's on a pod.
func (s *scene) reports(pod string) (reports []testbed.Report) {
	s.Helper()
	all, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	for _, r := range all {
		if r.Pod == pod {
			reports = append(reports, r)
		}
	}
	return reports
}

// isWhole is whether it has all that the audit log is joined by.
func isWhole(r testbed.Report) bool {
	return r.Source == "store" && r.Rule == ruleOf(r.Types[0]) && r.JTI != "" && len(r.Fallbacks) == 0 &&
		r.Setup != nil && *r.Setup > 0 && r.Teardown != nil && r.ExitStatus != nil
}

// runs are the reports on a pod, all of which are whole.
func (s *scene) runs(pod string) []testbed.Report {
	s.Helper()
	runs := s.reports(pod)
	for _, r := range runs {
		if !isWhole(r) {
			s.Errorf("the report of %s has not all: %+v", r.Command, r)
		}
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

// tokenRequests counts the sidecar's requests, by account.
func (s *scene) tokenRequests(mark int64) map[string]int {
	s.Helper()
	events, err := bed.Audit(s.ctx, mark)
	s.must(err, "read the audit log")
	count := map[string]int{}
	for _, e := range events {
		if e.IsTokenRequest() && e.User.Username == sidecarAccount {
			count[e.ObjectRef.Name]++
		}
	}
	return count
}

// posted makes a pod on the delegate's network, and what the daemon takes for
// an ADD of the pod.
func (s *scene) posted(pod, plugin string) (body string) {
	s.Helper()
	network := manifests.Network{Name: pod, Config: map[string]any{"type": plugin}}
	s.start(pod, network)
	object, err := bed.Running(s.ctx, s.namespace, pod)
	s.must(err, "wait for the pod")
	s.netns()
	return s.request("ADD", pod, string(object.UID), network)
}

// steadyState: with credentials in the store no ADD costs a token request.
func steadyState(s *scene) {
	body := s.posted("steady", delegates.Curl)
	mark := s.auditMark()
	failed, err := bed.PostMany(s.ctx, "/delegate", slices.Repeat([]string{body}, runs), 1)
	s.must(err, "%d times ADD", runs)
	for i, message := range failed {
		s.Errorf("ADD %d: %s", i, message)
	}
	all := s.runs("steady")
	all = all[len(all)-runs:]
	s.joined(mark, delegates.Curl, all)
	timed := 0
	for _, r := range all {
		if !r.Logged.IsZero() {
			timed++
		}
	}
	if timed < runs/2 {
		s.Errorf("the daemon's log has a time for %d of %d runs", timed, runs)
	}
	if n := s.tokenRequests(mark); len(n) > 0 {
		s.Errorf("%d ADDs cost token requests: %v", runs, n)
	}
}

// coldStart: however many ADDs wait for a credential, it is asked for once.
func coldStart(s *scene) {
	body := s.posted("cold", delegates.Reader)
	before, err := bed.Store(s.ctx)
	s.must(err, "list the store")
	mark := s.auditMark()
	s.emptyStore()
	bodies := slices.Repeat([]string{body}, coldRuns)
	for tries := 1; len(bodies) > 0; tries++ {
		failed, err := bed.PostMany(s.ctx, "/delegate", bodies, len(bodies))
		s.must(err, "%d times ADD", len(bodies))
		s.Logf("try %d: %d of %d ADDs got no credential", tries, len(failed), len(bodies))
		for _, message := range failed {
			// As kubelet does: an ADD waits for five seconds, kubelet for longer.
			if !strings.Contains(message, "it has no valid credential for rule") {
				s.Fatalf("ADD: %s", message)
			}
		}
		bodies = bodies[:len(failed)]
	}
	s.onceEach(mark, before)
}

// emptyStore also makes the sidecar a new one, which knows of no credential.
func (s *scene) emptyStore() {
	s.Helper()
	path, err := bed.StorePath(s.ctx)
	s.must(err, "find the store")
	_, err = bed.Sh(s.ctx, `rm -r `+path+`/*; pkill -TERM -x multus-credenti`)
	s.must(err, "empty the store")
}

// onceEach: each account's token was asked for once, and is another one.
func (s *scene) onceEach(mark int64, before map[string]testbed.Held) {
	s.Helper()
	want := map[string]int{}
	for _, a := range accounts(s.namespace) {
		if a.plugin != delegates.Missing { // which gets as far as its ConfigMap
			want[a.plugin] = 1
		}
	}
	s.must(bed.Until(s.ctx, "all credentials to be asked for", func(context.Context) error {
		if got := s.tokenRequests(mark); !maps.Equal(got, want) {
			return fmt.Errorf("token requests: %v", got)
		}
		return nil
	}), "count the token requests")
	after, err := bed.Store(s.ctx)
	s.must(err, "list the store")
	for rule, held := range after {
		if rule != ruleOf(delegates.Missing) && (held.JTI == "" || held.JTI == before[rule].JTI) {
			s.Errorf("rule %s has the token %q, before %q", rule, held.JTI, before[rule].JTI)
		}
	}
	for _, r := range s.reports("cold")[1:] {
		if r.Failure == nil && (!isWhole(r) || r.JTI != after[r.Rule].JTI) {
			s.Errorf("an ADD had not the token %s: %+v", after[r.Rule].JTI, r)
		}
	}
}
