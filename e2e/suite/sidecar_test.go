// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"testing"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// setAccounts is setScene with the sidecar, a configuration and the RBAC that
// this asks for. Both outlive the scene's pods, whose DEL needs them.
func setAccounts(t *testing.T, config string, plugins ...string) *scene {
	t.Helper()
	remove, err := bed.ApplyRBAC(interrupted, config)
	if err != nil {
		t.Fatalf("apply the RBAC of the configuration: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(interrupted)
		if err := errors.Join(bed.Deploy(ctx, patched), remove(ctx)); err != nil {
			t.Errorf("take the accounts away: %v", err)
		}
	})
	return setScene(t, testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.HostToContainer,
		Plugins: plugins, Accounts: config})
}

// allFromStore: each ADD and each DEL of the pods had the rule's credential.
func (s *scene) allFromStore(rule string, pods ...string) {
	s.Helper()
	for _, pod := range pods {
		seen := map[string]bool{}
		for _, r := range s.reports(pod) {
			if r.Source != "store" || r.Rule != rule || r.JTI == "" || len(r.Fallbacks) > 0 {
				s.Errorf("%s of %s: source %s, rule %s, jti %q, %q", r.Command, pod, r.Source, r.Rule, r.JTI, r.Fallbacks)
			}
			seen[r.Command] = true
		}
		if !seen["ADD"] || !seen["DEL"] {
			s.Errorf("%s: no report of ADD or of DEL: %v", pod, seen)
		}
	}
}
