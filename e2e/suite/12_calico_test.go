// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

// calicoConfig is a rule as calico would have it: a kubeconfig, at the path that
// its network configuration has in an object with other keys besides.
const calicoConfig = `{
 "apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1", "kind": "DelegateCredentialConfig",
 "rules": [{
   "name": "calico",
   "matchPlugins": ["` + delegates.ClientGo + `"],
   "sources": [
     {"serviceAccountToken": {"namespace": "kube-system", "serviceAccountName": "e2e-calico", "path": "token"}},
     {"configMap": {"namespace": "kube-system", "name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}],
   "deliver": {"kubeconfig": {"contextName": "calico", "configKeys": ["kubernetes.kubeconfig"]}},
   "needs": [
     {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
     {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["update"]}]}]}
`

// calicoNetwork is a definition that a tenant could write.
func calicoNetwork(name string, config map[string]any) manifests.Network {
	config["type"] = delegates.ClientGo
	return manifests.Network{Name: name, Config: config}
}

// The kubeconfig that the network definition names becomes the rule's; where it
// chooses anything else of the connection, the delegate runs as upstream.
func TestCalicoStyle(t *testing.T) {
	const (
		kubeconfig = "/var/lib/tenant/kubeconfig"
		server     = "https://127.0.0.1:1"
		notOurs    = "stat " + kubeconfig + ": no such file or directory"
	)
	type object = map[string]any
	s := setAccounts(t, calicoConfig, delegates.ClientGo)
	s.start("clientgo", calicoNetwork("calico", object{"kubernetes": object{"kubeconfig": kubeconfig}}))
	refused := map[string]struct {
		config object
		want   string
	}{
		"server": {object{"kubernetes": object{"k8s_api_root": server}},
			"dial tcp 127.0.0.1:1: connect: connection refused"},
		"both": {object{"kubernetes": object{"kubeconfig": kubeconfig, "K8S_API_ROOT": server}}, notOurs},
		"token": {object{"kubernetes": object{"kubeconfig": kubeconfig},
			"policy": object{"k8s_auth_token": "a"}}, notOurs},
	}
	for pod, c := range refused {
		s.start(pod, calicoNetwork(pod, c.config))
	}
	s.answered("clientgo", manifests.HostToContainer)
	for pod, c := range refused {
		t.Run(pod, func(t *testing.T) {
			s := s.on(t)
			s.eventNames(pod, c.want)
			s.nothingDelivered(pod)
		})
	}
	s.must(bed.DeletePods(s.ctx, s.namespace, "clientgo"), "delete the pod")
	s.allFromStore("calico", "clientgo")
	s.noBindLeft()
}

// nothingDelivered: the helper ran the delegate, and each time without.
func (s *scene) nothingDelivered(pod string) {
	s.Helper()
	reports := s.reports(pod)
	if len(reports) == 0 {
		s.Errorf("no report of %s", pod)
	}
	for _, r := range reports {
		if r.Source != "conf" || r.JTI != "" {
			s.Errorf("%s of %s: source %s, jti %q", r.Command, pod, r.Source, r.JTI)
		}
	}
}
