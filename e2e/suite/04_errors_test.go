// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

// What goes wrong reaches whoever reads the pod's events, cause and all.
func TestFailingAddNamesItsCause(t *testing.T) {
	scene := setScene(t, patched)
	t.Run("delegate does not start", func(t *testing.T) {
		s := scene.on(t)
		s.start("broken", manifests.Network{Name: "broken",
			Config: map[string]any{"type": delegates.Broken}})
		s.eventNames("broken", "/opt/cni/bin/"+delegates.Broken, "no such file or directory")
	})
	t.Run("unsafe host path", func(t *testing.T) {
		s := scene.on(t)
		s.withLinkedSecrets(func() {
			s.start("unsafe", networks()["curl"])
			s.eventNames("unsafe", "/run/secrets")
		})
		// Nothing was covered or followed; the next try succeeds.
		if _, err := bed.Running(s.ctx, s.namespace, "unsafe"); err != nil {
			t.Error(err)
		}
	})
}

// eventNames waits for an event of the pod that has the first text, and wants
// the others in it as well.
func (s *scene) eventNames(pod string, texts ...string) {
	s.Helper()
	message, err := bed.Event(s.ctx, s.namespace, pod, texts[0])
	s.must(err, "wait for the event")
	for _, text := range texts {
		if !strings.Contains(message, text) {
			s.Errorf("the event does not say %q: %s", text, message)
		}
	}
	s.Log(message)
}

// withLinkedSecrets runs something while the host's /run/secrets is a link,
// through which a mount would land elsewhere.
func (s *scene) withLinkedSecrets(run func()) {
	s.Helper()
	// Empty folders of ours alone are removed: rmdir refuses anything else.
	s.must(bed.Until(s.ctx, "/run/secrets to be free", func(ctx context.Context) error {
		_, err := bed.Sh(ctx, `for d in `+credentialDir+`/serviceaccount `+credentialDir+` /run/secrets; do
			[ ! -e "$d" ] || rmdir "$d"; done; ln -s /var/tmp /run/secrets`)
		return err
	}), "make the link")
	defer func() {
		left, err := bed.Sh(s.ctx, `rm /run/secrets; ls -d /var/tmp/kubernetes.io 2>/dev/null || :`)
		if err == nil && strings.TrimSpace(left) != "" {
			err = fmt.Errorf("the link was followed: %s is there", left)
		}
		s.must(err, "remove the link")
	}()
	run()
}
