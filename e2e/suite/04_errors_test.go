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

// A daemon that is configured wrongly says so on the pod, with the remedy, as
// the kernel's 104 and the tenant's 106 would; those two cannot be had here and
// are tested with the helper.
func TestWrongConfigurationNamesItsRemedy(t *testing.T) {
	s := setScene(t, patched)
	t.Cleanup(func() { s.must(bed.Deploy(context.WithoutCancel(s.ctx), patched), "configure it right") })
	for _, c := range []struct {
		pod, want string
		config    map[string]any
	}{
		{"no-credential", "mount a service account at '/nowhere' in the caller's container " +
			"(see automountServiceAccountToken): no such file or directory",
			command("--directory=/nowhere")},
		{"command-line", "take out '--dir': there is no such option (see --help)",
			command("--dir=/nowhere")},
		{"no-root", "set chrootDir to a directory that exists: '/nowhere': no such file or directory",
			map[string]any{"chrootDir": "/nowhere"}},
	} {
		t.Run(c.pod, func(t *testing.T) {
			s := s.on(t)
			wrong := patched
			// The node's own network is such a delegate, so that nothing fails before it.
			wrong.Config, wrong.Plugins = c.config, []string{"bridge"}
			s.must(bed.Deploy(s.ctx, wrong), "configure it wrong")
			s.start(c.pod, networks()["shell"])
			s.eventNames(c.pod, c.want)
		})
	}
}

// command is a configuration in which the helper gets these arguments.
func command(arguments ...string) map[string]any {
	return map[string]any{"delegateExec": map[string]any{
		"command": append([]string{testbed.HelperPath}, arguments...)}}
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
