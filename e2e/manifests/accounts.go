// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// SidecarPatch is the file that puts the sidecar into the DaemonSet; its users
// name an image of theirs in the place of the one there.
const (
	SidecarPatch      = "helper/deploy/multus-credential.yaml"
	SidecarPatchImage = "registry.example/multus-credential:0.1.0"
)

// What the patch calls things.
const (
	AccountsName = "delegate-credentials"
	storeDir     = "/run/delegate-credentials"
	AccountsKey  = "config.json"
	ConfigFile   = "/etc/delegate-credentials/" + AccountsKey
	SidecarName  = "multus-credential"
)

// Accounts gives delegates accounts of their own: a configuration, and the
// sidecar that gets what it names.
type Accounts struct {
	Patch  string // the text of SidecarPatch
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
		"metadata":   map[string]any{"name": AccountsName, "namespace": MultusNamespace},
		"data":       map[string]any{AccountsKey: a.Config},
	}}
}

// addTo patches the DaemonSet as kubectl does.
func (a Accounts) addTo(o *unstructured.Unstructured) error {
	if strings.Count(a.Patch, SidecarPatchImage) != 1 {
		return fmt.Errorf("%s does not name the image %s once", SidecarPatch, SidecarPatchImage)
	}
	patch, err := yaml.ToJSON([]byte(strings.Replace(a.Patch, SidecarPatchImage, a.Image, 1)))
	if err != nil {
		return fmt.Errorf("%s: %w", SidecarPatch, err)
	}
	original, err := json.Marshal(o)
	if err != nil {
		return err
	}
	patched, err := strategicpatch.StrategicMergePatch(original, patch, appsv1.DaemonSet{})
	if err != nil {
		return fmt.Errorf("%s: %w", SidecarPatch, err)
	}
	return o.UnmarshalJSON(patched)
}
