// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The annotations in which a test asks and a delegate answers, and Multus'.
const (
	AskKey      = "delegate-credentials.e2e/ask"
	AnswerKey   = "delegate-credentials.e2e/answer"
	networksKey = "k8s.v1.cni.cncf.io/networks"
)

// SharedVolume is the emptyDir that the client-go delegate binds.
const SharedVolume = "shared-dir"

// Network is a network definition: its name and its delegate's configuration,
// to which cniVersion and name are added.
type Network struct {
	Name   string
	Config map[string]any
}

// Object is the NetworkAttachmentDefinition.
func (n Network) Object(namespace string) (*unstructured.Unstructured, error) {
	text, err := n.JSON()
	if err != nil {
		return nil, err
	}
	return Definition(namespace, n.Name, string(text)), nil
}

// Definition is a NetworkAttachmentDefinition of a text.
func Definition(namespace, name, config string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "k8s.cni.cncf.io/v1",
		"kind":       "NetworkAttachmentDefinition",
		"metadata":   map[string]any{"name": name, "namespace": namespace},
		"spec":       map[string]any{"config": config},
	}}
}

// JSON is the configuration as a delegate gets it.
func (n Network) JSON() ([]byte, error) {
	config := map[string]any{"cniVersion": "1.0.0", "name": n.Name}
	for k, v := range n.Config {
		config[k] = v
	}
	return json.Marshal(config)
}

// Pod is a pod with one network beside the cluster's, an emptyDir and a
// question. It has no credential of its own.
func Pod(name, image, network, ask string) *corev1.Pod {
	no, second := false, int64(1)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{networksKey: network, AskKey: ask},
		},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken:  &no,
			EnableServiceLinks:            &no,
			TerminationGracePeriodSeconds: &second,
			Tolerations:                   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name:            "idle",
				Image:           image,
				ImagePullPolicy: corev1.PullNever,
				VolumeMounts:    []corev1.VolumeMount{{Name: SharedVolume, MountPath: "/shared"}},
			}},
			Volumes: []corev1.Volume{{
				Name:         SharedVolume,
				VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
			}},
		},
	}
}
