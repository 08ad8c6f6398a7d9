// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Names of a second daemon's objects, for comparisons on one node.
const (
	BesideDaemonSet = MultusDaemonSet + "-beside"
	BesideLabel     = MultusLabel + "-beside"
	besideConfigMap = multusConfigMap + "-beside"
)

// besideConfig is laid over a second daemon's configuration: it has a socket of
// its own, and leaves the node's network configuration to the first.
var besideConfig = map[string]any{
	"socketDir":    "/host/run/multus-beside/",
	"cniConfigDir": "/run",
}

// renameBeside gives the two objects names of their own.
func renameBeside(objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		if o.GetKind() == "ConfigMap" {
			o.SetName(besideConfigMap)
			continue
		}
		o.SetName(BesideDaemonSet)
		if err := relabel(o, "spec", "selector", "matchLabels"); err != nil {
			return err
		}
		if err := relabel(o, "spec", "template", "metadata", "labels"); err != nil {
			return err
		}
		if err := useConfigMap(o, besideConfigMap); err != nil {
			return err
		}
		// The first one has installed the shim.
		unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "initContainers")
	}
	return nil
}

func relabel(o *unstructured.Unstructured, path ...string) error {
	labels, _, err := unstructured.NestedStringMap(o.Object, path...)
	if err != nil {
		return err
	}
	labels["name"] += "-beside"
	return unstructured.SetNestedStringMap(o.Object, labels, path...)
}

// useConfigMap has the pod mount another configuration.
func useConfigMap(o *unstructured.Unstructured, name string) error {
	path := []string{"spec", "template", "spec", "volumes"}
	volumes, _, err := unstructured.NestedSlice(o.Object, path...)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		if source, ok := v.(map[string]any)["configMap"].(map[string]any); ok && source["name"] == multusConfigMap {
			source["name"] = name
			return unstructured.SetNestedSlice(o.Object, volumes, path...)
		}
	}
	return fmt.Errorf("no volume has the ConfigMap %s", multusConfigMap)
}
