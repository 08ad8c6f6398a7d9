// SPDX-License-Identifier: Apache-2.0

// Command demo shows one unmodified delegate under stock Multus and under the
// patched one, on a cluster that is up (MDC_CLUSTER; MDC_BUILD and MDC_CACHE as
// in the suite). Cluster and pod stay for a look.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const (
	podName = "delegate"
	ask     = "who are you?"
	// What the reports of multus#1258 have in common.
	failure = "/var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context) error {
	bed, err := testbed.Attach(ctx)
	if err != nil {
		return err
	}
	namespace, err := bed.Namespace(ctx)
	if err != nil {
		return err
	}
	event, err := underStock(ctx, bed, namespace)
	if err != nil {
		return errors.Join(err, errors.New(bed.Explain(ctx, namespace)))
	}
	pod, err := underPatched(ctx, bed, namespace)
	if err != nil {
		return errors.Join(err, errors.New(bed.Explain(ctx, namespace)))
	}
	fmt.Print(sideBySide(
		"stock Multus v4.3.0", "the pod does not start; its event says:\n\n"+event,
		"patched Multus v4.3.0", "the pod runs; its annotations:\n\n"+annotations(pod)))
	return ending(ctx, bed, pod)
}

func start(ctx context.Context, bed *testbed.Bed, namespace, flavour string) error {
	d := testbed.Deployment{Flavour: flavour, Propagation: manifests.HostToContainer}
	fmt.Fprintf(os.Stderr, "starting %s Multus\n", flavour)
	if err := bed.Deploy(ctx, d); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "running a pod with the delegate %s\n", delegates.ClientGo)
	network := manifests.Network{Name: "demo", Config: map[string]any{"type": delegates.ClientGo}}
	return bed.Run(ctx, namespace, podName, network, ask)
}

func underStock(ctx context.Context, bed *testbed.Bed, namespace string) (string, error) {
	if err := start(ctx, bed, namespace, testbed.Stock); err != nil {
		return "", err
	}
	event, err := bed.Event(ctx, namespace, podName, failure)
	if err != nil {
		return "", err
	}
	return event, bed.DeletePods(ctx, namespace, podName)
}

func underPatched(ctx context.Context, bed *testbed.Bed, namespace string) (*corev1.Pod, error) {
	if err := start(ctx, bed, namespace, testbed.Patched); err != nil {
		return nil, err
	}
	return bed.Running(ctx, namespace, podName)
}

func annotations(pod *corev1.Pod) string {
	return fmt.Sprintf("%s: %s\n%s: %s", manifests.AskKey, pod.Annotations[manifests.AskKey],
		manifests.AnswerKey, pod.Annotations[manifests.AnswerKey])
}

// ending prints the annotation as kubectl reads it, and what is next.
func ending(ctx context.Context, bed *testbed.Bed, pod *corev1.Pod) error {
	path := strings.ReplaceAll(manifests.AnswerKey, ".", `\.`)
	query := []string{"-n", pod.Namespace, "get", "pod", pod.Name,
		"-o", "jsonpath={.metadata.annotations." + path + "}"}
	out, err := bed.Cluster.Kubectl(ctx, query...)
	if err != nil {
		return err
	}
	answer := string(out)
	if want := "clientgo " + ask + " " + string(pod.UID); answer != want {
		return fmt.Errorf("kubectl reads %q, not %q", answer, want)
	}
	fmt.Printf("\n$ kubectl -n %s get pod %s -o jsonpath='{.metadata.annotations.%s}'\n%s\n",
		pod.Namespace, pod.Name, path, answer)
	fmt.Printf("\ntry next:   export KUBECONFIG=%s\n"+
		"            kubectl -n %s describe pod %s\n"+
		"            kubectl -n kube-system logs daemonset/%s | grep delegateExec\n"+
		"remove all: make demo-clean clean-cache clean\n",
		bed.Cluster.Kubeconfig(), pod.Namespace, pod.Name, manifests.MultusDaemonSet)
	return nil
}
