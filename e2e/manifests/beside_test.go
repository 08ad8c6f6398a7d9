// SPDX-License-Identifier: Apache-2.0

package manifests

import "testing"

const shipped = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: multus, namespace: kube-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: multus-daemon-config, namespace: kube-system}
data: {daemon-config.json: '{"socketDir": "/host/run/multus/", "cniConfigDir": "/host/etc/cni/net.d", "logLevel": "verbose"}'}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-multus-ds, namespace: kube-system}
spec:
  selector: {matchLabels: {name: multus}}
  template:
    metadata: {labels: {app: multus, name: multus}}
    spec:
      containers:
      - name: kube-multus
        volumeMounts: [{name: hostroot, mountPath: /hostroot}]
      initContainers: [{name: install}]
      volumes:
      - {name: hostroot, hostPath: {path: /}}
      - {name: multus-daemon-config, configMap: {name: multus-daemon-config}}
`

// A second daemon shares with the first neither names nor labels, nor socket and
// configuration of the node.
func TestObjectsBeside(t *testing.T) {
	m := Multus{Image: "ours", Beside: true, Limits: UpstreamLimits}
	objects, err := m.Objects([]byte(shipped))
	if err != nil || len(objects) != 2 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	if name := objects[0].GetName(); name != besideConfigMap {
		t.Errorf("the ConfigMap's name is %s", name)
	}
	config := daemonConfig(t, objects[0])
	if config["socketDir"] != "/host/run/multus-beside/" || config["cniConfigDir"] != "/run" || config["logLevel"] != "verbose" {
		t.Errorf("%v", config)
	}
	set := daemonSet(t, objects[1])
	pod := set.Spec.Template.Spec
	if set.Name != BesideDaemonSet || pod.Volumes[1].ConfigMap.Name != besideConfigMap || len(pod.InitContainers) != 0 {
		t.Errorf("%v", set)
	}
	for what, labels := range map[string]map[string]string{
		"selector": set.Spec.Selector.MatchLabels, "pod": set.Spec.Template.Labels} {
		if "name="+labels["name"] != BesideLabel {
			t.Errorf("labels of the %s: %v", what, labels)
		}
	}
	limits := pod.Containers[0].Resources.Limits
	if got := (Limits{limits.Memory().String(), limits.Cpu().String()}); got != UpstreamLimits {
		t.Errorf("limits %v", got)
	}
}
