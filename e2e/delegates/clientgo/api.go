// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

// The test asks in one annotation and reads the answer in the other.
const (
	askKey    = "delegate-credentials.e2e/ask"
	answerKey = "delegate-credentials.e2e/answer"
)

type client struct {
	set kubernetes.Interface
}

func connect(conf *netConf) (*client, error) {
	config, err := clientConfig(conf)
	if err != nil {
		return nil, err
	}
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &client{set: set}, nil
}

func clientConfig(conf *netConf) (*rest.Config, error) {
	if conf.Kubernetes == nil {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("in-cluster configuration: %w", err)
		}
		return config, nil
	}
	overrides := &clientcmd.ConfigOverrides{}
	overrides.ClusterInfo.Server = conf.Kubernetes.APIRoot
	overrides.AuthInfo.Token = conf.Policy.AuthToken
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: conf.Kubernetes.Kubeconfig}, overrides).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	return config, nil
}

func (c *client) get(ctx context.Context, ref *podRef) (*corev1.Pod, error) {
	pod, err := c.set.CoreV1().Pods(string(ref.K8S_POD_NAMESPACE)).
		Get(ctx, string(ref.K8S_POD_NAME), metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("get pod: %w", err)
	}
	return pod, nil
}

// annotate answers on pods/status; kubelet writes there at the same time, so a
// conflict is an ordinary event.
func (c *client) annotate(ctx context.Context, ref *podRef, byPatch bool) error {
	write := c.update
	if byPatch {
		write = c.patch
	}
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		pod, err := c.get(ctx, ref)
		if err != nil {
			return err
		}
		return write(ctx, pod)
	})
	if err != nil {
		return fmt.Errorf("annotate pod: %w", err)
	}
	return nil
}

func (c *client) update(ctx context.Context, pod *corev1.Pod) error {
	pod.Annotations[answerKey] = reply(pod)
	_, err := c.set.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

func (c *client) patch(ctx context.Context, pod *corev1.Pod) error {
	annotations := map[string]string{answerKey: reply(pod)}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": annotations}})
	if err != nil {
		return err
	}
	_, err = c.set.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, body, metav1.PatchOptions{}, "status")
	return err
}

// reply holds what only someone who has read this very pod can know.
func reply(pod *corev1.Pod) string {
	return fmt.Sprintf("clientgo %s %s", pod.Annotations[askKey], pod.UID)
}

func isGone(err error) bool {
	return apierrors.IsNotFound(err)
}
