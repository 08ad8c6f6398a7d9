// SPDX-License-Identifier: Apache-2.0

// Package manifests turns upstream's own DaemonSet, as a Multus tree ships it,
// into what the suite applies, and makes the small objects of the tests.
package manifests

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Names that upstream's file gives its objects.
const (
	MultusNamespace = "kube-system"
	MultusDaemonSet = "kube-multus-ds"
	MultusLabel     = "name=multus"
	multusConfigMap = "multus-daemon-config"
	multusConfigKey = "daemon-config.json"
	// RolloutKey changes with what the daemon reads at start alone.
	RolloutKey = "delegate-credentials.e2e/rollout"
)

// Propagations of the host's root in the daemon's pod.
const (
	HostToContainer = "HostToContainer" // upstream's
	Bidirectional   = "Bidirectional"
)

// Multus says what to make of upstream's file.
type Multus struct {
	Image       string
	Propagation string
	// Config is laid over the daemon's configuration in the file.
	Config map[string]any
	// Plugins are the types that the tree's delegateExec lists; nil for a tree
	// that has no such option.
	Plugins []string
	// Accounts is nil where every delegate has the daemon's own account.
	Accounts *Accounts
	// Limits are roomy by default.
	Limits Limits
	// Beside makes it a second daemon on a node that has one.
	Beside bool
	// Rollout is any text; another one makes a new pod.
	Rollout string
}

// Limits are what a pod of the daemon gets, delegates included: they run in its
// control group.
type Limits struct{ Memory, CPU string }

// Upstream's 50Mi is too little for any delegate written in Go beside the
// daemon, patched or not (multus#1346); and at its 100m of CPU each call of
// kubectl takes ten seconds, which says nothing about who calls it.
var (
	UpstreamLimits = Limits{"50Mi", "100m"}
	roomyLimits    = Limits{"300Mi", "1"}
)

// Objects reads upstream's file and edits it.
func (m Multus) Objects(upstream []byte) ([]*unstructured.Unstructured, error) {
	objects, err := Decode(upstream)
	if err != nil {
		return nil, err
	}
	var edited []*unstructured.Unstructured
	for _, o := range objects {
		edit := map[string]func(*unstructured.Unstructured) error{
			"ConfigMap/" + multusConfigMap: m.editConfig,
			"DaemonSet/" + MultusDaemonSet: m.editDaemonSet,
		}[o.GetKind()+"/"+o.GetName()]
		if edit == nil {
			continue
		}
		if err := edit(o); err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		edited = append(edited, o)
	}
	if len(edited) != 2 {
		return nil, fmt.Errorf("upstream's file has not the ConfigMap and the DaemonSet expected")
	}
	if m.Beside {
		return edited, renameBeside(edited)
	}
	if m.Accounts != nil {
		objects = append(objects, m.Accounts.configMap())
	}
	return objects, nil
}

// Decode reads a file of objects.
func Decode(text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(o); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

func (m Multus) editConfig(o *unstructured.Unstructured) error {
	text, _, err := unstructured.NestedString(o.Object, "data", multusConfigKey)
	if err != nil {
		return err
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return err
	}
	maps.Copy(config, m.Config)
	if m.Beside {
		maps.Copy(config, besideConfig)
	}
	if m.Plugins != nil {
		block, ok := config["delegateExec"].(map[string]any)
		if !ok {
			return errors.New("it has no delegateExec to list plugins in")
		}
		block["plugins"] = m.Plugins
		if m.Accounts != nil {
			program := block["command"].([]any)[0].(string)
			block["command"] = append([]string{program}, m.Accounts.HelperArguments()...)
		}
	}
	edited, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	return unstructured.SetNestedField(o.Object, string(edited), "data", multusConfigKey)
}

func (m Multus) editDaemonSet(o *unstructured.Unstructured) error {
	template := []string{"spec", "template"}
	if err := unstructured.SetNestedField(o.Object, m.Rollout,
		append(template, "metadata", "annotations", RolloutKey)...); err != nil {
		return err
	}
	for _, list := range []string{"containers", "initContainers"} {
		path := append(template, "spec", list)
		containers, _, err := unstructured.NestedSlice(o.Object, path...)
		if err != nil {
			return err
		}
		for _, c := range containers {
			if err := m.editContainer(c.(map[string]any), list == "containers"); err != nil {
				return err
			}
		}
		if err := unstructured.SetNestedSlice(o.Object, containers, path...); err != nil {
			return err
		}
	}
	if m.Accounts != nil {
		return m.Accounts.addTo(o)
	}
	return nil
}

// editContainer takes our image, without which nothing could be pulled; the
// daemon's own also gets memory, CPU and the propagation.
func (m Multus) editContainer(c map[string]any, daemon bool) error {
	c["image"] = m.Image
	c["imagePullPolicy"] = "Never"
	if !daemon {
		return nil
	}
	if err := m.setLimits(c); err != nil {
		return err
	}
	mounts, _, err := unstructured.NestedSlice(c, "volumeMounts")
	if err != nil {
		return err
	}
	for _, item := range mounts {
		if mount := item.(map[string]any); mount["mountPath"] == "/hostroot" {
			mount["mountPropagation"] = m.Propagation
			return unstructured.SetNestedSlice(c, mounts, "volumeMounts")
		}
	}
	return fmt.Errorf("no volume is mounted at /hostroot")
}

func (m Multus) setLimits(c map[string]any) error {
	limits := cmp.Or(m.Limits, roomyLimits)
	for _, kind := range []string{"requests", "limits"} {
		if err := unstructured.SetNestedField(c, limits.Memory, "resources", kind, "memory"); err != nil {
			return err
		}
	}
	return unstructured.SetNestedField(c, limits.CPU, "resources", "limits", "cpu")
}
