// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

const (
	fieldManager     = "delegate-credentials-e2e"
	daemonContainer  = "kube-multus"
	thickDaemonSet   = "deployments/multus-daemonset-thick.yml"
	multusModule     = "gopkg.in/k8snetworkplumbingwg/multus-cni.v4"
	daemonsTokenFile = "/run/secrets/kubernetes.io/serviceaccount/token"
)

// Daemon is one of those that run on a node: the First, which serves the node's
// pods, or one Beside it, with which only those speak who know its socket.
type Daemon struct{ set, label, socket string }

func (d Daemon) String() string { return d.set }

// The two that there can be.
var (
	First  = Daemon{manifests.MultusDaemonSet, manifests.MultusLabel, "/run/multus/multus.sock"}
	Beside = Daemon{manifests.BesideDaemonSet, manifests.BesideLabel, "/run/multus-beside/multus.sock"}
)

// Newest is the version that a test runs unless it names another.
const Newest = "v4.3.0"

// Deployment is a Multus on the cluster.
type Deployment struct {
	Flavour     string
	Version     string // "": Newest
	Propagation string
	// Config is laid over the configuration that the tree ships.
	Config map[string]any
	// Plugins are those that the patched daemon lists; nil: Listed.
	Plugins []string
	// Accounts is the configuration that gives delegates accounts of their own;
	// "": they have the daemon's.
	Accounts string
	// Fresh asks for a daemon that has not run anything yet.
	Fresh  bool
	Limits manifests.Limits
	Daemon Daemon // the First by default
}

// Listed are the delegates that the patched daemon runs by the helper.
func Listed() []string {
	return []string{delegates.ClientGo, delegates.Curl, delegates.Shell, delegates.Broken}
}

// Deploy applies the DaemonSet of that Multus tree and waits until its daemon
// serves. What runs already and fits is left alone.
func (b *Bed) Deploy(ctx context.Context, d Deployment) error {
	d.Version, d.Daemon = cmp.Or(d.Version, Newest), cmp.Or(d.Daemon, First)
	upstream, err := b.upstreamFile(ctx, d)
	if err != nil {
		return err
	}
	image := multusImage(d.Flavour, d.Version)
	if err := b.load(ctx, image, d); err != nil {
		return err
	}
	m := manifests.Multus{Image: image, Propagation: d.Propagation, Config: d.Config,
		Limits: d.Limits, Beside: d.Daemon == Beside}
	if d.Flavour == Patched {
		if m.Plugins = d.Plugins; m.Plugins == nil {
			m.Plugins = Listed()
		}
	}
	if d.Accounts != "" {
		if m.Accounts, err = b.accounts(ctx, d.Accounts); err != nil {
			return err
		}
	}
	if m.Rollout, err = b.rollout(ctx, d, m, upstream); err != nil {
		return err
	}
	objects, err := m.Objects(upstream)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := b.apply(ctx, o); err != nil {
			return err
		}
	}
	return b.waitForDaemon(ctx, d.Daemon, m.Rollout)
}

// rollout is the text that makes a new pod where one is needed: a daemon reads
// its configuration only at its start, and its image has always the same name.
func (b *Bed) rollout(ctx context.Context, d Deployment, m manifests.Multus, upstream []byte) (string, error) {
	hash := sha256.New()
	if err := json.NewEncoder(hash).Encode(m); err != nil {
		return "", err
	}
	hash.Write(upstream)
	hash.Write([]byte(b.images[m.Image]))
	if m.Accounts != nil {
		hash.Write([]byte(b.images[m.Accounts.Image]))
	}
	sum := hex.EncodeToString(hash.Sum(nil))[:16]
	running, err := b.API.AppsV1().DaemonSets(manifests.MultusNamespace).
		Get(ctx, d.Daemon.set, noOptions)
	if err != nil {
		return sum + "-0", nil //nolint:nilerr // none is there yet
	}
	was := running.Spec.Template.Annotations[manifests.RolloutKey]
	if strings.HasPrefix(was, sum) && !d.Fresh {
		return was, nil
	}
	return fmt.Sprintf("%s-%d", sum, running.Generation), nil
}

// upstreamFile is the DaemonSet as the tree ships it: the patched tree's for
// the patched one, so that the series' own file is what runs.
func (b *Bed) upstreamFile(ctx context.Context, d Deployment) ([]byte, error) {
	if d.Flavour == Patched {
		return os.ReadFile(filepath.Join(b.multusDir(d.Version), "src", thickDaemonSet))
	}
	source, err := StockSource(ctx)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(source, thickDaemonSet))
}

// StockSource is the tree of the newest pinned module.
func StockSource(ctx context.Context) (string, error) {
	return pinnedModule(ctx, "multus-"+Newest, multusModule)
}

// PatchedSource is the tree that the newest series made.
func (b *Bed) PatchedSource() string {
	return filepath.Join(b.multusDir(Newest), "src")
}

// multusDir is where `make multus` and `make image` put that version.
func (b *Bed) multusDir(version string) string {
	return filepath.Join(b.BuildDir, "multus", version)
}

// apply is a server-side apply; a kind that has just been defined takes a
// moment to be served.
func (b *Bed) apply(ctx context.Context, o *unstructured.Unstructured) error {
	data, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	return until(ctx, o.GetKind()+" "+o.GetName()+" to be applied", func(ctx context.Context) error {
		client, err := b.clientOf(o)
		if err != nil {
			return err
		}
		var object map[string]any
		if err := json.Unmarshal(data, &object); err != nil {
			return err
		}
		options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
		_, err = client.Apply(ctx, o.GetName(), &unstructured.Unstructured{Object: object}, options)
		return err
	})
}

// clientOf is the API of the object's kind, in its namespace.
func (b *Bed) clientOf(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	mapping, err := b.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		b.mapper.Reset()
		return nil, err
	}
	return b.dynamic.Resource(mapping.Resource).Namespace(o.GetNamespace()), nil
}

// waitForDaemon ends when each node has just the new daemon and it answers.
func (b *Bed) waitForDaemon(ctx context.Context, d Daemon, rollout string) error {
	return until(ctx, "the Multus daemon", func(ctx context.Context) error {
		set, err := b.API.AppsV1().DaemonSets(manifests.MultusNamespace).
			Get(ctx, d.set, noOptions)
		if err != nil {
			return err
		}
		if err := rolledOut(set); err != nil {
			return err
		}
		pods, err := b.daemonPods(ctx, d)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if pod.Annotations[manifests.RolloutKey] != rollout {
				return fmt.Errorf("pod %s is an old one", pod.Name)
			}
		}
		for _, node := range b.Cluster.Nodes() {
			_, _, err := b.Cluster.Exec(ctx, node, nil, delegates.Nodescan, "get", d.socket, "/healthz")
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func rolledOut(set *appsv1.DaemonSet) error {
	s := set.Status
	if s.ObservedGeneration < set.Generation || s.DesiredNumberScheduled == 0 ||
		s.UpdatedNumberScheduled != s.DesiredNumberScheduled || s.NumberReady != s.DesiredNumberScheduled {
		return fmt.Errorf("%d of %d pods are new, %d ready",
			s.UpdatedNumberScheduled, s.DesiredNumberScheduled, s.NumberReady)
	}
	return nil
}

func (b *Bed) daemonPods(ctx context.Context, d Daemon) ([]corev1.Pod, error) {
	list, err := b.API.CoreV1().Pods(manifests.MultusNamespace).
		List(ctx, metav1.ListOptions{LabelSelector: d.label})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// DaemonLog is what the daemons have logged, one after the other.
func (b *Bed) DaemonLog(ctx context.Context) (string, error) {
	pods, err := b.daemonPods(ctx, First)
	if err != nil {
		return "", err
	}
	if len(pods) == 0 {
		return "", errors.New("no daemon runs")
	}
	var all strings.Builder
	for _, pod := range pods {
		text, err := b.API.CoreV1().Pods(pod.Namespace).
			GetLogs(pod.Name, &corev1.PodLogOptions{Container: daemonContainer}).DoRaw(ctx)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// RemoveMultus takes the daemon away, whoever's DaemonSet it is of; the shim
// and the objects beside it stay.
func (b *Bed) RemoveMultus(ctx context.Context) error {
	err := b.API.AppsV1().DaemonSets(manifests.MultusNamespace).DeleteCollection(ctx,
		metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: manifests.MultusLabel})
	if err != nil {
		return err
	}
	return until(ctx, "the daemon to go", func(ctx context.Context) error {
		pods, err := b.daemonPods(ctx, First)
		if err == nil && len(pods) > 0 {
			err = fmt.Errorf("%d are there", len(pods))
		}
		return err
	})
}

// PatchedImage puts that of the newest Multus, with the helper, on the nodes.
func (b *Bed) PatchedImage(ctx context.Context) (string, error) {
	image := multusImage(Patched, Newest)
	return image, b.load(ctx, image, Deployment{Flavour: Patched, Version: Newest})
}
