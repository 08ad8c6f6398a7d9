// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

const small = `# a comment
---
kind: ConfigMap
apiVersion: v1
metadata: {name: multus-daemon-config, namespace: kube-system}
data:
  daemon-config.json: |
    {"chrootDir": "/hostroot", "delegateExec": {"command": ["/x"], "plugins": []}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-multus-ds, namespace: kube-system}
spec:
  template:
    spec:
      containers:
      - name: kube-multus
        image: upstream:thick
        resources: {limits: {cpu: 100m, memory: 50Mi}}
        volumeMounts:
        - {name: cni, mountPath: /host/etc/cni/net.d}
        - {name: hostroot, mountPath: /hostroot, mountPropagation: HostToContainer}
      initContainers:
      - {name: install, image: "upstream:thick"}
`

func TestObjects(t *testing.T) {
	m := Multus{Image: "ours", Propagation: Bidirectional, Rollout: "one",
		Plugins: []string{"a"}}
	objects, err := m.Objects([]byte(small))
	if err != nil || len(objects) != 2 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	config := daemonConfig(t, objects[0])
	want := map[string]any{"command": []any{"/x"}, "plugins": []any{"a"}}
	if !reflect.DeepEqual(config["delegateExec"], want) || config["chrootDir"] != "/hostroot" {
		t.Errorf("%v", config)
	}
	text, err := objects[1].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"mountPropagation":"Bidirectional"`, `"cpu":"` + roomyLimits.CPU + `"`,
		`"memory":"` + roomyLimits.Memory + `"`, `"` + RolloutKey + `":"one"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	if n := strings.Count(string(text), `"image":"ours","imagePullPolicy":"Never"`); n != 2 {
		t.Errorf("%d containers have our image: %s", n, text)
	}
}

func daemonConfig(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	text, _, err := unstructured.NestedString(o.Object, "data", multusConfigKey)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	return config
}

func daemonSet(t *testing.T, o *unstructured.Unstructured) *appsv1.DaemonSet {
	t.Helper()
	set := &appsv1.DaemonSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, set); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestObjectsStock(t *testing.T) {
	objects, err := Multus{Image: "ours", Propagation: HostToContainer}.Objects([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"command": []any{"/x"}, "plugins": []any{}}
	if config := daemonConfig(t, objects[0]); !reflect.DeepEqual(config["delegateExec"], want) {
		t.Errorf("%v", config)
	}
}

func TestObjectsWantsTheOption(t *testing.T) {
	stock := strings.Replace(small, `, "delegateExec": {"command": ["/x"], "plugins": []}`, "", 1)
	m := Multus{Image: "ours", Plugins: []string{"a"}}
	if _, err := m.Objects([]byte(stock)); err == nil {
		t.Error("plugins were listed nowhere")
	}
}

func TestObjectsRefusesAnotherFile(t *testing.T) {
	for _, text := range []string{
		"", "kind: [", strings.Replace(small, "kube-multus-ds", "other", 1),
		strings.Replace(small, "mountPath: /hostroot", "mountPath: /other", 1),
	} {
		if _, err := (Multus{}).Objects([]byte(text)); err == nil {
			t.Errorf("taken:\n%s", text)
		}
	}
}

func TestNetworkJSON(t *testing.T) {
	text, err := Network{Name: "n", Config: map[string]any{"type": "e2e-x"}}.JSON()
	if err != nil || string(text) != `{"cniVersion":"1.0.0","name":"n","type":"e2e-x"}` {
		t.Errorf("%s, %v", text, err)
	}
}

// The file that users patch their DaemonSet with, on one as small as ours.
func TestObjectsWithAccounts(t *testing.T) {
	patch, err := os.ReadFile("../../" + SidecarPatch)
	if err != nil {
		t.Fatal(err)
	}
	m := Multus{Image: "ours", Plugins: []string{"a"}, Accounts: &Accounts{Patch: string(patch), Image: "sidecar", Config: "{}"}}
	objects, err := m.Objects([]byte(small))
	if err != nil || len(objects) != 3 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	want := map[string]any{"command": []any{"/x", "--config=" + ConfigFile, "--store=" + storeDir}, "plugins": []any{"a"}}
	if config := daemonConfig(t, objects[0]); !reflect.DeepEqual(config["delegateExec"], want) {
		t.Errorf("%v", config)
	}
	set := daemonSet(t, objects[1])
	images := map[string]string{}
	rights := map[string]*corev1.SecurityContext{}
	readOnly := map[string]bool{}
	for _, c := range set.Spec.Template.Spec.Containers {
		images[c.Name], rights[c.Name] = c.Image, c.SecurityContext
		for _, m := range c.VolumeMounts {
			readOnly[c.Name+m.MountPath] = m.ReadOnly
		}
	}
	if want := map[string]string{"kube-multus": "ours", "multus-credential": "sidecar"}; !reflect.DeepEqual(images, want) {
		t.Errorf("containers with images %v", images)
	}
	if want := map[string]bool{"kube-multus/host/etc/cni/net.d": false, "kube-multus/hostroot": false,
		"kube-multus/etc/delegate-credentials": true, "kube-multus" + storeDir: true,
		"multus-credential/etc/delegate-credentials": true, "multus-credential" + storeDir: false,
	}; !reflect.DeepEqual(readOnly, want) {
		t.Errorf("mounts, true if read-only: %v", readOnly)
	}
	user, yes, no := int64(65532), true, false
	if want := (&corev1.SecurityContext{RunAsUser: &user, RunAsGroup: &user, RunAsNonRoot: &yes,
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}); !reflect.DeepEqual(rights["multus-credential"], want) {
		t.Errorf("the sidecar may do %+v", rights["multus-credential"])
	}
	m.Accounts.Patch = strings.Replace(m.Accounts.Patch, SidecarPatchImage, "other", 1)
	if _, err := m.Objects([]byte(small)); err == nil {
		t.Error("a patch without the image to replace was taken")
	}
}
