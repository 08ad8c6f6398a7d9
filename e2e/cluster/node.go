// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Node is the name of the node with the given name or number; 0 is the control
// plane.
func (c *Cluster) Node(which string) (string, error) {
	for i, node := range c.nodes {
		if which == node || which == strconv.Itoa(i) {
			return node, nil
		}
	}
	return "", fmt.Errorf("%s has no node %s", c.o.Name, which)
}

// Exec runs a command in a node, as root. The error has what it printed on
// stderr, so a command whose stderr may hold a secret must not fail with it.
func (c *Cluster) Exec(ctx context.Context, node string, stdin io.Reader,
	argv ...string) (stdout, stderr []byte, err error) {
	args := []string{"exec", "--privileged"}
	if stdin != nil {
		args = append(args, "--interactive")
	}
	cmd := c.engine.Command(ctx, append(append(args, node), argv...)...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &complaints
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%s: %s: %w: %s", node, argv[0], err,
			strings.TrimSpace(complaints.String()))
	}
	return out.Bytes(), complaints.Bytes(), err
}

// Kubectl runs the first node's kubectl, which fits the cluster whatever the
// host has, with the administrator's rights.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (stdout []byte,
	err error) {
	stdout, _, err = c.Exec(ctx, c.nodes[0], nil, append([]string{"kubectl",
		"--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
	return stdout, err
}

// CopyIn copies a file to the path dst, or what is in a directory to below
// dst, into a node. It goes through a tar there: an engine's own cp does not
// see what is mounted in the container.
func (c *Cluster) CopyIn(ctx context.Context, node, src, dst string) error {
	info, err := os.Stat(src)
	if err != nil {
		return err
	}
	below, name := dst, "."
	if !info.IsDir() {
		below, name = path.Dir(dst), path.Base(dst)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeTar(w, src, name)) }()
	_, _, err = c.Exec(ctx, node, r, "sh", "-ec",
		`mkdir -p "$1" && tar -xf - -C "$1"`, "sh", below)
	r.Close()
	return err
}

// LoadImage makes an image of one layer from a directory and imports it on
// every node. Pods name it with imagePullPolicy: Never.
func (c *Cluster) LoadImage(ctx context.Context, name string, rootfs string,
	config ImageConfig) error {
	work, err := os.MkdirTemp(c.o.dir(), "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	layer := filepath.Join(work, "layer.tar")
	err = createFile(layer, func(w io.Writer) error {
		return writeTar(w, rootfs, ".")
	})
	if err != nil {
		return err
	}
	archive := filepath.Join(work, "image.tar")
	image := archivedImage{name: name, layers: []string{layer}, config: config}
	err = createFile(archive, func(w io.Writer) error {
		return writeArchive(w, []archivedImage{image})
	})
	if err != nil {
		return err
	}
	return c.importArchive(ctx, archive)
}

// ImportImage imports the image of an archive that docker or podman saved on
// every node, and returns a hash of it.
func (c *Cluster) ImportImage(ctx context.Context, archive string) (string, error) {
	hash, err := archiveHash(archive)
	if err != nil {
		return "", fmt.Errorf("%s (make image): %w", archive, err)
	}
	return hash, c.importArchive(ctx, archive)
}

func (c *Cluster) importArchive(ctx context.Context, archive string) error {
	for _, node := range c.nodes {
		f, err := os.Open(archive)
		if err != nil {
			return err
		}
		_, _, err = c.Exec(ctx, node, f, "ctr", "--namespace=k8s.io",
			"images", "import", "-")
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
