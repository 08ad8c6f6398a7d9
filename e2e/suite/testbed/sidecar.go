// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"multus-delegate-credentials/e2e/manifests"
)

func (b *Bed) sidecar() string {
	return filepath.Join(b.BuildDir, "multus-credential")
}

// SidecarImage puts that of `make image` on the nodes.
func (b *Bed) SidecarImage(ctx context.Context) (string, error) {
	version, err := exec.CommandContext(ctx, b.sidecar(), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.sidecar(), err)
	}
	name, number, _ := strings.Cut(strings.TrimSpace(string(version)), " ")
	image := userPrefix + name + ":" + number
	if _, loaded := b.images[image]; loaded {
		return image, nil
	}
	b.images[image], err = b.Cluster.ImportImage(ctx, b.sidecar()+".tar")
	return image, err
}

// accounts is that configuration, with the sidecar as its users get it.
func (b *Bed) accounts(ctx context.Context, config string) (*manifests.Accounts, error) {
	image, err := b.SidecarImage(ctx)
	if err != nil {
		return nil, err
	}
	root, err := Root()
	if err != nil {
		return nil, err
	}
	patch, err := os.ReadFile(filepath.Join(root, manifests.SidecarPatch))
	return &manifests.Accounts{Patch: string(patch), Image: image, Config: config}, err
}

// ApplyRBAC applies what `multus-credential rbac` prints for a configuration; the
// returned function takes it away again.
func (b *Bed) ApplyRBAC(ctx context.Context, config string) (remove func(context.Context) error, err error) {
	file, err := os.CreateTemp("", "delegate-credentials-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(config)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, b.sidecar(), "rbac", "--config="+file.Name()).Output()
	if err != nil {
		return nil, fmt.Errorf("multus-credential rbac: %w", err)
	}
	objects, err := manifests.Decode(out)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if err := b.apply(ctx, o); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error { return b.remove(ctx, objects) }, nil
}

// ReplaceAccounts replaces the configuration under a daemon that runs, and waits
// until the daemon's container sees it; restore brings the one before back.
func (b *Bed) ReplaceAccounts(ctx context.Context, config string) (restore func(context.Context) error, err error) {
	maps := b.API.CoreV1().ConfigMaps(manifests.MultusNamespace)
	was := ""
	replace := func(ctx context.Context, text string) error {
		object, err := maps.Get(ctx, manifests.AccountsName, noOptions)
		if err != nil {
			return err
		}
		was, object.Data[manifests.AccountsKey] = object.Data[manifests.AccountsKey], text
		if _, err := maps.Update(ctx, object, metav1.UpdateOptions{}); err != nil {
			return err
		}
		return b.untilMounted(ctx, text)
	}
	if err := replace(ctx, config); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return replace(ctx, was) }, nil
}

// untilMounted changes an annotation of the daemon's pod each time: kubelet looks
// at the pod's volumes at once then, and else once a minute.
func (b *Bed) untilMounted(ctx context.Context, config string) error {
	return until(ctx, "kubelet to mount the configuration", func(ctx context.Context) error {
		pod, _, err := b.sidecarContainer(ctx)
		if err != nil {
			return err
		}
		if err := b.Annotate(ctx, pod.Namespace, pod.Name, "delegate-credentials.e2e/looked", time.Now().String()); err != nil {
			return err
		}
		pid, err := b.DaemonPID(ctx)
		if err != nil {
			return err
		}
		text, err := b.Exec(ctx, "cat", "/proc/"+pid+"/root"+manifests.ConfigFile)
		if err == nil && text != config {
			err = errors.New("it is the one before")
		}
		return err
	})
}

func (b *Bed) remove(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		client, err := b.clientOf(o)
		if err != nil {
			return err
		}
		err = client.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
