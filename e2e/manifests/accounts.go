// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Where the helper and the sidecar find the configuration and the store.
const (
	accountsName  = "delegate-credentials"
	accountsStore = "delegate-credentials-store"
	configDir     = "/etc/delegate-credentials"
	storeDir      = "/run/delegate-credentials"
	ConfigFile    = configDir + "/config.json"
	SidecarName   = "multus-credential"
)

// Accounts gives delegates accounts of their own: a configuration, and the
// sidecar that gets what it names.
type Accounts struct {
	Image  string // of the sidecar
	Config string // the document
}

// HelperArguments are the helper's in the daemon's configuration.
func (a Accounts) HelperArguments() []string {
	return []string{"--config=" + ConfigFile, "--store=" + storeDir}
}

func (a Accounts) configMap() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": accountsName, "namespace": MultusNamespace},
		"data":       map[string]any{"config.json": a.Config},
	}}
}

// addTo puts the sidecar and the volumes into the DaemonSet.
func (a Accounts) addTo(o *unstructured.Unstructured) error {
	spec := []string{"spec", "template", "spec"}
	containers, _, err := unstructured.NestedSlice(o.Object, append(spec, "containers")...)
	if err != nil {
		return err
	}
	if len(containers) != 1 {
		return fmt.Errorf("%d containers, where one was expected", len(containers))
	}
	daemon := containers[0].(map[string]any)
	mounts, _, err := unstructured.NestedSlice(daemon, "volumeMounts")
	if err != nil {
		return err
	}
	daemon["volumeMounts"] = append(mounts, mount(accountsName, configDir, true), mount(accountsStore, storeDir, true))
	if err := unstructured.SetNestedSlice(o.Object, append(containers, a.sidecar()), append(spec, "containers")...); err != nil {
		return err
	}
	volumes, _, err := unstructured.NestedSlice(o.Object, append(spec, "volumes")...)
	if err != nil {
		return err
	}
	return unstructured.SetNestedSlice(o.Object, append(volumes,
		map[string]any{"name": accountsName, "configMap": map[string]any{"name": accountsName}},
		map[string]any{"name": accountsStore, "emptyDir": map[string]any{"medium": "Memory", "sizeLimit": "16Mi"}},
	), append(spec, "volumes")...)
}

func mount(name, path string, readOnly bool) map[string]any {
	return map[string]any{"name": name, "mountPath": path, "readOnly": readOnly}
}

// sidecar has no privilege at all: what reads the network is not what is root.
func (a Accounts) sidecar() map[string]any {
	return map[string]any{
		"name":            SidecarName,
		"image":           a.Image,
		"imagePullPolicy": "Never",
		"args":            []any{"refresh", "--config=" + ConfigFile, "--store=" + storeDir},
		"env": []any{map[string]any{"name": "NODE_NAME",
			"valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "spec.nodeName"}}}},
		"resources": map[string]any{"limits": map[string]any{"memory": "32Mi"}},
		"securityContext": map[string]any{
			"runAsUser": int64(65532), "runAsGroup": int64(65532), "runAsNonRoot": true,
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
			"capabilities": map[string]any{"drop": []any{"ALL"}},
		},
		"volumeMounts": []any{mount(accountsName, configDir, true), mount(accountsStore, storeDir, false)},
	}
}
