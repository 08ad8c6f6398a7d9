// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const (
	documents     = 20000
	unsafeRequest = 106
	value         = "/var/run/secrets/kubernetes.io/kubeconfig"
	quoted        = `"` + value + `"`
)

// No one of them is the beginning of another.
var served = []string{"kubeconfig", "kubernetes.kubeconfig", "ipam.kubeconfig", "ipam.Kubernetes.kubeconfig",
	"delegate.kubeconfig", "delegate.delegate.ipam.kubeconfig", "IPAM.kubernetes.x", "policy.k8s_config.path",
	"a.b.c.d.e.f.g.h", "a.x", "mtu"}

func (m *maker) keys() []string {
	keys := slices.Clone(served)
	m.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys[:1+m.IntN(4)]
}

func edit(t *testing.T, d *driver, doc string, keys []string) (int, string) {
	t.Helper()
	args := []string{"edit", doc}
	for _, key := range keys {
		args = append(args, key, value)
	}
	return d.call(t, args...)
}

// The edited document is byte for byte that of another implementation, and
// what Go reads from it is what it reads from the original but for our keys.
func TestEdit(t *testing.T) {
	d := newDriver(t)
	m := &maker{Rand: seeded(t)}
	edits, refusals := 0, 0
	for range documents {
		doc, keys := makeConf(m.Rand), m.keys()
		want, ok := "", false
		if json.Valid([]byte(doc)) {
			want, ok = referenceEdit(doc, keys, quoted)
		}
		code, got := edit(t, d, doc, keys)
		switch {
		case code == 0 && ok && got == want:
			edits++
			compare(t, doc, got, keys)
		case code == unsafeRequest && !ok:
			refusals++
		default:
			t.Errorf("%q: code %d, %q; expected %q", keys, code, got, want)
		}
		if t.Failed() {
			t.Fatalf("the document:\n%q", doc)
		}
	}
	if edits < documents/2 || refusals < documents/50 {
		t.Errorf("%d edits and %d refusals test too little", edits, refusals)
	}
	t.Logf("%d edits, %d refusals", edits, refusals)
}

func compare(t *testing.T, doc, edited string, keys []string) {
	t.Helper()
	compareAny(t, doc, edited, keys)
	compareRaw(t, doc, edited, split(keys))
	compareStruct(t, doc, edited, keys)
}

func compareAny(t *testing.T, doc, edited string, keys []string) {
	t.Helper()
	var want, got map[string]any
	if err := errors.Join(unmarshal(doc, &want), unmarshal(edited, &got)); err != nil {
		t.Fatal(err)
	}
	for _, key := range split(keys) {
		set(want, key)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("any: %q\n%v\n%v", keys, got, want)
	}
}

// set does in what Go read what the edit does in the text.
func set(in map[string]any, key []string) {
	found := false
	for name := range in {
		if !strings.EqualFold(name, key[0]) {
			continue
		}
		found = true
		if len(key) == 1 {
			in[name] = value
		} else {
			set(in[name].(map[string]any), key[1:])
		}
	}
	if found {
		return
	}
	if len(key) == 1 {
		in[key[0]] = value
		return
	}
	below := map[string]any{}
	in[key[0]] = below
	set(below, key[1:])
}

// compareRaw sees the bytes of each member.
func compareRaw(t *testing.T, doc, edited string, keys [][]string) {
	t.Helper()
	var before, after map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal([]byte(doc), &before), json.Unmarshal([]byte(edited), &after)); err != nil {
		t.Fatal(err)
	}
	for name, raw := range after {
		at := slices.DeleteFunc(slices.Clone(keys), func(k []string) bool { return !strings.EqualFold(k[0], name) })
		old, was := before[name]
		switch {
		case len(at) == 0:
			if string(raw) != string(old) {
				t.Errorf("raw: %q is %q, was %q", name, raw, old)
			}
		case len(at[0]) == 1:
			if string(raw) != quoted {
				t.Errorf("raw: %q is %q", name, raw)
			}
		default:
			if !was {
				old = json.RawMessage("{}")
			}
			compareRaw(t, string(old), string(raw), behind(at))
		}
		delete(before, name)
	}
	if len(before) > 0 {
		t.Errorf("raw: lost %q", before)
	}
}

// conf is a netconf as Go plugins declare theirs; what is not any is read as
// Go merges duplicates: into one struct, into one map.
type conf struct {
	CNIVersion string          `json:"cniVersion"`
	Name       string          `json:"name"`
	Type       any             `json:"type"`
	Kubeconfig any             `json:"kubeconfig"`
	Kubernetes *kubernetes     `json:"kubernetes"`
	IPAM       ipam            `json:"ipam"`
	Delegate   *conf           `json:"delegate"`
	Policy     map[string]any  `json:"policy"`
	PrevResult json.RawMessage `json:"prevResult"`
	Args       map[string]any  `json:"args"`
	MTU        any             `json:"mtu"`
	A          any             `json:"a"`
	Etcd       any             `json:"etcd_endpoints"`
}

type kubernetes struct {
	Kubeconfig any `json:"kubeconfig"`
	APIRoot    any `json:"k8s_api_root"`
	X          any `json:"x"`
}

type ipam struct {
	Type              string      `json:"type"`
	Kubeconfig        any         `json:"kubeconfig"`
	Kubernetes        *kubernetes `json:"kubernetes"`
	ConfigurationPath any         `json:"configuration_path"`
}

// field is a field that a served key is read into, nil where there is none;
// pointers on the way are set.
func (c *conf) field(key string) *any {
	switch strings.ToLower(key) {
	case "kubeconfig":
		return &c.Kubeconfig
	case "mtu":
		return &c.MTU
	case "kubernetes.kubeconfig":
		return &orNew(&c.Kubernetes).Kubeconfig
	case "ipam.kubeconfig":
		return &c.IPAM.Kubeconfig
	case "ipam.kubernetes.kubeconfig":
		return &orNew(&c.IPAM.Kubernetes).Kubeconfig
	case "ipam.kubernetes.x":
		return &orNew(&c.IPAM.Kubernetes).X
	}
	if rest, ok := strings.CutPrefix(key, "delegate."); ok {
		return orNew(&c.Delegate).field(rest)
	}
	return nil
}

func orNew[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

func compareStruct(t *testing.T, doc, edited string, keys []string) {
	t.Helper()
	var want, got conf
	if before, after := typeError(unmarshal(doc, &want)), typeError(unmarshal(edited, &got)); before != after {
		t.Errorf("struct: error %q, was %q", after, before)
	}
	for _, key := range keys {
		switch first, _, _ := strings.Cut(strings.ToLower(key), "."); first {
		case "a":
			want.A, got.A = nil, nil
		case "policy":
			want.Policy, got.Policy = nil, nil
		default:
			if field := got.field(key); *field != value {
				t.Errorf("struct: %q is %v", key, *field)
			}
			*want.field(key) = value
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("struct: %q\n%+v\n%+v", keys, got, want)
	}
}

// typeError is what a decoder says of a value of another type than the
// field's, but for where it stands.
func typeError(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return wrong.Value + " into " + wrong.Field
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
