// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"multus-delegate-credentials/e2e/cluster"
	"multus-delegate-credentials/e2e/manifests"
)

const sidecarImage = imagePrefix + "multus-credential:test"

func (b *Bed) sidecar() string {
	return filepath.Join(b.BuildDir, "multus-credential")
}

// loadSidecar makes an image of the program and the libraries that it needs.
func (b *Bed) loadSidecar(ctx context.Context) error {
	if _, loaded := b.images[sidecarImage]; loaded {
		return nil
	}
	rootfs, err := os.MkdirTemp("", "delegate-credentials-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(rootfs)
	if err := copyProgram(b.sidecar(), filepath.Join(rootfs, "multus-credential")); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "ldd", b.sidecar()).Output()
	if err != nil {
		return fmt.Errorf("ldd %s: %w", b.sidecar(), err)
	}
	for _, library := range regexp.MustCompile(`/[^ :\n]+`).FindAllString(string(out), -1) {
		if err := copyProgram(library, filepath.Join(rootfs, library)); err != nil {
			return err
		}
	}
	hash, err := hashTree(rootfs)
	if err != nil {
		return err
	}
	b.images[sidecarImage] = hash
	return b.Cluster.LoadImage(ctx, sidecarImage, rootfs, cluster.ImageConfig{Entrypoint: []string{"/multus-credential"}})
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
