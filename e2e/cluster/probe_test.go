// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPullName(t *testing.T) {
	tests := []struct{ image, want string }{
		{"kindest/node:v1.2.3@sha256:abc", "docker.io/kindest/node@sha256:abc"},
		{"kindest/node:v1.2.3", "docker.io/kindest/node:v1.2.3"},
	}
	for _, test := range tests {
		if got := pullName(test.image); got != test.want {
			t.Errorf("pullName(%q) is %q, not %q", test.image, got, test.want)
		}
	}
}

func TestRegistryHasIt(t *testing.T) {
	tests := []struct {
		line string
		want bool
	}{
		{"docker.io/kindest/node@sha256:abc: Pulling from kindest/node", true},
		{"Getting image source signatures", true},
		{"Trying to pull docker.io/kindest/node@sha256:abc...", false},
		{"Error response from daemon: dial tcp: i/o timeout", false},
	}
	for _, test := range tests {
		if got := registryHasIt(test.line); got != test.want {
			t.Errorf("registryHasIt(%q) is %v", test.line, got)
		}
	}
}

func TestPlainText(t *testing.T) {
	got := plainText(" • Preparing nodes 📦 📦   ...\n")
	if want := "Preparing nodes"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestControlPlaneFirst(t *testing.T) {
	got := controlPlaneFirst([]string{"x-worker", "x-control-plane", "x-worker2"})
	if got[0] != "x-control-plane" || len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

func TestAnotherClusterLeavesThePolicyAlone(t *testing.T) {
	cache := t.TempDir()
	one, err := auditMount(cache, "one")
	if err != nil {
		t.Fatal(err)
	}
	mounted, err := os.Stat(one.HostPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auditMount(cache, "other"); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(one.HostPath); err != nil || !os.SameFile(mounted, now) {
		t.Errorf("the file that is mounted was replaced, %v", err)
	}
}

func TestKindConfig(t *testing.T) {
	d := Decision{Image: "mine:1", KubeadmPatches: []string{patchCgroupV1}}
	cache := filepath.Join(t.TempDir(), "cache")
	policy, err := auditMount(cache, "one")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(policy.HostPath); err != nil || string(text) != auditPolicy {
		t.Errorf("the policy is %q, %v", text, err)
	}
	config := kindConfig(d, 2, policy)
	if len(config.Nodes) != 2 {
		t.Fatalf("%d nodes", len(config.Nodes))
	}
	for i, role := range []string{"control-plane", "worker"} {
		node := config.Nodes[i]
		if string(node.Role) != role || node.Image != "mine:1" {
			t.Errorf("node %d is %s of %s", i, node.Role, node.Image)
		}
		if mounts := len(node.ExtraMounts); mounts != 1-i {
			t.Errorf("node %d has %d mounts", i, mounts)
		}
	}
	if want := []string{patchCgroupV1, patchAPIServer}; !slices.Equal(config.KubeadmConfigPatches, want) {
		t.Errorf("patches: %q", config.KubeadmConfigPatches)
	}
}

func TestImageName(t *testing.T) {
	images := []string{"r/kube-apiserver:v1", "r/etcd:3-0", "r/pause:3"}
	if got, _ := imageName(images, "etcd"); got != "r/etcd:3-0" {
		t.Errorf("etcd is %q", got)
	}
	if _, err := imageName(images, "kube-proxy"); err == nil {
		t.Error("an image that kubeadm does not name was found")
	}
}

// The name of a node image changes with each thing that it is made from.
func TestPartsHash(t *testing.T) {
	parts := Parts{Kubernetes: "a/k-1", Etcd: "a/e-1", CNIPlugins: "a/c-1",
		Root: "a/r-1"}
	seen := map[string]string{parts.hash(): "nothing"}
	for what, change := range map[string]func(*Parts){
		"kubernetes": func(p *Parts) { p.Kubernetes = "a/k-2" },
		"etcd":       func(p *Parts) { p.Etcd = "a/e-2" },
		"plugins":    func(p *Parts) { p.CNIPlugins = "a/c-2" },
		"root":       func(p *Parts) { p.Root = "a/r-2" },
	} {
		changed := parts
		change(&changed)
		if other, dup := seen[changed.hash()]; dup {
			t.Errorf("a change of %s gives the hash of %s", what, other)
		}
		seen[changed.hash()] = what
	}
	moved := parts
	moved.Kubernetes = "b/k-1"
	if moved.hash() != parts.hash() {
		t.Error("the cache's place changes the hash")
	}
}
