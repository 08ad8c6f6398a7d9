// SPDX-License-Identifier: Apache-2.0

// Package suite runs real delegates through real Multus, stock and patched, on
// a kind cluster. The files' numbers are the order of the cases; each case
// brings what it needs, so that any can be run alone.
//
// MDC_CLUSTER names the cluster (mdc-e2e); testbed.Main says what else is read.
package suite

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

var (
	bed *testbed.Bed
	// interrupted ends all waits; clearing away goes on.
	interrupted context.Context
)

func TestMain(m *testing.M) {
	os.Exit(testbed.Main(cmp.Or(os.Getenv("MDC_CLUSTER"), "mdc-e2e"), 1, func(ctx context.Context, b *testbed.Bed) int {
		interrupted, bed = ctx, b
		return m.Run()
	}))
}

// scene is one test's namespace on one Multus.
type scene struct {
	*testing.T
	ctx       context.Context
	namespace string
}

// setScene deploys, makes a namespace, and at the end says why, if the test
// failed, and clears away.
func setScene(t *testing.T, d testbed.Deployment) *scene {
	t.Helper()
	s := newScene(t)
	s.must(bed.Deploy(s.ctx, d), "deploy %s Multus, /hostroot %s", d.Flavour, d.Propagation)
	return s
}

// newScene is a scene on whatever Multus there is.
func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, ctx: interrupted}
	var err error
	s.namespace, err = bed.Namespace(s.ctx)
	s.must(err, "make a namespace")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(s.ctx)
		if t.Failed() {
			t.Log(bed.Explain(ctx, s.namespace))
		}
		if err := bed.DeleteNamespace(ctx, s.namespace); err != nil {
			t.Errorf("clear away: %v", err)
		}
	})
	return s
}

// on is the scene as a subtest has it: what fails there is that one.
func (s *scene) on(t *testing.T) *scene {
	return &scene{T: t, ctx: s.ctx, namespace: s.namespace}
}

func (s *scene) must(err error, format string, args ...any) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// start runs a pod with a network; the question is the pod's own.
func (s *scene) start(pod string, network manifests.Network) {
	s.Helper()
	s.must(bed.Run(s.ctx, s.namespace, pod, network, ask(pod)), "make pod %s", pod)
}

func ask(pod string) string {
	return "question of " + pod
}

// networks are the delegates as pods use them, one definition each.
func networks() map[string]manifests.Network {
	return map[string]manifests.Network{
		"clientgo": {Name: "clientgo", Config: map[string]any{"type": delegates.ClientGo}},
		"curl":     {Name: "curl", Config: map[string]any{"type": delegates.Curl}},
		"shell":    {Name: "shell", Config: map[string]any{"type": delegates.Shell}},
		"ipam": {Name: "ipam", Config: map[string]any{
			"type": "bridge", "bridge": "e2e-ipam",
			"ipam": map[string]any{"type": delegates.ClientGo, "address": "10.231.7.5/24"},
		}},
	}
}

// programOf is who answers in a pod on that network.
func programOf(network string) string {
	if network == "ipam" {
		return "clientgo"
	}
	return network
}

const (
	bindDir       = testbed.BindDir
	credentialDir = "/run/secrets/kubernetes.io"
)

var (
	stock   = testbed.Deployment{Flavour: testbed.Stock, Propagation: manifests.HostToContainer}
	patched = testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.HostToContainer}
	// Also with a cniVersion that knows CHECK.
	bidirectional = testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.Bidirectional,
		Config: map[string]any{"cniVersion": "1.0.0"}}
)

// since is a moment that a token made up now was not issued before.
func since() time.Time {
	return time.Now().Add(-time.Second)
}
