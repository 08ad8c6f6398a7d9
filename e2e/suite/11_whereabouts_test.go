// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// poolRange has six addresses to give, so that six pods have each of them once
// or one has none.
const poolRange = "10.233.0.0/29"

// whereaboutsNetworks share the range. The rule gives the first one a key that
// it lacks, and the second one another value than its author's.
func whereaboutsNetworks() []manifests.Network {
	network := func(name string, ipam map[string]any) manifests.Network {
		ipam["type"], ipam["range"] = testbed.Whereabouts, poolRange
		return manifests.Network{Name: name, Config: map[string]any{
			"type": "bridge", "bridge": "e2e-whereabouts", "ipam": ipam}}
	}
	return []manifests.Network{
		network("plain", map[string]any{}),
		network("tenants", map[string]any{"kubernetes": map[string]any{"kubeconfig": "/var/lib/tenant/kubeconfig"}}),
	}
}

// whereabouts, unmodified and by the rule that the README has for it, gives
// each pod an address of its own and takes it back.
func TestWhereabouts(t *testing.T) {
	config, err := testbed.ReadmeBlock("Configuration", `"matchIPAM": ["whereabouts"]`)
	if err != nil {
		t.Fatal(err)
	}
	remove, err := bed.InstallWhereabouts(interrupted)
	if err != nil {
		t.Fatalf("install whereabouts: %v", err)
	}
	t.Cleanup(func() {
		if err := remove(context.WithoutCancel(interrupted)); err != nil {
			t.Errorf("take whereabouts away: %v", err)
		}
	})
	s := setAccounts(t, config, testbed.Whereabouts)
	networkOf := map[string]string{}
	var pods []string
	for i := range 3 {
		for _, network := range whereaboutsNetworks() {
			pod := fmt.Sprintf("%s-%d", network.Name, i)
			s.start(pod, network)
			networkOf[pod] = network.Name
			pods = append(pods, pod)
		}
	}
	owner := map[string]string{}
	for _, pod := range pods {
		address := s.address(pod, networkOf[pod])
		if other := owner[address]; other != "" {
			t.Errorf("%s has the address of %s: %s", pod, other, address)
		}
		owner[address] = pod
	}
	s.given(len(pods))
	s.must(bed.DeletePods(s.ctx, s.namespace, pods...), "delete the pods")
	s.given(0)
	s.allFromStore("whereabouts", pods...)
}

// address is the pod's on that network.
func (s *scene) address(name, network string) string {
	s.Helper()
	pod, err := bed.Running(s.ctx, s.namespace, name)
	s.must(err, "wait for the pod")
	var status []struct {
		Name string
		IPs  []string
	}
	text := pod.Annotations["k8s.v1.cni.cncf.io/network-status"]
	s.must(json.Unmarshal([]byte(text), &status), "read the network status of %s: %q", name, text)
	for _, n := range status {
		if n.Name == s.namespace+"/"+network && len(n.IPs) == 1 {
			return n.IPs[0]
		}
	}
	s.Fatalf("%s has not one address on %s: %s", name, network, text)
	return ""
}

// given waits until that many addresses are, in the namespace of the rule.
func (s *scene) given(count int) {
	s.Helper()
	s.must(bed.Until(s.ctx, fmt.Sprintf("%d addresses to be given", count), func(ctx context.Context) error {
		inPools, reserved, err := bed.Allocations(ctx, "kube-system")
		if err == nil && (len(inPools) != count || len(reserved) != count) {
			err = fmt.Errorf("in pools: %q, reserved: %q", inPools, reserved)
		}
		return err
	}), "look at the pools")
}
