// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// Whoever describes the pod reads what to run, however much Multus and kubelet
// put around it.
func TestRefusalNamesItsRemedy(t *testing.T) {
	s := newScene(t)
	config, err := accountsConfig([]account{{plugin: delegates.ClientGo, ca: kubeCA, needs: "update"}}, s.namespace)
	s.must(err, "make the configuration")
	s.must(bed.Deploy(s.ctx, testbed.Deployment{Flavour: testbed.Patched,
		Propagation: manifests.HostToContainer, Accounts: config}), "deploy with the sidecar")
	s.start("refused", networks()["clientgo"])
	s.eventNames("refused", "run 'multus-credential rbac --config="+manifests.ConfigFile+" | kubectl apply -f -'",
		"may not get configmaps 'kube-root-ca.crt' in namespace 'kube-system'")
}
