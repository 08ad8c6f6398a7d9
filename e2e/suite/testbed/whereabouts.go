// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"multus-delegate-credentials/e2e/manifests"
)

const (
	// Whereabouts is the type of that IPAM plugin.
	Whereabouts        = "whereabouts"
	whereaboutsModule  = "github.com/k8snetworkplumbingwg/whereabouts"
	whereaboutsAPI     = "whereabouts.cni.cncf.io/v1alpha1"
	whereaboutsProgram = "/opt/cni/bin/" + Whereabouts
	// whereaboutsFile has to be there, whatever is in it.
	whereaboutsFile = "/etc/cni/net.d/whereabouts.d/whereabouts.conf"
)

// InstallWhereabouts lays the IPAM plugin, unmodified, on every node and
// defines its kinds; the returned function takes both away, pools included.
func (b *Bed) InstallWhereabouts(ctx context.Context) (remove func(context.Context) error, err error) {
	kinds, err := whereaboutsKinds(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range kinds {
		if err := b.apply(ctx, o); err != nil {
			return nil, err
		}
	}
	tree, err := b.whereaboutsFiles(ctx)
	defer os.RemoveAll(tree)
	if err != nil {
		return nil, err
	}
	for _, node := range b.Cluster.Nodes() {
		if err := b.Cluster.CopyIn(ctx, node, tree, "/"); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		var errs []error
		for _, node := range b.Cluster.Nodes() {
			_, _, err := b.Cluster.Exec(ctx, node, nil, "rm", "-r", whereaboutsProgram, filepath.Dir(whereaboutsFile))
			errs = append(errs, err)
		}
		return errors.Join(append(errs, b.remove(ctx, kinds), b.gone(ctx, kinds))...)
	}, nil
}

// whereaboutsFiles is a tree to be laid over a node's root.
func (b *Bed) whereaboutsFiles(ctx context.Context) (tree string, err error) {
	from, err := b.pinned(ctx, Whereabouts)
	if err != nil {
		return "", err
	}
	if tree, err = os.MkdirTemp("", "delegate-credentials-"); err != nil {
		return "", err
	}
	err = copyProgram(filepath.Join(from, Whereabouts), filepath.Join(tree, whereaboutsProgram))
	if err == nil {
		err = os.MkdirAll(filepath.Join(tree, filepath.Dir(whereaboutsFile)), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(tree, whereaboutsFile), []byte("{}\n"), 0o644)
	}
	return tree, err
}

// whereaboutsKinds are the CRDs as its module ships them.
func whereaboutsKinds(ctx context.Context) ([]*unstructured.Unstructured, error) {
	module, err := pinnedModule(ctx, Whereabouts, whereaboutsModule)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(module, "doc/crds/whereabouts.cni.cncf.io_*.yaml"))
	if err != nil {
		return nil, err
	}
	var kinds []*unstructured.Unstructured
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := manifests.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		kinds = append(kinds, objects...)
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("no CRD is in %s", module)
	}
	return kinds, nil
}

// gone waits until objects that were deleted are not there.
func (b *Bed) gone(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, o := range objects {
		err := until(ctx, o.GetName()+" to go", func(ctx context.Context) error {
			client, err := b.clientOf(o)
			if err != nil {
				return err
			}
			_, err = client.Get(ctx, o.GetName(), noOptions)
			if apierrors.IsNotFound(err) {
				return nil
			}
			return errors.Join(err, errors.New("it is still there"))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Allocations are what whereabouts has given out: in its pools of a namespace,
// by the pool's name and the address' offset, and the addresses that it keeps
// from its other pools.
func (b *Bed) Allocations(ctx context.Context, namespace string) (inPools, reserved []string, err error) {
	pools, err := b.list(ctx, namespace, whereaboutsAPI, "IPPool")
	if err != nil {
		return nil, nil, err
	}
	for _, pool := range pools {
		offsets, _, err := unstructured.NestedMap(pool.Object, "spec", "allocations")
		if err != nil {
			return nil, nil, err
		}
		for offset := range offsets {
			inPools = append(inPools, pool.GetName()+" "+offset)
		}
	}
	reservations, err := b.list(ctx, namespace, whereaboutsAPI, "OverlappingRangeIPReservation")
	for _, r := range reservations {
		reserved = append(reserved, r.GetName())
	}
	return inPools, reserved, err
}

func (b *Bed) list(ctx context.Context, namespace, apiVersion, kind string) ([]unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(namespace)
	client, err := b.clientOf(o)
	if err != nil {
		return nil, err
	}
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}
