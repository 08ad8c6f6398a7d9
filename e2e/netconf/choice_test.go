// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"encoding/json"
	"strings"
	"testing"
)

// Where no choice is found, no reader finds an API server or a credential in
// the edited document but ours.
func TestNoChoiceOfATenantsIsLeft(t *testing.T) {
	d := newDriver(t)
	m := &maker{Rand: seeded(t)}
	without := 0
	for range documents {
		doc, keys := makeConf(m.Rand), m.keys()
		if !json.Valid([]byte(doc)) {
			continue
		}
		code, choice := d.call(t, append([]string{"choice", doc}, keys...)...)
		if code != 0 {
			t.Fatalf("code %d, %s\n%q", code, choice, doc)
		}
		code, edited := edit(t, d, doc, keys)
		if choice != "" || code != 0 {
			continue
		}
		without++
		lookForChoices(t, edited)
		if t.Failed() {
			t.Fatalf("%q, the document:\n%q\nedited:\n%q", keys, doc, edited)
		}
	}
	if without < documents/10 {
		t.Errorf("%d documents without a choice test too little", without)
	}
	t.Logf("%d documents without a choice", without)
}

func lookForChoices(t *testing.T, edited string) {
	t.Helper()
	var merged conf
	_ = unmarshal(edited, &merged) // a wrong type leaves its field alone
	for c := &merged; c != nil; c = c.Delegate {
		ours(t, "kubeconfig", c.Kubeconfig)
		oursIn(t, c.Kubernetes)
		ours(t, "ipam.kubeconfig", c.IPAM.Kubeconfig)
		oursIn(t, c.IPAM.Kubernetes)
		if c.IPAM.ConfigurationPath != nil || c.Etcd != nil {
			t.Errorf("ipam.configuration_path %v, etcd_endpoints %v", c.IPAM.ConfigurationPath, c.Etcd)
		}
	}
	var last map[string]any
	if err := unmarshal(edited, &last); err != nil {
		t.Fatal(err)
	}
	lookInConf(t, last)
}

func ours(t *testing.T, name string, v any) {
	t.Helper()
	if v != nil && v != value {
		t.Errorf("%s is %v", name, v)
	}
}

func oursIn(t *testing.T, k *kubernetes) {
	t.Helper()
	if k != nil {
		ours(t, "kubernetes.kubeconfig", k.Kubeconfig)
		ours(t, "kubernetes.k8s_api_root", k.APIRoot)
		ours(t, "kubernetes.x", k.X)
	}
}

func lookInConf(t *testing.T, conf map[string]any) {
	t.Helper()
	lookInIPAM(t, conf)
	for name, v := range conf {
		below, _ := v.(map[string]any)
		switch folded(name) {
		case "ipam":
			lookInIPAM(t, below)
		case "delegate":
			lookInConf(t, below)
		}
	}
}

func lookInIPAM(t *testing.T, ipam map[string]any) {
	t.Helper()
	for name, v := range ipam {
		switch folded(name) {
		case "kubeconfig":
			ours(t, name, v)
		case "kubernetes":
			below, _ := v.(map[string]any)
			for _, v := range below {
				ours(t, name, v)
			}
		case "etcd_endpoints":
			t.Errorf("%s is %v", name, v)
		}
	}
}

// U+212A has no upper case but a lower one, U+017F the other way round.
func folded(name string) string { return strings.ToLower(strings.ToUpper(name)) }
