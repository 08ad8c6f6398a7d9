// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"multus-delegate-credentials/e2e/manifests"
)

// oursKey labels the namespaces of tests and demo.
const oursKey = "delegate-credentials.e2e/ours"

// clearAway removes what an interrupted run left: pods that are tried again and
// again would be in every picture of the node.
func (b *Bed) clearAway(ctx context.Context) error {
	var list *corev1.NamespaceList
	err := until(ctx, "the API server", func(ctx context.Context) (err error) {
		list, err = b.API.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: oursKey})
		return err
	})
	if err != nil {
		return err
	}
	for _, ns := range list.Items {
		if ns.DeletionTimestamp != nil {
			continue
		}
		b.sayf("removing namespace %s of an earlier run", ns.Name)
		if err := b.DeleteNamespace(ctx, ns.Name); err != nil {
			return err
		}
	}
	// Empty folders of a delegate whose DEL never came; one with a bind stays.
	_, err = b.Sh(ctx, "rmdir "+BindDir+"/* "+BindDir+" 2>/dev/null || :")
	return err
}

// BindDir is where the client-go delegate binds its pods' folders.
const BindDir = "/var/lib/delegate-credentials-e2e"

// Namespace makes a namespace for a test's objects.
func (b *Bed) Namespace(ctx context.Context) (string, error) {
	ns, err := b.API.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-", Labels: map[string]string{oursKey: "yes"}}}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	return ns.Name, until(ctx, "the namespace's service account", func(ctx context.Context) error {
		_, err := b.API.CoreV1().ServiceAccounts(ns.Name).Get(ctx, "default", noOptions)
		return err
	})
}

// DeleteNamespace removes it, and waits for the pods in it alone: they are what
// a next test could meet.
func (b *Bed) DeleteNamespace(ctx context.Context, namespace string) error {
	if err := b.DeleteAllPods(ctx, namespace); err != nil {
		return err
	}
	return b.API.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
}

// Run makes the network's definition and a pod that uses it.
func (b *Bed) Run(ctx context.Context, namespace, name string, network manifests.Network, ask string) error {
	definition, err := network.Object(namespace)
	if err != nil {
		return err
	}
	if err := b.apply(ctx, definition); err != nil {
		return err
	}
	pod := manifests.Pod(name, podImage, network.Name, ask)
	pod.Spec.NodeName = b.Node
	_, err = b.API.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	return err
}

// Running waits until the pod runs and returns it.
func (b *Bed) Running(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	var pod *corev1.Pod
	err := until(ctx, "pod "+name+" to run", func(ctx context.Context) (err error) {
		pod, err = b.API.CoreV1().Pods(namespace).Get(ctx, name, noOptions)
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("it is %s", pod.Status.Phase)
		}
		return err
	})
	return pod, err
}

// Event waits for an event of the pod that has the text, and returns its whole
// message.
func (b *Bed) Event(ctx context.Context, namespace, name, text string) (string, error) {
	message := ""
	err := until(ctx, fmt.Sprintf("an event of pod %s with %q", name, text), func(ctx context.Context) error {
		events, err := b.events(ctx, namespace)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.InvolvedObject.Name == name && strings.Contains(e.Message, text) {
				message = e.Message
				return nil
			}
		}
		return fmt.Errorf("none of %d events has it", len(events))
	})
	return message, err
}

func (b *Bed) events(ctx context.Context, namespace string) ([]corev1.Event, error) {
	list, err := b.API.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	sort.Slice(list.Items, func(i, j int) bool {
		return list.Items[i].CreationTimestamp.Before(&list.Items[j].CreationTimestamp)
	})
	return list.Items, nil
}

// DeletePods deletes pods and waits until kubelet is done with all of them.
func (b *Bed) DeletePods(ctx context.Context, namespace string, names ...string) error {
	pods := b.API.CoreV1().Pods(namespace)
	for _, name := range names {
		err := pods.Delete(ctx, name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	for _, name := range names {
		err := until(ctx, "pod "+name+" to go", func(ctx context.Context) error {
			_, err := pods.Get(ctx, name, noOptions)
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err == nil {
				err = fmt.Errorf("it is still there")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteAllPods is DeletePods of those that there are.
func (b *Bed) DeleteAllPods(ctx context.Context, namespace string) error {
	pods, err := b.API.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var names []string
	for _, pod := range pods.Items {
		names = append(names, pod.Name)
	}
	return b.DeletePods(ctx, namespace, names...)
}

// Explain is what a person needs where a test has failed: the events of the
// test's pods and the end of what the daemon logged of them.
func (b *Bed) Explain(ctx context.Context, namespace string) string {
	var text strings.Builder
	events, err := b.events(ctx, namespace)
	if err != nil {
		fmt.Fprintf(&text, "events: %v\n", err)
	}
	for _, e := range events {
		fmt.Fprintf(&text, "event of %s: %s: %s\n", e.InvolvedObject.Name, e.Reason, e.Message)
	}
	log, err := b.DaemonLog(ctx)
	if err != nil {
		fmt.Fprintf(&text, "the daemon's log: %v\n", err)
	}
	var lines []string
	for _, line := range strings.Split(log, "\n") {
		if strings.Contains(line, namespace) || strings.Contains(line, "[error]") {
			lines = append(lines, line)
		}
	}
	for _, line := range lines[max(0, len(lines)-40):] {
		fmt.Fprintf(&text, "daemon: %s\n", line)
	}
	return text.String()
}

// Pod reads a pod.
func (b *Bed) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return b.API.CoreV1().Pods(namespace).Get(ctx, name, noOptions)
}

// Annotate sets an annotation of a pod.
func (b *Bed) Annotate(ctx context.Context, namespace, name, key, value string) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"annotations": map[string]string{key: value}}})
	if err != nil {
		return err
	}
	_, err = b.API.CoreV1().Pods(namespace).
		Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
