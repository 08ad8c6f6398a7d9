// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"multus-delegate-credentials/e2e/manifests"
)

const credentialProgram = "/multus-credential"

// Credential runs a command of multus-credential where the sidecar runs, with
// its options --config and --store if they are asked for.
func (b *Bed) Credential(ctx context.Context, command []string, options ...string) (string, error) {
	pod, sidecar, err := b.sidecarContainer(ctx)
	if err != nil {
		return "", err
	}
	argv := append([]string{"exec", "--namespace=" + pod.Namespace, pod.Name,
		"--container=" + sidecar.Name, "--", credentialProgram}, command...)
	for _, name := range options {
		argv = append(argv, name+"="+option(sidecar, name))
	}
	out, err := b.Cluster.Kubectl(ctx, argv...)
	return string(out), err
}

// Held is what the store has for a rule.
type Held struct {
	Rule string `json:"rule"`
	JTI  string `json:"jti"`
}

// Store lists what the store has, by rule.
func (b *Bed) Store(ctx context.Context) (map[string]Held, error) {
	text, err := b.Credential(ctx, []string{"status", "--json"}, "--store")
	if err != nil {
		return nil, err
	}
	var status struct {
		Rules []Held `json:"rules"`
	}
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		return nil, fmt.Errorf("status --json: %w", err)
	}
	held := map[string]Held{}
	for _, h := range status.Rules {
		held[h.Rule] = h
	}
	return held, nil
}

// StorePath is where the node has the store of its sidecar.
func (b *Bed) StorePath(ctx context.Context) (string, error) {
	pod, sidecar, err := b.sidecarContainer(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range sidecar.VolumeMounts {
		if m.MountPath == option(sidecar, "--store") {
			return filepath.Join(KubeletPods, string(pod.UID), "volumes/kubernetes.io~empty-dir", m.Name), nil
		}
	}
	return "", fmt.Errorf("no volume is mounted at the store of %s", sidecar.Name)
}

// As is a client with a token and no other credential.
func (b *Bed) As(token string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", b.Cluster.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config = rest.AnonymousClientConfig(config)
	config.BearerToken = token
	return kubernetes.NewForConfig(config)
}

// option is the value that the container's program is given.
func option(c *corev1.Container, name string) string {
	for _, arg := range c.Args {
		if value, found := strings.CutPrefix(arg, name+"="); found {
			return value
		}
	}
	return ""
}

// sidecarContainer is that of the tests' node.
func (b *Bed) sidecarContainer(ctx context.Context) (*corev1.Pod, *corev1.Container, error) {
	pods, err := b.daemonPods(ctx, First)
	if err != nil {
		return nil, nil, err
	}
	for i := range pods {
		for j, c := range pods[i].Spec.Containers {
			if c.Name == manifests.SidecarName && pods[i].Spec.NodeName == b.Node {
				return &pods[i], &pods[i].Spec.Containers[j], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("no sidecar runs on %s", b.Node)
}
