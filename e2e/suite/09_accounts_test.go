// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// Each delegate has an account of its own, by a rule. One deployment serves all
// of these, since it takes longer than they do.
func TestAccounts(t *testing.T) {
	s := setAccountsOf(t, accounts)
	for _, c := range []struct {
		name string
		run  func(*scene)
	}{
		{"Own", ownAccount},
		{"SteadyState", steadyState},
		{"ColdStart", coldStart},
		{"LongADD", longAdd},
		{"ConfigMapCA", configMapCA},
		{"Tenants", tenants},
		{"Refused", refused},
		{"Bound", bound},
		{"Memory", memory},
		{"LastGood", lastGood},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(s.on(t)) })
	}
}

// account is a delegate's: a service account by its name, and a rule.
type account struct {
	plugin   string
	ca       caFile
	needs    string         // the verb by which the delegate annotates its pod, if it does
	over     map[string]any // laid over the rule
	token    map[string]any // laid over its serviceAccountToken
	lifetime int            // of the token, in seconds; 0: longer than the tests
}

// caFile is a key of a ConfigMap.
type caFile struct{ namespace, name, key string }

var kubeCA = caFile{"kube-system", "kube-root-ca.crt", "ca.crt"}

// accounts are all of them; the namespace has ConfigMaps and pods of the tests.
func accounts(namespace string) []account {
	ours := func(key string) caFile { return caFile{namespace, caName, key} }
	return []account{
		{plugin: delegates.ClientGo, ca: kubeCA, needs: "update"},
		{plugin: delegates.Patcher, ca: kubeCA, needs: "patch"},
		{plugin: delegates.Curl, ca: kubeCA, needs: "update"},
		{plugin: delegates.Reader, ca: kubeCA},
		{plugin: delegates.Bundle, ca: ours(caBundle), needs: "update"},
		{plugin: delegates.Foreign, ca: ours(caForeign), needs: "update"},
		{plugin: delegates.Missing, ca: ours("absent.crt"), needs: "update"},
		{plugin: delegates.Chooser, ca: kubeCA},
		{plugin: delegates.Guarded, ca: kubeCA, over: map[string]any{"credentialKeys": []string{"e2eServer"}}},
		{plugin: delegates.Served, ca: kubeCA, over: map[string]any{"deliver": map[string]any{
			"serviceAccountDirectory": true,
			"kubeconfig":              map[string]any{"configKeys": []string{"kubernetes.kubeconfig"}}}}},
		{plugin: delegates.Distant, ca: kubeCA, over: map[string]any{"matchNamespaces": []string{"kube-system"}},
			token: map[string]any{"audience": boundAudience,
				"boundObjectRef": map[string]any{"kind": "Secret", "name": boundSecret}}},
	}
}

// ruleOf is the name of the delegate's rule.
func ruleOf(plugin string) string {
	return strings.TrimPrefix(plugin, "e2e-")
}

// rule lets the account do in the namespace what the delegates do there, if
// anything. Tokens outlive the tests by far, so that none is renewed in them but
// by force.
func (a account) rule(namespace string) map[string]any {
	token := map[string]any{
		"namespace": "kube-system", "serviceAccountName": a.plugin, "expirationSeconds": cmp.Or(a.lifetime, 24*60*60),
		"boundObjectRef": map[string]any{"kind": "Node"}, "path": "token"}
	maps.Copy(token, a.token)
	rule := map[string]any{
		"name": ruleOf(a.plugin), "matchPlugins": []string{a.plugin},
		"sources": []any{
			map[string]any{"serviceAccountToken": token},
			map[string]any{"configMap": map[string]any{"namespace": a.ca.namespace, "name": a.ca.name,
				"items": []any{map[string]any{"key": a.ca.key, "path": "ca.crt"}}}},
		},
		"deliver": map[string]any{"serviceAccountDirectory": true},
	}
	if a.needs != "" {
		may := func(resource, verb string) map[string]any {
			return map[string]any{"namespaces": []string{namespace}, "apiGroups": []string{""},
				"resources": []string{resource}, "verbs": []string{verb}}
		}
		rule["needs"] = []any{may("pods", "get"), may("pods/status", a.needs)}
	}
	maps.Copy(rule, a.over)
	return rule
}

func accountsConfig(all []account, namespace string) (string, error) {
	var rules []any
	for _, a := range all {
		rules = append(rules, a.rule(namespace))
	}
	text, err := json.MarshalIndent(map[string]any{
		"apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1",
		"kind":       "DelegateCredentialConfig",
		"rules":      rules,
	}, "", " ")
	return string(text), err
}

// setAccountsOf is a scene with the sidecar and a rule for each account.
func setAccountsOf(t *testing.T, of func(namespace string) []account) *scene {
	t.Helper()
	var remove func(context.Context) error
	t.Cleanup(func() { // last, since a DEL needs its account
		if remove != nil {
			if err := remove(context.WithoutCancel(interrupted)); err != nil {
				t.Errorf("take the RBAC away: %v", err)
			}
		}
	})
	s := newScene(t)
	s.makeCAs()
	s.makeBoundSecret()
	all := of(s.namespace)
	config, err := accountsConfig(all, s.namespace)
	s.must(err, "make the configuration")
	remove, err = bed.ApplyRBAC(s.ctx, config)
	s.must(err, "apply the RBAC of the configuration")
	d := testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.HostToContainer, Accounts: config}
	for _, a := range all {
		d.Plugins = append(d.Plugins, a.plugin)
	}
	s.must(bed.Deploy(s.ctx, d), "deploy with the sidecar")
	return s
}

// ownAccount: the delegate, unmodified, is its own account, and the API server
// refuses what the rule does not declare.
func ownAccount(s *scene) {
	other, err := bed.Namespace(s.ctx)
	s.must(err, "make another namespace")
	s.Cleanup(func() { s.must(bed.DeleteNamespace(context.WithoutCancel(s.ctx), other), "clear away") })
	mark := s.auditMark()
	network := manifests.Network{Name: "clientgo", Config: map[string]any{"type": delegates.Patcher, "patch": true}}
	s.start("clientgo", network)
	s.must(bed.Run(s.ctx, other, "refused", network, ask("refused")), "make a pod elsewhere")
	s.answered("clientgo", manifests.HostToContainer)
	_, err = bed.Event(s.ctx, other, "refused", userOf(delegates.Patcher))
	s.must(err, "see the API server refuse it")
	s.noMoreIsGranted("clientgo")
	s.must(bed.DeletePods(s.ctx, s.namespace, "clientgo"), "delete the pod")
	s.noBindLeft()
	runs := s.runs("clientgo")
	seen := map[string]bool{}
	for _, r := range runs {
		seen[r.Command] = true
	}
	if !seen["ADD"] || !seen["DEL"] {
		s.Errorf("no report of ADD or of DEL: %v", seen)
	}
	s.joined(mark, delegates.Patcher, runs)
}

// noMoreIsGranted to the delegate than its rule declares, nor to the sidecar than
// the rules' accounts and ConfigMaps, by their names.
func (s *scene) noMoreIsGranted(pod string) {
	s.Helper()
	sidecars, _, err := bed.DaemonToken(s.ctx) // the same account's
	s.must(err, "read the sidecar's token")
	delegate, err := bed.As(s.storedToken(ruleOf(delegates.Patcher)))
	s.must(err, "use the delegate's token")
	sidecar, err := bed.As(string(sidecars))
	s.must(err, "use the sidecar's token")
	pods := delegate.CoreV1().Pods(s.namespace)
	object, err := pods.Get(s.ctx, pod, metav1.GetOptions{})
	s.must(err, "do what is granted")
	_, update := pods.Update(s.ctx, object, metav1.UpdateOptions{})
	_, status := pods.UpdateStatus(s.ctx, object, metav1.UpdateOptions{})
	_, list := pods.List(s.ctx, metav1.ListOptions{})
	_, secrets := delegate.CoreV1().Secrets(s.namespace).List(s.ctx, metav1.ListOptions{})
	_, renew := delegate.CoreV1().ServiceAccounts("kube-system").CreateToken(s.ctx, delegates.Patcher,
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	_, other := sidecar.CoreV1().ServiceAccounts("kube-system").CreateToken(s.ctx, "default",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	_, configMap := sidecar.CoreV1().ConfigMaps(s.namespace).Get(s.ctx, kubeCA.name, metav1.GetOptions{})
	for what, err := range map[string]error{
		"delete its pod": pods.Delete(s.ctx, pod, metav1.DeleteOptions{}), "update its pod": update,
		"update its pod's status": status, "list pods": list,
		"list secrets": secrets, "get a token by itself": renew,
		"get another account's token": other, "read another ConfigMap": configMap,
	} {
		if !apierrors.IsForbidden(err) {
			s.Errorf("%s: %v", what, err)
		}
	}
}
