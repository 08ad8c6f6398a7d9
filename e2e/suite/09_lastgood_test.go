// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"strings"

	"multus-delegate-credentials/e2e/delegates"
)

// sidecarLimit is what helper/deploy/multus-credential.yaml gives it.
const sidecarLimit = 32 << 20

// memory: after all the tests before, the sidecar has half of what it may have.
func memory(s *scene) {
	u, err := bed.SidecarUsage(s.ctx)
	s.must(err, "read what the sidecar uses")
	s.Logf("the sidecar has %d KiB of %d", u.Memory>>10, u.MemoryLimit>>10)
	if u.MemoryLimit != sidecarLimit || u.Memory > sidecarLimit/2 {
		s.Errorf("the sidecar has %d bytes of %d", u.Memory, u.MemoryLimit)
	}
}

// lastGood: a configuration that is broken later is not used, not even by a daemon
// that starts anew: its pod keeps the last good one.
func lastGood(s *scene) {
	// Binds that live in the daemon's mount namespace go with it, as under stock
	// Multus, and their pods' DEL fails then.
	s.must(bed.DeleteAllPods(s.ctx, s.namespace), "delete the pods")
	s.noBindLeft()
	body := s.posted("kept", delegates.Reader)
	restore, err := bed.ReplaceAccounts(s.ctx, "{")
	s.must(err, "break the configuration")
	defer func() { s.must(restore(context.WithoutCancel(s.ctx)), "mend the configuration") }()
	s.must(bed.RestartDaemon(s.ctx), "restart the daemon")
	failed, err := bed.PostMany(s.ctx, "/delegate", []string{body}, 1)
	s.must(err, "ADD")
	for _, message := range failed {
		s.Errorf("ADD: %s", message)
	}
	runs := s.reports("kept") // of the new container
	if len(runs) != 1 || runs[0].Source != "store" || runs[0].JTI == "" || len(runs[0].Fallbacks) != 1 ||
		!strings.Contains(runs[0].Fallbacks[0], "used the last good configuration") {
		s.Errorf("%+v", runs)
	}
}
