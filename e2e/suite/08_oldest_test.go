// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// The version of the original report, the only one whose series stands on fixes.
func TestOldestVersion(t *testing.T) {
	d := testbed.Deployment{Flavour: testbed.Patched, Version: "v4.0.2", Propagation: manifests.HostToContainer}
	t.Run("FirstListedRun", func(t *testing.T) { firstListedRun(t, d) })
	t.Run("Delegates", func(t *testing.T) { reachTheAPIServer(t, d) })
}
