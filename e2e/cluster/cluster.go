// SPDX-License-Identifier: Apache-2.0

// Package cluster brings up a kind cluster for the suite and the demo, on
// docker or podman, with or without a container registry. It touches no
// cluster, network, kubeconfig or container but its own.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	kind "sigs.k8s.io/kind/pkg/cluster"
)

// Options says which cluster to bring up.
type Options struct {
	Name      string    // kind cluster name, never one that is not ours
	CacheDir  string    // where node images and binaries are kept
	BuildDir  string    // kubeconfig and logs go to BuildDir/cluster/NAME
	NodeImage string    // override (NODE_IMAGE=); empty: detect
	Nodes     int       // default 1
	Log       io.Writer // progress lines

	// SkipPull goes without kind's own node image.
	SkipPull bool
	// BuildNodeImage makes the node image for the case that kind's own
	// cannot be had, and returns its name.
	BuildNodeImage func(context.Context, Engine) (string, error)
}

// Cluster is a running cluster of ours.
type Cluster struct {
	o      Options
	engine Engine
	nodes  []string
	p      *progress
}

// network is the container network that all clusters of ours are on, and so
// also what tells them from other people's.
const network = project

// ErrNotRunning is Attach's when there is no such cluster.
var ErrNotRunning = errors.New("the cluster is not running: make cluster-up")

// Up brings a cluster up, or takes the one of ours that runs already if it is
// what would be brought up now.
func Up(ctx context.Context, o Options) (*Cluster, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c := &Cluster{o: o, p: newProgress(o.Log)}
	unlock, err := lock(o.dir())
	if err != nil {
		return nil, err
	}
	defer unlock()
	began := time.Now()
	if err := c.up(ctx); err != nil {
		return nil, err
	}
	c.p.sayf("%s is up after %d s: KUBECONFIG=%s", o.Name,
		int(time.Since(began).Seconds()), c.Kubeconfig())
	return c, nil
}

func (c *Cluster) up(ctx context.Context) error {
	running, err := Attach(ctx, c.o)
	if err == nil && running.matches(ctx) {
		*c = *running
		c.p.sayf("%s runs already", c.o.Name)
		return nil
	}
	if err != nil && !errors.Is(err, ErrNotRunning) {
		return err
	}
	d, err := c.decide(ctx)
	if err != nil {
		return err
	}
	if running != nil {
		c.p.sayf("%s is of another make; removing it", c.o.Name)
		if err := running.remove(ctx); err != nil {
			return err
		}
	}
	return c.create(ctx, d)
}

// Prepare does all of Up that needs no cluster: it finds out what this host can
// do and gets the node image.
func Prepare(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	c := &Cluster{o: o, p: newProgress(o.Log)}
	_, err := c.decide(ctx)
	return err
}

// decide finds out what this host can do, says so, and gets the node image.
func (c *Cluster) decide(ctx context.Context) (Decision, error) {
	facts, err := probe(ctx, c.o, c.p)
	if err != nil {
		return Decision{}, err
	}
	d, err := Decide(facts)
	if err != nil {
		return d, err
	}
	c.p.sayf("%s", d.Why)
	if c.engine, err = engineFor(facts, d.Engine, c.o.CacheDir); err != nil {
		return d, err
	}
	if d.Source != SourceBuilt {
		return d, nil
	}
	if c.o.BuildNodeImage == nil {
		return d, errors.New("the node image is not built: make cluster-up")
	}
	d.Image, err = c.o.BuildNodeImage(ctx, c.engine)
	return d, err
}

// complete fills in defaults.
func (o *Options) complete() error {
	if o.Name == "" || o.BuildDir == "" || o.CacheDir == "" {
		return errors.New("a cluster needs Name, BuildDir and CacheDir")
	}
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	return nil
}

func (o Options) dir() string {
	return filepath.Join(o.BuildDir, "cluster", o.Name)
}

// creatorPath is of a file that names the engine with the cluster's containers.
func (o Options) creatorPath() string {
	return filepath.Join(o.dir(), "engine")
}

// creator is empty where no cluster was made from here.
func (o Options) creator() string {
	name, err := os.ReadFile(o.creatorPath())
	if err != nil {
		return ""
	}
	return string(name)
}

// Attach finds an already running cluster of ours.
func Attach(ctx context.Context, o Options) (*Cluster, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	facts, creator := hostFacts(), o.creator()
	for _, name := range engineNames {
		e, err := engineFor(facts, name, o.CacheDir)
		if err != nil {
			return nil, err
		}
		if yes, _ := answers(ctx, e); !yes {
			if name == creator {
				return nil, fmt.Errorf("%s has the cluster %s, and does not "+
					"answer: start it, and try again", name, o.Name)
			}
			continue
		}
		c := &Cluster{o: o, engine: e, p: newProgress(o.Log)}
		if c.nodes, err = c.findNodes(ctx); err != nil {
			return nil, err
		}
		if len(c.nodes) > 0 {
			return c, c.exportKubeconfig()
		}
	}
	return nil, ErrNotRunning
}

// findNodes lists the cluster's containers, and refuses those that are not on
// our network: somebody else's cluster has the name.
func (c *Cluster) findNodes(ctx context.Context) ([]string, error) {
	out, err := c.engine.run(ctx, nil, "ps", "--all", "--filter",
		"label=io.x-k8s.kind.cluster="+c.o.Name, "--format", "{{.Names}}")
	if err != nil {
		return nil, err
	}
	nodes := strings.Fields(out)
	for _, node := range nodes {
		networks, err := c.engine.run(ctx, nil, "inspect", "--format",
			"{{json .NetworkSettings.Networks}}", node)
		if err != nil {
			return nil, err
		}
		var on map[string]any
		if err := json.Unmarshal([]byte(networks), &on); err != nil {
			return nil, err
		}
		if _, ours := on[network]; !ours {
			return nil, fmt.Errorf("a kind cluster named %s is there and is "+
				"not ours: it stays as it is. Remove it, or choose another "+
				"name with CLUSTER= (upstream's scripts need kind)", c.o.Name)
		}
	}
	return controlPlaneFirst(nodes), nil
}

// controlPlaneFirst makes Nodes()[0] the node with the API server.
func controlPlaneFirst(nodes []string) []string {
	var first, others []string
	for _, node := range nodes {
		if strings.HasSuffix(node, "-control-plane") {
			first = append(first, node)
		} else {
			others = append(others, node)
		}
	}
	return append(first, others...)
}

// exportKubeconfig writes ours again if it is gone (make clean).
func (c *Cluster) exportKubeconfig() error {
	if _, err := os.Stat(c.Kubeconfig()); err == nil {
		return nil
	}
	if err := os.MkdirAll(c.o.dir(), 0o755); err != nil {
		return err
	}
	return c.withProvider(func(provider *kind.Provider) error {
		err := provider.ExportKubeConfig(c.o.Name, c.Kubeconfig(), false)
		if err != nil {
			return fmt.Errorf("%w (%v)", ErrNotRunning, err)
		}
		return nil
	})
}

// Down removes the cluster and all that Up made for it but the node image.
func (c *Cluster) Down(ctx context.Context) error {
	unlock, err := lock(c.o.dir())
	if err != nil {
		return err
	}
	defer unlock()
	return c.p.step("removing "+c.o.Name, func() error {
		if err := c.remove(ctx); err != nil {
			return err
		}
		c.removeNetwork(ctx)
		return os.RemoveAll(c.o.dir())
	})
}

func (c *Cluster) remove(ctx context.Context) error {
	nodes, err := c.findNodes(ctx)
	if err != nil {
		return err
	}
	c.kill(ctx, nodes)
	return c.withProvider(func(provider *kind.Provider) error {
		return provider.Delete(c.o.Name, c.Kubeconfig())
	})
}

// kill ends the nodes and waits for that, since an engine that removes a
// running container gives up after ten seconds, however busy the host is. An
// engine that takes a node for alive that died with the host cannot do either,
// but can remove it.
func (c *Cluster) kill(ctx context.Context, nodes []string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, node := range nodes {
		_, _ = c.engine.run(ctx, nil, "kill", "--signal", "KILL", node)
		_, _ = c.engine.run(ctx, nil, "wait", node)
	}
}

// removeNetwork fails, as it should, while another cluster of ours uses it.
func (c *Cluster) removeNetwork(ctx context.Context) {
	_, _ = c.engine.run(ctx, nil, "network", "rm", network)
}

// Kubeconfig is the path of a file that holds this cluster alone.
func (c *Cluster) Kubeconfig() string {
	return filepath.Join(c.o.dir(), "kubeconfig")
}

// Nodes are the names of the node containers, the control plane first.
func (c *Cluster) Nodes() []string {
	return c.nodes
}

// Engine is the container engine that runs the nodes.
func (c *Cluster) Engine() Engine {
	return c.engine
}
