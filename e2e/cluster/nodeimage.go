// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	project        = "multus-delegate-credentials"
	nodeRepository = "localhost/" + project + "/node"
)

//go:embed node/pause.c
var pauseSource []byte

//go:embed node/files
var nodeFiles embed.FS

// Parts are the folders that a node image is made from, each named by the hash
// of its pins.
type Parts struct {
	Kubernetes string
	Etcd       string
	CNIPlugins string
	Root       string // holds root.tar and kube-proxy.tar
}

// NodeImage returns the name of the node image made from these parts and makes
// it, in the engine's store, if it is not there.
func NodeImage(ctx context.Context, e Engine, o Options,
	parts Parts) (string, error) {
	p := newProgress(o.Log)
	name := nodeRepository + ":" + parts.hash()
	if e.hasImage(ctx, name) {
		return name, nil
	}
	return name, p.step("making the node image", func() error {
		work, err := os.MkdirTemp(o.CacheDir, "node-image-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		b := imageBuilder{Parts: parts, work: work, cacheDir: o.CacheDir}
		if err := b.load(ctx, e, name); err != nil {
			return err
		}
		return removeImages(ctx, e, nodeRepository+":", name)
	})
}

// removeImages frees the gigabyte that each earlier node image takes; the
// engine keeps those that a cluster still uses.
func removeImages(ctx context.Context, e Engine, prefix, but string) error {
	out, err := e.run(ctx, nil, "images", "--format",
		"{{.Repository}}:{{.Tag}}")
	if err != nil {
		return err
	}
	for _, image := range strings.Fields(out) {
		if strings.HasPrefix(image, prefix) && image != but {
			_, _ = e.run(ctx, nil, "rmi", image)
		}
	}
	return nil
}

// RemoveImages removes what this project has put into the engines' stores,
// but for what a cluster still uses.
func RemoveImages(ctx context.Context, o Options) error {
	facts := hostFacts()
	for _, name := range engineNames {
		e, err := engineFor(facts, name, o.CacheDir)
		if err != nil {
			return err
		}
		if yes, _ := answers(ctx, e); !yes {
			continue
		}
		if err := removeImages(ctx, e, "localhost/"+project+"/", ""); err != nil {
			return err
		}
	}
	return nil
}

// formatVersion changes when the code here makes another image of same parts.
const formatVersion = "2"

func (parts Parts) hash() string {
	h := sha256.New()
	fmt.Fprintln(h, formatVersion)
	for _, dir := range []string{parts.Kubernetes, parts.Etcd,
		parts.CNIPlugins, parts.Root} {
		fmt.Fprintln(h, filepath.Base(dir))
	}
	h.Write(pauseSource)
	_ = fs.WalkDir(nodeFiles, ".", func(path string, d fs.DirEntry,
		_ error) error {
		if d.IsDir() {
			return nil
		}
		data, err := nodeFiles.ReadFile(path)
		fmt.Fprintln(h, path, len(data))
		h.Write(data)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// imageBuilder makes two archives: one of the control plane's images, which
// goes into the other, that of the node image.
type imageBuilder struct {
	Parts
	work     string
	cacheDir string
	version  string
	images   []string // as kubeadm names them
}

func (b *imageBuilder) load(ctx context.Context, e Engine, name string) error {
	if err := b.askKubeadm(ctx); err != nil {
		return err
	}
	if err := b.controlPlane(ctx); err != nil {
		return err
	}
	layer := filepath.Join(b.work, "node.tar")
	if err := createFile(layer, b.nodeLayer); err != nil {
		return err
	}
	image := archivedImage{
		name:   name,
		layers: []string{filepath.Join(b.Root, "root.tar"), layer},
		config: ImageConfig{
			Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
			Env: []string{"container=docker", "PATH=/usr/local/sbin:" +
				"/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			StopSignal: "SIGRTMIN+3",
		},
	}
	return loadImages(ctx, e, b.work, []archivedImage{image})
}

// askKubeadm has the release's own program say which images it wants.
func (b *imageBuilder) askKubeadm(ctx context.Context) error {
	kubeadm := filepath.Join(b.Kubernetes, "kubeadm")
	version, err := output(ctx, kubeadm, "version", "-o", "short")
	if err != nil {
		return err
	}
	images, err := output(ctx, kubeadm, "config", "images", "list",
		"--kubernetes-version", version)
	b.version, b.images = version, strings.Fields(images)
	return err
}

// imageName is kubeadm's name for the image whose last component is given.
func imageName(images []string, component string) (string, error) {
	for _, image := range images {
		if strings.Contains(image, "/"+component+":") {
			return image, nil
		}
	}
	return "", fmt.Errorf("kubeadm names no image for %s", component)
}

func (b *imageBuilder) controlPlane(ctx context.Context) error {
	pause, err := pauseProgram(ctx, b.cacheDir)
	if err != nil {
		return err
	}
	proxyRoot := filepath.Join(b.Root, "kube-proxy.tar")
	programs := []struct {
		path, destination string
		below             []string
	}{
		{pause, "pause", nil},
		{filepath.Join(b.Etcd, "etcd"), "usr/local/bin/etcd", nil},
		{path: filepath.Join(b.Kubernetes, "kube-apiserver")},
		{path: filepath.Join(b.Kubernetes, "kube-controller-manager")},
		{path: filepath.Join(b.Kubernetes, "kube-scheduler")},
		{filepath.Join(b.Kubernetes, "kube-proxy"), "usr/local/bin/kube-proxy",
			[]string{proxyRoot}},
	}
	var images []archivedImage
	for _, program := range programs {
		image, err := b.component(program.path, program.destination)
		if err != nil {
			return err
		}
		image.layers = append(program.below, image.layers...)
		images = append(images, image)
	}
	return createFile(filepath.Join(b.work, "images.tar"),
		func(w io.Writer) error { return writeArchive(w, images) })
}

// component is an image of one static program.
func (b *imageBuilder) component(path, destination string) (archivedImage,
	error) {
	base := filepath.Base(path)
	name, err := imageName(b.images, base)
	if err != nil {
		return archivedImage{}, err
	}
	if destination == "" {
		destination = "usr/local/bin/" + base
	}
	layer := filepath.Join(b.work, base+".tar")
	err = createFile(layer, func(w io.Writer) error {
		return writeTar(w, path, destination)
	})
	return archivedImage{name: name, layers: []string{layer},
		config: ImageConfig{
			Entrypoint: []string{"/" + destination},
			Env: []string{"PATH=/usr/local/bin:/usr/sbin:/usr/bin:" +
				"/sbin:/bin"},
		}}, err
}

// masked are the units that make no sense in a container, or that only take
// time while it boots: kind gives a node 30 seconds, however busy the host is.
var masked = []string{
	"systemd-udevd.service", "systemd-udev-trigger.service",
	"systemd-udevd-kernel.socket", "systemd-udevd-control.socket",
	"systemd-logind.service", "systemd-resolved.service",
	"console-getty.service", "getty.target", "getty@.service",
	"systemd-ask-password-console.path", "systemd-ask-password-wall.path",
	"modprobe@.service", "systemd-modules-load.service",
	"systemd-remount-fs.service", "systemd-sysusers.service",
	"systemd-sysctl.service", "systemd-user-sessions.service",
	"systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
	"proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount",
	"dev-hugepages.mount", "sys-kernel-debug.mount",
	"sys-kernel-tracing.mount", "sys-kernel-config.mount",
	"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
	"e2scrub_all.timer", "e2scrub_reap.service",
}

// nodeLayer is all that the node has beyond Debian's packages.
func (b *imageBuilder) nodeLayer(w io.Writer) error {
	t := tar.NewWriter(w)
	if err := b.addNodeFiles(t); err != nil {
		return err
	}
	for _, unit := range masked {
		if err := addLink(t, "etc/systemd/system/"+unit, "/dev/null"); err != nil {
			return err
		}
	}
	err := addLink(t, "etc/systemd/system/default.target",
		"/lib/systemd/system/multi-user.target")
	if err != nil {
		return err
	}
	for source, name := range map[string]string{
		filepath.Join(b.Kubernetes, "kubeadm"): "usr/bin/kubeadm",
		filepath.Join(b.Kubernetes, "kubectl"): "usr/bin/kubectl",
		filepath.Join(b.Kubernetes, "kubelet"): "usr/bin/kubelet",
		filepath.Join(b.work, "images.tar"):    "kind/images.tar",
		b.CNIPlugins:                           "opt/cni/bin",
	} {
		if err := addTree(t, source, name); err != nil {
			return err
		}
	}
	return t.Close()
}

func (b *imageBuilder) addNodeFiles(t *tar.Writer) error {
	pause, err := imageName(b.images, "pause")
	if err != nil {
		return err
	}
	err = fs.WalkDir(nodeFiles, "node/files", func(path string, d fs.DirEntry,
		err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := nodeFiles.ReadFile(path)
		if err != nil {
			return err
		}
		data = bytes.ReplaceAll(data, []byte("@PAUSE@"), []byte(pause))
		return addBytes(t, strings.TrimPrefix(path, "node/files/"), data)
	})
	if err != nil {
		return err
	}
	return addBytes(t, "kind/version", []byte(b.version))
}

func addBytes(t *tar.Writer, name string, data []byte) error {
	mode := int64(0o644)
	if strings.Contains(name, "/bin/") {
		mode = 0o755
	}
	header := &tar.Header{Name: name, Size: int64(len(data)), Mode: mode}
	if err := t.WriteHeader(header); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}

func addLink(t *tar.Writer, name, target string) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name,
		Linkname: target, Mode: 0o777})
}

// pauseProgram compiles pause.c, once.
func pauseProgram(ctx context.Context, cacheDir string) (string, error) {
	dir := filepath.Join(cacheDir, "pause-"+shortHash(pauseSource))
	path := filepath.Join(dir, "pause")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	source := filepath.Join(dir, "pause.c")
	if err := writeFile(source, pauseSource, 0o644); err != nil {
		return "", err
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	if _, err := output(ctx, "cc", "-Os", "-static", "-s", "-o", fresh,
		source); err != nil {
		return "", err
	}
	return path, os.Rename(fresh, path)
}

// loadProbe gives an engine the image that only exits.
func loadProbe(ctx context.Context, e Engine, name, pause string) error {
	work, err := os.MkdirTemp(filepath.Dir(pause), "probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	layer := filepath.Join(work, "layer.tar")
	err = createFile(layer, func(w io.Writer) error {
		return writeTar(w, pause, "pause")
	})
	if err != nil {
		return err
	}
	return loadImages(ctx, e, work, []archivedImage{{name: name,
		layers: []string{layer},
		config: ImageConfig{Entrypoint: []string{"/pause"}}}})
}

func loadImages(ctx context.Context, e Engine, work string,
	images []archivedImage) error {
	path := filepath.Join(work, "archive.tar")
	err := createFile(path, func(w io.Writer) error {
		return writeArchive(w, images)
	})
	if err != nil {
		return err
	}
	_, err = e.run(ctx, nil, "load", "--input", path)
	return err
}

func createFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func output(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(argv[0]), err,
			strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

func shortHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:16]
}
