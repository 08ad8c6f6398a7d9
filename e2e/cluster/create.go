// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	kind "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"
)

// mark is a file in a node that says what the cluster was made of; only a
// cluster that came up whole has it.
const markPath = "/kind/" + project + ".json"

type mark struct {
	Source Source
	Image  string
	Nodes  int
	Config string // the hash of what kind was told
}

// configHash is the same as long as the patches are.
func configHash() string {
	return shortHash([]byte(patchCgroupV1 + patchCgroupfs + patchNoDNS +
		patchSingle + patchOOMScore + patchAPIServer + auditPolicy))
}

func (c *Cluster) create(ctx context.Context, d Decision) error {
	if err := ensureModules(c.p); err != nil {
		return err
	}
	err := writeFile(c.o.creatorPath(), []byte(c.engine.Name), 0o644)
	if err != nil {
		return err
	}
	policy, err := auditMount(c.o.CacheDir, c.o.Name)
	if err != nil {
		return err
	}
	err = c.p.step("creating "+c.o.Name, func() error {
		return c.withProvider(func(provider *kind.Provider) error {
			return provider.Create(c.o.Name,
				kind.CreateWithV1Alpha4Config(kindConfig(d, c.o.Nodes, policy)),
				kind.CreateWithKubeconfigPath(c.Kubeconfig()),
				kind.CreateWithWaitForReady(4*time.Minute))
		})
	})
	if err != nil {
		c.removeNetwork(ctx)
		return explain(err)
	}
	if c.nodes, err = c.findNodes(ctx); err != nil {
		return err
	}
	if d.Source == SourceBuilt {
		if err := c.separateNodes(ctx); err != nil {
			return err
		}
	}
	return c.writeMark(ctx, mark{d.Source, d.Image, c.o.Nodes, configHash()})
}

// explain adds what kubeadm and its like printed, which kind keeps back.
func explain(err error) error {
	if ran := exec.RunErrorForError(err); ran != nil {
		lines := strings.Split(strings.TrimSpace(string(ran.Output)), "\n")
		if len(lines) > 30 {
			lines = lines[len(lines)-30:]
		}
		return fmt.Errorf("%w\n%s", err, strings.Join(lines, "\n"))
	}
	return err
}

// kindConfig is what kind is told.
func kindConfig(d Decision, nodes int, policy v1alpha4.Mount) *v1alpha4.Cluster {
	config := &v1alpha4.Cluster{
		KubeadmConfigPatches:    append(d.KubeadmPatches, patchAPIServer),
		ContainerdConfigPatches: d.ContainerdPatches,
	}
	for i := range nodes {
		node := v1alpha4.Node{Role: v1alpha4.WorkerRole, Image: d.Image}
		if i == 0 {
			node.Role = v1alpha4.ControlPlaneRole
			node.ExtraMounts = []v1alpha4.Mount{policy}
		}
		config.Nodes = append(config.Nodes, node)
	}
	return config
}

// ensureModules makes the folder that kind binds into every node; kernels
// without modules have none.
func ensureModules(p *progress) error {
	const modules = "/lib/modules"
	if _, err := os.Stat(modules); !os.IsNotExist(err) {
		return err
	}
	p.sayf("making the empty folder %s, which kind binds into nodes", modules)
	return os.Mkdir(modules, 0o755)
}

// providerMu guards the environment, which is all that kind takes the network
// and the engine's settings from.
var providerMu sync.Mutex

func (c *Cluster) withProvider(do func(*kind.Provider) error) error {
	providerMu.Lock()
	defer providerMu.Unlock()
	settings := append([]string{
		"KIND_EXPERIMENTAL_DOCKER_NETWORK=" + network,
		"KIND_EXPERIMENTAL_PODMAN_NETWORK=" + network,
	}, c.engine.Env...)
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		old, had := os.LookupEnv(name)
		if err := os.Setenv(name, value); err != nil {
			return err
		}
		if had {
			defer os.Setenv(name, old)
		} else {
			defer os.Unsetenv(name)
		}
	}
	engine := kind.ProviderWithDocker()
	if c.engine.Name == "podman" {
		engine = kind.ProviderWithPodman()
	}
	return do(kind.NewProvider(kind.ProviderWithLogger(kindLogger{c.p}), engine))
}

func (c *Cluster) writeMark(ctx context.Context, m mark) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, _, err = c.Exec(ctx, c.nodes[0], bytes.NewReader(data),
		"cp", "/dev/stdin", markPath)
	return err
}

// matches says whether the running cluster is what Up would make. Where the
// image is kind's own, a new release of kind has another.
func (c *Cluster) matches(ctx context.Context) bool {
	data, _, err := c.Exec(ctx, c.nodes[0], nil, "cat", markPath)
	var m mark
	if err != nil || json.Unmarshal(data, &m) != nil {
		return false
	}
	if m.Nodes != c.o.Nodes || m.Config != configHash() {
		return false
	}
	return m.Image == c.wantedImage(ctx, m.Source) && c.ready(ctx)
}

func (c *Cluster) wantedImage(ctx context.Context, source Source) string {
	switch {
	case c.o.NodeImage != "":
		return c.o.NodeImage
	case source == SourceKind:
		return kindImage()
	case source == SourceBuilt && c.o.BuildNodeImage != nil:
		image, err := c.o.BuildNodeImage(ctx, c.engine)
		if err != nil {
			c.p.sayf("%v", err)
		}
		return image
	}
	return ""
}

func (c *Cluster) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := c.Kubectl(ctx, "wait", "--timeout=30s",
		"--for=condition=Ready", "node", "--all")
	return err == nil
}

// lock makes the cluster's folder and keeps two makes from working on it. The
// lock is beside the folder, which goes with the cluster.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(dir + ".lock")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return func() { f.Close() }, nil
}

// separateNodes gives the pods of each node the addresses that Kubernetes has
// set aside for it, and routes to the others; the image has what the first node
// needs.
func (c *Cluster) separateNodes(ctx context.Context) error {
	if len(c.nodes) == 1 {
		return nil
	}
	_, err := c.Kubectl(ctx, "wait", "--timeout=60s",
		"--for=jsonpath={.spec.podCIDR}", "node", "--all")
	if err != nil {
		return err
	}
	out, err := c.Kubectl(ctx, "get", "nodes",
		`--output=jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR} `+
			`{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}`)
	if err != nil {
		return err
	}
	subnets, addresses, err := nodeNetworks(string(out))
	if err != nil {
		return err
	}
	for _, node := range c.nodes {
		script := fmt.Sprintf("sed -i 's|10.244.0.0/24|%s|' "+
			"/etc/cni/net.d/10-bridge.conf\n", subnets[node])
		for _, other := range c.nodes {
			if other != node {
				script += fmt.Sprintf("ip route replace %s via %s\n",
					subnets[other], addresses[other])
			}
		}
		if _, _, err := c.Exec(ctx, node, nil, "sh", "-ec", script); err != nil {
			return err
		}
	}
	return nil
}

// nodeNetworks reads "NODE SUBNET ADDRESS..." lines.
func nodeNetworks(text string) (subnets, addresses map[string]string, err error) {
	subnets, addresses = map[string]string{}, map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fields := strings.Split(line, " ")
		if len(fields) < 3 || fields[1] == "" {
			return nil, nil, fmt.Errorf("a node has no subnet or address: %q", line)
		}
		subnets[fields[0]], addresses[fields[0]] = fields[1], fields[2]
	}
	return subnets, addresses, nil
}

// Logs puts what the nodes logged below the build folder.
func (c *Cluster) Logs() (string, error) {
	dir := filepath.Join(c.o.dir(), "logs")
	return dir, c.withProvider(func(provider *kind.Provider) error {
		return provider.CollectLogs(c.o.Name, dir)
	})
}
