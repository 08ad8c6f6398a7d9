// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multus-delegate-credentials/e2e/cluster"
	"multus-delegate-credentials/e2e/delegates"
)

const (
	imagePrefix = "localhost/delegate-credentials-e2e/"
	userPrefix  = "localhost/multus-delegate-credentials/" // of what `make image` makes
	podImage    = imagePrefix + "pod:test"
	multusBin   = "usr/src/multus-cni/bin"
	// HelperPath is the helper's in the daemon's container.
	HelperPath = "/" + multusBin + "/multus-delegate-exec"
)

// Flavours of Multus: as upstream's sources make it, and the image of `make
// image`, which its users take.
const (
	Stock   = "stock"
	Patched = "patched"
)

func multusImage(flavour, version string) string {
	if flavour == Patched {
		return userPrefix + "multus:" + version
	}
	return imagePrefix + "multus:" + version
}

// install lays all that the tests run on every node.
func (b *Bed) install(ctx context.Context) error {
	root, err := Root()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "delegate-credentials-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b.sayf("building the test delegates")
	tree := filepath.Join(work, "node")
	if err := delegates.Build(ctx, filepath.Join(root, "e2e"), tree); err != nil {
		return err
	}
	if err := b.cniPlugins(ctx, filepath.Join(tree, "opt/cni/bin")); err != nil {
		return err
	}
	b.sayf("copying delegates and images to the nodes")
	for _, node := range b.Cluster.Nodes() {
		if err := b.Cluster.CopyIn(ctx, node, tree, "/"); err != nil {
			return err
		}
	}
	return b.loadPodImage(ctx, work, filepath.Join(tree, delegates.Nodescan))
}

// cniPlugins adds the reference plugins, where the node image lacks one.
func (b *Bed) cniPlugins(ctx context.Context, dir string) error {
	if _, err := b.Exec(ctx, "ls", "/opt/cni/bin/bridge", "/opt/cni/bin/host-local", "/opt/cni/bin/static"); err == nil {
		return nil
	}
	from, err := b.pinned(ctx, "cni-plugins")
	if err != nil {
		return err
	}
	for _, name := range []string{"bridge", "host-local", "static"} {
		if err := copyProgram(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// loadPodImage makes the image of the test pods: one program that waits.
func (b *Bed) loadPodImage(ctx context.Context, work, program string) error {
	rootfs := filepath.Join(work, "pod")
	if err := copyProgram(program, filepath.Join(rootfs, "idle")); err != nil {
		return err
	}
	return b.Cluster.LoadImage(ctx, podImage, rootfs, cluster.ImageConfig{Entrypoint: []string{"/idle", "idle"}})
}

// load puts the image on the nodes when it is first wanted.
func (b *Bed) load(ctx context.Context, image string, d Deployment) error {
	if _, loaded := b.images[image]; loaded {
		return nil
	}
	b.sayf("loading %s", image)
	load := b.loadStock
	if d.Flavour == Patched {
		load = b.loadPatched
	}
	hash, err := load(ctx, image, b.multusDir(d.Version))
	if err == nil {
		b.images[image] = hash
	}
	return err
}

func (b *Bed) loadPatched(ctx context.Context, _, dir string) (string, error) {
	return b.Cluster.ImportImage(ctx, filepath.Join(dir, "image.tar"))
}

// loadStock makes an image of upstream's layout.
func (b *Bed) loadStock(ctx context.Context, image, dir string) (string, error) {
	rootfs, err := os.MkdirTemp("", "delegate-credentials-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(rootfs)
	for _, name := range []string{"multus-daemon", "multus-shim", "passthru", "install_multus"} {
		if err := copyProgram(filepath.Join(dir, Stock, name), filepath.Join(rootfs, multusBin, name)); err != nil {
			return "", fmt.Errorf("stock Multus (make multus): %w", err)
		}
	}
	if err := likeDebian(rootfs); err != nil {
		return "", err
	}
	hash, err := hashTree(rootfs)
	if err != nil {
		return "", err
	}
	return hash, b.Cluster.LoadImage(ctx, image, rootfs, cluster.ImageConfig{
		Entrypoint: []string{"/" + multusBin + "/multus-daemon"},
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	})
}

// hashTree tells one image's content from another's.
func hashTree(root string) (string, error) {
	hash := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %s\n", strings.TrimPrefix(path, root), d.Type())
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			fmt.Fprintln(hash, target)
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(hash, f)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// likeDebian adds what upstream's image has of its base: a name for root,
// without which the daemon ends in a panic, and /var/run, by which the runtime
// names network namespaces that are mounted at /run.
func likeDebian(rootfs string) error {
	for _, dir := range []string{"etc", "var", "run"} {
		if err := os.MkdirAll(filepath.Join(rootfs, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink("/run", filepath.Join(rootfs, "var/run")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(rootfs, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/sh\n"), 0o644)
}

func copyProgram(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
