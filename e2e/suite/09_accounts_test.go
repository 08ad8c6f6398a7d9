// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// accountsConfig gives the client-go delegate an account that may do what it
// does in one namespace, and nothing else anywhere.
func accountsConfig(namespace string) string {
	return fmt.Sprintf(`{
 "apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1", "kind": "DelegateCredentialConfig",
 "rules": [{
   "name": "clientgo",
   "matchPlugins": [%q],
   "sources": [
     {"serviceAccountToken": {"namespace": "kube-system", "serviceAccountName": "e2e-clientgo",
                              "expirationSeconds": 600, "boundObjectRef": {"kind": "Node"}, "path": "token"}},
     {"configMap": {"namespace": "kube-system", "name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}],
   "deliver": {"serviceAccountDirectory": true},
   "needs": [
     {"namespaces": [%q], "apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
     {"namespaces": [%q], "apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]}]}]}
`, delegates.ClientGo, namespace, namespace)
}

// The delegate, unmodified, is its own account: the sidecar gets the token, and
// the API server refuses what the rule does not declare.
func TestAccountOfItsOwn(t *testing.T) {
	s := setScene(t, patched)
	other, err := bed.Namespace(s.ctx)
	s.must(err, "make another namespace")
	config := accountsConfig(s.namespace)
	remove, err := bed.ApplyRBAC(s.ctx, config)
	s.must(err, "apply the RBAC of the configuration")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(s.ctx)
		s.must(bed.DeleteNamespace(ctx, other), "clear away")
		s.must(bed.Deploy(ctx, patched), "configure it as before")
		s.must(remove(ctx), "take the RBAC away")
	})
	s.must(bed.Deploy(s.ctx, testbed.Deployment{Flavour: testbed.Patched,
		Propagation: manifests.HostToContainer, Accounts: config}), "deploy with the sidecar")

	s.start("clientgo", networks()["clientgo"])
	s.answered("clientgo", manifests.HostToContainer)
	s.must(bed.Run(s.ctx, other, "refused", networks()["clientgo"], ask("refused")), "make a pod elsewhere")
	_, err = bed.Event(s.ctx, other, "refused", "system:serviceaccount:kube-system:e2e-clientgo")
	s.must(err, "see the API server refuse it")
	s.must(bed.DeletePods(s.ctx, s.namespace, "clientgo"), "delete the pod")
	s.noBindLeft()
	s.ownCredential()
}

// ownCredential: each run of the namespace's pods says which token it had.
func (s *scene) ownCredential() {
	s.Helper()
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	seen := map[string]bool{}
	for _, r := range reports {
		if r.Source != "store" || r.Rule != "clientgo" || r.JTI == "" || len(r.Fallbacks) > 0 {
			s.Errorf("%s of %s: source %s, rule %s, jti %q, %q", r.Command, r.Pod, r.Source, r.Rule, r.JTI, r.Fallbacks)
		}
		seen[r.Command] = true
	}
	if !seen["ADD"] || !seen["DEL"] {
		s.Errorf("no report of ADD or of DEL: %v", seen)
	}
}
