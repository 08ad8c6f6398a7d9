// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// refusal is something that the API server does not grant the sidecar; what the
// caller reads names it, and the remedy.
type refusal struct {
	name       string
	code       int
	begin, end func(*pair)
	says       func(*pair) []string
}

func saysRBAC(what string) func(*pair) []string {
	return func(p *pair) []string {
		return []string{"run 'multus-credential rbac --config=" + p.dir + "/config.json | kubectl apply -f -': multus-credential may not " +
			what + " in namespace '" + p.namespace + "'", "HTTP status 403"}
	}
}

func says(texts ...string) func(*pair) []string {
	return func(*pair) []string { return texts }
}

var refusals = []refusal{
	{"create of the token", 103, takeAway("create", "serviceaccounts/token", pairAccount), (*pair).giveBack,
		saysRBAC("create serviceaccounts/token '" + pairAccount + "'")},
	{"get of the config map", 103, takeAway("get", "configmaps", rootCA), (*pair).giveBack, saysRBAC("get configmaps '" + rootCA + "'")},
	{"no account", 103, (*pair).deleteAccount, (*pair).giveBack,
		says("create what is missing", "HTTP status 404", `serviceaccounts "`+pairAccount+`" not found`)},
	{"no node", 103, func(p *pair) { p.node = "nowhere" }, func(p *pair) { p.node = bed.Node; p.stop(); p.refresh() },
		says("create what is missing", "HTTP status 404", `nodes "nowhere" not found`)},
	{"no config map", 103, func(p *pair) { p.haveConfigMap("") }, func(p *pair) { p.haveConfigMap("ca.crt") },
		says("create what is missing", "HTTP status 404", "get configmaps 'own'", `configmaps "own" not found`)},
	{"no key in the config map", 102, func(p *pair) { p.haveConfigMap("other") }, func(p *pair) { p.haveConfigMap("ca.crt") },
		func(p *pair) []string {
			return []string{"add the key 'ca.crt' to the ConfigMap " + p.namespace + "/own, or name another"}
		}},
	{"a bootstrap token that has ended", 103, func(p *pair) { p.write("token", "ended") }, (*pair).renewToken,
		says("let the API server know the account of multus-credential", "HTTP status 401")},
}

// Rows: the API server refuses the credential, and the store has none, or one.
// Once it is granted, nobody has to do anything more.
func (r refusal) row(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	r.begin(p)
	p.refresh()
	p.logs("rule "+rule+": refused, again in ", 1)
	p.refuses(r.code, r.says(p)...)
	r.end(p)
	p.logs("rule "+rule+": renewed, ", 1)
	kept := p.runs()
	r.begin(p)
	p.isRefused(r.says(p)...)
	if o := p.call("ADD", netconf); o.JTI != kept || !o.started || o.Failure != nil {
		t.Errorf("%s was kept: %s", kept, o)
	}
}

// The tokens of an account that is made anew are not those of the one before.
func accountIsMadeAnew(t *testing.T) {
	p := newPair(newScene(t))
	p.giveBack()
	p.reachProxy()
	p.fetches()
	before := p.runs()
	token := p.asRoot("", `cat "$1/store/`+rule+`/data/token"`, p.dir)
	p.deleteAccount()
	p.becomesUnknown(token)
	// The delegate's own error is what its caller gets.
	if o := p.call("ADD", netconf); o.JTI != before || o.Failure != nil || o.status != 1 || !strings.Contains(o.output, "Unauthorized") {
		t.Errorf("without its account: %s", o)
	}
	p.giveBack()
	p.becomesUnknown(token)
	p.fetches()
	if after := p.runs(); after == before {
		t.Errorf("%s is delivered yet", after)
	}
}

// giveBack is what a refusal asks for: `multus-credential rbac`, applied.
func (p *pair) giveBack() {
	p.Helper()
	remove, err := bed.ApplyRBAC(p.ctx, p.configuration)
	p.must(err, "apply the RBAC of the configuration")
	p.Cleanup(func() { p.must(remove(context.WithoutCancel(p.ctx)), "take the RBAC away") })
	p.decides(true, sidecarAccount, "create", "serviceaccounts/token", pairAccount)
	p.decides(true, sidecarAccount, "get", "configmaps", p.configMap)
	p.decides(true, "system:serviceaccount:"+p.namespace+":"+pairAccount, "update", "pods/status", p.pod.Name)
}

// decides waits until the API server goes by what the last change allows.
func (p *pair) decides(allowed bool, user, verb, resource, name string) {
	p.Helper()
	resource, sub, _ := strings.Cut(resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: verb, Resource: resource, Subresource: sub, Name: name}}}
	p.must(bed.Until(p.ctx, "the API server to know the RBAC", func(ctx context.Context) error {
		got, err := bed.API.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err == nil && got.Status.Allowed != allowed {
			err = fmt.Errorf("%s %s/%s: %t", verb, resource, sub, !allowed)
		}
		return err
	}), "change the RBAC")
}

// takeAway takes a right away from the sidecar.
func takeAway(verb, resource, name string) func(*pair) {
	return func(p *pair) {
		p.Helper()
		roles := bed.API.RbacV1().Roles(p.namespace)
		role, err := roles.Get(p.ctx, "multus-credential", metav1.GetOptions{})
		p.must(err, "get the sidecar's role")
		role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, resource) })
		_, err = roles.Update(p.ctx, role, metav1.UpdateOptions{})
		p.must(err, "change the sidecar's role")
		p.decides(false, sidecarAccount, verb, resource, name)
	}
}

func (p *pair) deleteAccount() {
	p.Helper()
	p.must(bed.API.CoreV1().ServiceAccounts(p.namespace).Delete(p.ctx, pairAccount, metav1.DeleteOptions{}), "delete the account")
}

// becomesUnknown waits until the API server refuses the token; what it has found
// to be good it keeps for some seconds.
func (p *pair) becomesUnknown(token string) {
	p.Helper()
	config := rest.AnonymousClientConfig(p.api)
	config.BearerToken = token
	client, err := kubernetes.NewForConfig(config)
	p.must(err, "make a client")
	p.must(bed.Until(p.ctx, "the API server to refuse the token", func(context.Context) error {
		if _, err := client.Discovery().ServerVersion(); !apierrors.IsUnauthorized(err) {
			return fmt.Errorf("it says %v", err)
		}
		return nil
	}), "see the token refused")
}

// haveConfigMap makes the configuration name a ConfigMap of the test's, with the
// CA under that key; "": there is no such ConfigMap.
func (p *pair) haveConfigMap(key string) {
	p.Helper()
	const own = "own"
	if p.configMap != own {
		p.configure(own)
		p.giveBack()
	}
	maps := bed.API.CoreV1().ConfigMaps(p.namespace)
	if err := maps.Delete(p.ctx, own, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
		p.must(err, "delete the ConfigMap")
	}
	if key == "" {
		return
	}
	_, err := maps.Create(p.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: own},
		Data: map[string]string{key: string(p.api.CAData)}}, metav1.CreateOptions{})
	p.must(err, "make the ConfigMap")
}
