// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/scan"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// long is the delegate of longAdd: its account may get pods and patch their status.
const long = delegates.Patcher

// longAdd: a delegate that holds its credential sees its own account's and not
// the daemon's, and goes on with the next one when that is renewed meanwhile.
func longAdd(s *scene) {
	rule := ruleOf(long)
	mark := s.auditMark()
	views, release := s.holdOn(map[string]any{"type": long, "patch": true}, "long")
	old := s.held(rule)
	s.ownToken(views["long"], old)
	s.daemonsTokenIsNowhere()

	out, err := bed.Credential(s.ctx, []string{"fetch", rule, "--force"}, "--config", "--store")
	s.must(err, "renew the credential")
	renewed := s.held(rule)
	if renewed == old || !strings.HasPrefix(out, renewed+" ") {
		s.Fatalf("fetch says %q, the store has %s, before %s", out, renewed, old)
	}
	s.ownToken(views["long"], renewed)
	release()
	_, err = bed.Running(s.ctx, s.namespace, "long")
	s.must(err, "go on")
	s.usedBoth(mark, old, renewed)
	if runs := s.runs("long"); len(runs) != 1 || runs[0].JTI != old {
		s.Errorf("one run began with the token %s: %+v", old, runs)
	}
}

// held is the identifier of the rule's token in the store.
func (s *scene) held(rule string) string {
	s.Helper()
	store, err := bed.Store(s.ctx)
	s.must(err, "list the store")
	return store[rule].JTI
}

func (s *scene) storedToken(rule string) string {
	s.Helper()
	path, err := bed.StorePath(s.ctx)
	s.must(err, "find the store")
	token, err := bed.Exec(s.ctx, "cat", path+"/"+rule+"/data/token")
	s.must(err, "read the token")
	return strings.TrimSpace(token)
}

// ownToken: all that the delegate finds at the credential's place is its own
// account's.
func (s *scene) ownToken(v view, jti string) {
	s.Helper()
	daemons, _, err := bed.DaemonToken(s.ctx)
	s.must(err, "read the daemon's token")
	needle, err := scan.Needle(daemons)
	s.must(err, "read the daemon's token")
	dir := fmt.Sprintf("/proc/%d/root%s", v.PID, credentialDir)
	token, err := bed.Exec(s.ctx, "cat", dir+"/serviceaccount/token")
	s.must(err, "read the delegate's token")
	claims, err := scan.ReadClaims([]byte(token))
	s.must(err, "read the delegate's token")
	if claims.Subject != userOf(long) || claims.JTI != jti {
		s.Errorf("the delegate has token %s of %s, not %s", claims.JTI, claims.Subject, jti)
	}
	all, err := bed.Exec(s.ctx, "find", dir, "-type", "f", "-exec", "cat", "{}", "+")
	s.must(err, "read all that the delegate sees there")
	if !strings.Contains(all, strings.TrimSpace(token)) || strings.Contains(all, string(needle)) {
		s.Errorf("the delegate sees the daemon's token, or not its own")
	}
}

// daemonsTokenIsNowhere: not in any view, argv or environment of any process.
func (s *scene) daemonsTokenIsNowhere() {
	s.Helper()
	token, issued, err := bed.DaemonToken(s.ctx)
	s.must(err, "read the daemon's token")
	result, err := bed.Search(s.ctx, token, issued)
	s.must(err, "search the node")
	for _, place := range append(result.Found, result.Unread...) {
		s.Errorf("the daemon's token is in, or may be in: %s", place)
	}
	if len(result.Kept) == 0 {
		s.Errorf("the search did not find the token where kubelet keeps it")
	}
}

// usedBoth: the requests before the renewal came with the old token, the one
// behind it with the new one, which the API server issued to the sidecar.
func (s *scene) usedBoth(mark int64, old, renewed string) {
	s.Helper()
	s.must(bed.Until(s.ctx, "a request with the new token", func(ctx context.Context) error {
		events, err := bed.Audit(ctx, mark)
		if err != nil {
			return err
		}
		issued, other := -1, -1
		for i, e := range events {
			if e.IsTokenRequest() && e.IssuedJTI() == renewed && e.User.Username == sidecarAccount {
				issued = i
			}
			if e.JTI() == renewed && other < 0 {
				other = i
			}
		}
		if issued < 0 || other < issued {
			return fmt.Errorf("token %s: issued by request %d, used by request %d", renewed, issued, other)
		}
		return checkUses(usesOf(events[:issued], long, s.namespace, "long"), old,
			usesOf(events[issued:], long, s.namespace, "long"), renewed)
	}), "read the audit log")
}

func checkUses(before []testbed.AuditEvent, old string, after []testbed.AuditEvent, renewed string) error {
	if len(before) == 0 || len(after) == 0 {
		return fmt.Errorf("%d requests before the renewal, %d behind it", len(before), len(after))
	}
	for want, uses := range map[string][]testbed.AuditEvent{old: before, renewed: after} {
		for _, e := range uses {
			// Kubelet writes to the pod as well: a conflict is an ordinary event.
			if code := e.ResponseStatus.Code; e.JTI() != want || code != http.StatusOK && code != http.StatusConflict {
				return fmt.Errorf("with token %s, not %s: %s", e.JTI(), want, e)
			}
		}
	}
	return nil
}
