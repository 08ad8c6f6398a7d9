// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

// A delegate that is not listed runs as under stock Multus: the same program
// that works by its listed name finds no credential, one that needs none works,
// and the helper has run neither.
func TestUnlistedRunsAsUpstream(t *testing.T) {
	s := setScene(t, patched)
	s.start("needs", manifests.Network{Name: "needs", Config: map[string]any{"type": delegates.Unlisted}})
	s.start("needs-none", manifests.Network{Name: "needs-none", Config: map[string]any{
		"type": "bridge", "bridge": "e2e-unlisted",
		"ipam": map[string]any{"type": "static", "addresses": []any{map[string]any{"address": "10.231.8.5/24"}}},
	}})
	_, err := bed.Running(s.ctx, s.namespace, "needs-none")
	s.must(err, "an unlisted bridge")
	_, err = bed.Event(s.ctx, s.namespace, "needs",
		"open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory")
	s.must(err, "an unlisted delegate that needs a credential")
	log, err := bed.DaemonLog(s.ctx)
	s.must(err, "read the daemon's log")
	for _, line := range strings.Split(log, "\n") {
		if strings.Contains(line, "delegateExec: ") && strings.Contains(line, s.namespace) {
			t.Errorf("the helper was there: %s", line)
		}
	}
}
