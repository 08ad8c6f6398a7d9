// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// beside keeps the two objects that a second daemon needs of its own, renamed.
func beside(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	rename := map[string]func(*unstructured.Unstructured) error{
		"ConfigMap/" + multusConfigMap: besideConfigMap,
		"DaemonSet/" + MultusDaemonSet: besideDaemonSet,
	}
	var kept []*unstructured.Unstructured
	for _, o := range objects {
		edit := rename[o.GetKind()+"/"+o.GetName()]
		if edit == nil {
			continue
		}
		if err := edit(o); err != nil {
			return nil, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		kept = append(kept, o)
	}
	return kept, nil
}

func besideConfigMap(o *unstructured.Unstructured) error {
	o.SetName(besideConfig)
	text, _, err := unstructured.NestedString(o.Object, "data", multusConfigKey)
	if err != nil {
		return err
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return err
	}
	config["socketDir"] = "/host/run/multus-beside/"
	config["multusAutoconfigDir"] = "/tmp"
	edited, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return unstructured.SetNestedField(o.Object, string(edited), "data", multusConfigKey)
}

func besideDaemonSet(o *unstructured.Unstructured) error {
	o.SetName(BesideName)
	label := map[string]any{"name": BesideName}
	if err := unstructured.SetNestedMap(o.Object, label, "spec", "selector", "matchLabels"); err != nil {
		return err
	}
	if err := unstructured.SetNestedMap(o.Object, label, "spec", "template", "metadata", "labels"); err != nil {
		return err
	}
	// It would install the shim that the first one installed.
	unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "initContainers")
	path := []string{"spec", "template", "spec", "volumes"}
	volumes, _, err := unstructured.NestedSlice(o.Object, path...)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		if m, ok := v.(map[string]any)["configMap"].(map[string]any); ok && m["name"] == multusConfigMap {
			m["name"] = besideConfig
		}
	}
	return unstructured.SetNestedSlice(o.Object, volumes, path...)
}
