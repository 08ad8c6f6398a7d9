// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// attempt is a tenant's network definition: what is behind the version and the
// name, what has to become of it, and who comes to the tenant's server.
type attempt struct {
	name, rest   string
	plugin       string // that is run
	source, rule string // of its credential
	heard        string // whose token; "-": somebody came without; "": nobody
}

// What the attempts name: the tenant's files on the node and its server.
const (
	tenantDir        = "/run/delegate-credentials-e2e-tenant"
	tenantKubeconfig = tenantDir + "/kubeconfig"
	plainServer      = "SERVER"
	chooser          = delegates.Chooser
)

// attempts have, in any order, each key of published plugins by which a definition chooses a
// server or credential files.
func attempts() (all []attempt) {
	file := func(key string) string { return `"` + key + `":"` + tenantKubeconfig + `"` }
	in := func(key, inner string) string { return `"` + key + `":{` + inner + `}` }
	const server = `:"` + plainServer + `"`
	for name, keys := range map[string]string{
		"kubeconfig":       file("kubeconfig"),
		"case":             file("KubeConfig"),
		"kelvin":           file("\u212aubeconfig"),
		"escaped":          file(`\u006bubeconfig`),
		"escaped-kelvin":   file(`\u212aubeconfig`),
		"long-s":           in(`kubernete\u017f`, file("kubeconfig")),
		"duplicate":        `"kubeconfig":"",` + file("kubeconfig"),
		"duplicate-case":   file("kubeconfig") + `,"KUBECONFIG":"` + tenantKubeconfig + `"`,
		"calico":           in("kubernetes", file("kubeconfig")),
		"calico-root":      in("kubernetes", `"k8s_api_root"`+server),
		"calico-policy":    in("policy", `"k8s_api_root"`+server),
		"calico-etcd":      `"etcd_endpoints"` + server,
		"merged":           in("kubernetes", `"x":1`) + "," + in("Kubernetes", `"k8s_api_root"`+server),
		"whereabouts":      in("ipam", in("kubernetes", file("kubeconfig"))),
		"ipam-root":        in("ipam", in("kubernetes", `"k8s_api_root"`+server)),
		"whereabouts-file": in("ipam", `"configuration_path":"`+tenantDir+`/flat.conf"`),
		"ipam":             in("ipam", file("kubeconfig")),
		"consul":           `"cni_net_dir":"` + tenantDir + `"`,
		"istio":            `"cni_agent_run_dir":"` + tenantDir + `"`,
		"delegate":         in("delegate", file("kubeconfig")),
		"delegate-ipam":    in("delegate", in("ipam", in("kubernetes", file("kubeconfig")))),
		"deep":             in("delegate", in("delegate", in("DELEGATE", in("Kubernetes", file("kubeConfig"))))),
	} {
		all = append(all, attempt{name, typed(chooser) + "," + keys, chooser, "conf", ruleOf(chooser), "-"})
	}
	// Others of the same plugin's, which choose no server.
	for name, keys := range map[string]string{
		"policy-token": in("policy", `"k8s_auth_token":"x"`),
		"policy-ca":    in("policy", `"k8s_certificate_authority":"`+tenantDir+`/ca"`),
		"etcd-key":     `"etcd_key_file":"` + tenantDir + `/key"`,
		"etcd-ca":      `"etcd_ca_cert_file":"` + tenantDir + `/ca"`,
	} {
		all = append(all, attempt{name, typed(chooser) + "," + keys, chooser, "conf", ruleOf(chooser), ""})
	}
	guarded, served := delegates.Guarded, delegates.Served
	all = append(all,
		// A key that no published plugin has: this is what the others are kept from.
		attempt{"control", typed(chooser) + `,"e2eServer"` + server, chooser, "store", ruleOf(chooser), userOf(chooser)},
		attempt{"guarded", typed(guarded) + `,"e2eServer"` + server, guarded, "conf", ruleOf(guarded), "-"},
		attempt{"served", typed(served) + "," + in("kubernetes", file("kubeconfig")), served, "store", ruleOf(served), ""},
		attempt{"served-and-root", typed(served) + "," + in("kubernetes", file("kubeconfig")+`,"k8s_api_root"`+server),
			served, "conf", ruleOf(served), "-"},
		attempt{"no-choice", typed(chooser) + "," + in("args", in("cni", file("kubeconfig"))), chooser, "store", ruleOf(chooser), ""},
	)
	return append(all, crafted()...)
}

// crafted say that they are another's plugin, or another's pod.
func crafted() []attempt {
	const distant, plain = delegates.Distant, delegates.Plain
	other, another := typed(delegates.Reader), typed(delegates.Curl)
	claim := `{"K8S_POD_NAMESPACE":"kube-system","K8S_POD_NAME":"other"}`
	return []attempt{
		{"ipam-type", typed(chooser) + `,"ipam":{` + other + `}`, chooser, "store", ruleOf(chooser), ""},
		{"delegate-type", typed(chooser) + `,"delegate":{` + other + `,"ipam":{` + another + `}}`,
			chooser, "store", ruleOf(chooser), ""},
		{"unlisted", typed(plain) + `,"ipam":{` + typed(chooser) + `}`, plain, "none", "", ""},
		{"unlisted-delegate", typed(plain) + `,"delegate":{` + typed(chooser) + `}`, plain, "none", "", ""},
		{"two-types", other + "," + typed(chooser), chooser, "store", ruleOf(chooser), ""},
		{"two-cases", `"TYPE":"` + delegates.Reader + `",` + typed(chooser), chooser, "store", ruleOf(chooser), ""},
		{"far-away", typed(distant), distant, "none", "", ""},
		{"claims-a-pod", typed(distant) + `,"args":{"cni":` + claim + `},"runtimeConfig":` + claim, distant, "none", "", ""},
	}
}

func typed(plugin string) string {
	return `"type":"` + plugin + `"`
}

// tenants: no definition gets another rule's credential, or any to a server of
// the tenant's. They go the way of a tenant's: all are networks of one pod, for
// the daemon's socket would take duplicates out.
func tenants(s *scene) {
	listener, err := bed.Listen(s.ctx, holdDir+"-heard")
	s.must(err, "start the tenant's server")
	s.Cleanup(func() { s.must(listener.Stop(context.WithoutCancel(s.ctx)), "stop the tenant's server") })
	s.tenantFiles(listener)
	all := attempts()
	var networks []any
	for _, a := range all {
		s.define(a.name, strings.ReplaceAll(a.rest, plainServer, listener.Plain))
		networks = append(networks, map[string]any{"name": a.name,
			"cni-args": map[string]any{"K8S_POD_NAMESPACE": "kube-system"}})
	}
	annotation, err := json.Marshal(networks)
	s.must(err, "name the networks")
	s.must(bed.RunWith(s.ctx, s.namespace, "tenant", string(annotation)), "make the tenant's pod")
	_, err = bed.Running(s.ctx, s.namespace, "tenant")
	s.must(err, "wait for the pod")
	s.must(bed.DeletePods(s.ctx, s.namespace, "tenant"), "delete the pod")
	s.delivered(all)
	s.heard(listener, all)
}

// refused: definitions that could be taken for two plugins' get nothing run.
func refused(s *scene) {
	const slash = "has a comma, a slash or a control character"
	pods := map[string]struct{ rest, event string }{
		"two-cases":  {typed(chooser) + `,"TYPE":"` + delegates.Reader + `"`, "the configuration says type"},
		"long-way":   {typed("../bin/" + chooser), "invalid plugin name: ../bin/" + chooser},
		"ipam-slash": {typed(chooser) + `,"ipam":{"type":"../` + delegates.Reader + `"}`, slash},
		"ipam-comma": {typed(chooser) + `,"ipam":{"type":"x,` + delegates.Reader + `"}`, slash},
	}
	for pod, c := range pods {
		s.define(pod, c.rest)
		s.must(bed.RunWith(s.ctx, s.namespace, pod, pod), "make the pod")
	}
	for pod, c := range pods {
		s.eventNames(pod, c.event)
	}
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	for _, r := range reports {
		if _, is := pods[r.Pod]; is {
			s.Errorf("something was run: %+v", r)
		}
	}
}

func (s *scene) define(name, rest string) {
	s.Helper()
	s.must(bed.Define(s.ctx, s.namespace, name, fmt.Sprintf(`{"cniVersion":"1.0.0","name":%q,%s}`, name, rest)),
		"define the network %s", name)
}

func (s *scene) tenantFiles(l *testbed.Listener) {
	s.Helper()
	kubeconfig := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"x",
		"clusters":[{"name":"x","cluster":{"server":%q,"insecure-skip-tls-verify":true}}],
		"users":[{"name":"x","user":{"tokenFile":"%s/serviceaccount/token"}}],
		"contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}]}`, l.TLS, credentialDir)
	flat := `{"kubernetes":{"kubeconfig":"` + tenantKubeconfig + `"}}`
	_, err := bed.Exec(s.ctx, "sh", "-euc", `mkdir "$1"; echo "$2" >"$1/kubeconfig"; echo "$3" >"$1/flat.conf"`,
		"sh", tenantDir, kubeconfig, flat)
	s.must(err, "lay out the tenant's files")
	s.Cleanup(func() {
		if _, err := bed.Exec(context.WithoutCancel(s.ctx), "rm", "-r", tenantDir); err != nil {
			s.Error(err)
		}
	})
}

// delivered: the last ADD has a report for each of the pod's networks, in their
// order. A DEL, of which kubelet may have several under way, has no others.
func (s *scene) delivered(all []attempt) {
	s.Helper()
	reports, err := bed.Reports(s.ctx, s.namespace)
	s.must(err, "read the daemon's log")
	var adds, dels []string
	for _, r := range reports {
		got := outcome(filepath.Base(r.Plugin), r.Source, r.Rule, r.JTI != "")
		switch {
		case r.Pod != "tenant":
		case r.Command == "ADD":
			adds = append(adds, got)
		default:
			dels = append(dels, got)
		}
	}
	if len(adds) < len(all) || len(dels) < len(all) {
		s.Fatalf("%d reports of ADD and %d of DEL, not %d", len(adds), len(dels), len(all))
	}
	var want []string
	for i, got := range adds[len(adds)-len(all):] {
		want = append(want, outcome(all[i].plugin, all[i].source, all[i].rule, all[i].source == "store"))
		if got != want[i] {
			s.Errorf("ADD of %s: %s, not %s", all[i].name, got, want[i])
		}
	}
	for _, got := range dels {
		if !slices.Contains(want, got) {
			s.Errorf("DEL: %s", got)
		}
	}
}

func outcome(plugin, source, rule string, token bool) string {
	return fmt.Sprintf("%s got %s of rule %q, token: %t", plugin, source, rule, token)
}

// heard: the server was asked by each delegate that was told to, and by the
// control alone with a token.
func (s *scene) heard(l *testbed.Listener, all []attempt) {
	s.Helper()
	heard, err := l.Heard(s.ctx)
	s.must(err, "read what the server heard")
	for _, a := range all {
		whose := slices.Compact(heard["/e2e/"+a.name])
		delete(heard, "/e2e/"+a.name)
		if a.heard == "" && len(whose) == 0 || len(whose) == 1 && whose[0] == a.heard {
			continue
		}
		s.Errorf("%s: the tenant's server heard %q, not %q", a.name, whose, a.heard)
	}
	if len(heard) > 0 {
		s.Errorf("the tenant's server was asked for %q", slices.Collect(maps.Keys(heard)))
	}
}
