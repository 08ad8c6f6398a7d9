// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

const ownClusterSection = "On your own cluster"

// What it names that is another's on each cluster.
const (
	readmeImage   = "registry.example/multus-cni:v4.3.0-delegate-exec"
	readmePlugins = `"userspace"`
)

// ownNetwork leaves traces on the node that can be counted: an address taken
// and a port of a bridge for each pod.
var ownNetwork = manifests.Network{Name: "own", Config: map[string]any{
	"type": "bridge", "bridge": "own0",
	"ipam": map[string]any{"type": "host-local", "subnet": "10.232.0.0/24"},
}}

// The README's section on a cluster of one's own, as it stands there: pods of
// before, between and after are there through it all and leave nothing.
func TestOwnCluster(t *testing.T) {
	o := newOwnCluster(t)
	nothing := o.traces()
	o.start("before-1", "before-2")

	o.run("bash", "-ex", "switch.sh")
	o.start("between")
	o.must(bed.Run(o.ctx, o.namespace, "api", manifests.Network{Name: "api",
		Config: map[string]any{"type": delegates.ClientGo}}, "who are you?"), "make pod api")
	o.runs("api")
	o.answers("api")
	// This one now: its DEL needs the API, which stock Multus does not give it.
	o.delete("before-1", "api")
	o.usesAddresses(2)

	o.run("bash", "-ex", "back.sh")
	o.start("after")
	o.delete("before-2", "between")
	o.usesAddresses(1)

	o.run("bash", "-ex", "switch.sh")
	o.delete("after")
	if left := o.traces(); !slices.Equal(left, nothing) {
		o.Errorf("left on the node:\n%s\nof before:\n%s", strings.Join(left, "\n"), strings.Join(nothing, "\n"))
	}
}

type ownCluster struct {
	*workshop
	namespace string
}

// newOwnCluster has stock Multus, and a folder with the README's files.
func newOwnCluster(t *testing.T) *ownCluster {
	t.Helper()
	o := &ownCluster{workshop: newWorkshop(t)}
	o.must(bed.Deploy(o.ctx, testbed.Deployment{Flavour: testbed.Stock,
		Propagation: manifests.HostToContainer}), "deploy stock Multus")
	var err error
	o.namespace, err = bed.Namespace(o.ctx)
	o.must(err, "make a namespace")
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(bed.Explain(o.ctx, o.namespace))
		}
		o.must(bed.DeleteNamespace(o.ctx, o.namespace), "clear away")
		_, _ = o.try("kubectl", "-n", manifests.MultusNamespace, "delete", "--ignore-not-found",
			"configmap", "multus-daemon-config-delegate-exec")
	})
	for name, mark := range map[string]string{
		"daemon-config.json": `"delegateExec"`, "switch.yaml": "initContainers:",
		"switch.sh": "create configmap multus-daemon-config", "back.sh": "delete configmap multus-daemon-config",
	} {
		o.must(os.WriteFile(o.path(name), []byte(o.block(ownClusterSection, mark)), 0o644), "write %s", name)
	}
	image, err := bed.PatchedImage(o.ctx)
	o.must(err, "load our image")
	o.must(replaceIn(o.path("switch.yaml"), readmeImage, image), "name our image")
	o.must(replaceIn(o.path("daemon-config.json"), readmePlugins,
		fmt.Sprintf("%q, %q", "bridge", delegates.ClientGo)), "name our delegates")
	return o
}

// block is one of the README's.
func (o *ownCluster) block(section, mark string) string {
	o.Helper()
	text, err := testbed.ReadmeBlock(section, mark)
	o.must(err, "read the README")
	return text
}

func (o *ownCluster) start(pods ...string) {
	o.Helper()
	for _, pod := range pods {
		o.must(bed.Run(o.ctx, o.namespace, pod, ownNetwork, ""), "make pod %s", pod)
	}
	o.runs(pods...)
}

func (o *ownCluster) runs(pods ...string) {
	o.Helper()
	for _, pod := range pods {
		_, err := bed.Running(o.ctx, o.namespace, pod)
		o.must(err, "see pod %s run", pod)
	}
}

// answers wants what only a delegate with a credential can write.
func (o *ownCluster) answers(name string) {
	o.Helper()
	pod, err := bed.Pod(o.ctx, o.namespace, name)
	o.must(err, "read pod %s", name)
	if pod.Annotations[manifests.AnswerKey] == "" {
		o.Errorf("pod %s has no answer: %v", name, pod.Annotations)
	}
}

func (o *ownCluster) delete(pods ...string) {
	o.Helper()
	o.must(bed.DeletePods(o.ctx, o.namespace, pods...), "delete %v", pods)
}

// traces is what the pods' networks and Multus keep on the node.
func (o *ownCluster) traces() []string {
	o.Helper()
	out, err := bed.Sh(o.ctx, `
		find /var/lib/cni/networks/own -name '10.*' 2>/dev/null || :
		ls -d /sys/class/net/own0/brif/* 2>/dev/null || :
		find /var/lib/cni/multus -type f
		ls `+testbed.BindDir+` 2>/dev/null || :`)
	o.must(err, "look at the node")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	slices.Sort(lines)
	return lines
}

// usesAddresses wants that many pods on the network, each with one address and
// one port.
func (o *ownCluster) usesAddresses(want int) {
	o.Helper()
	addresses, ports := 0, 0
	for _, line := range o.traces() {
		switch {
		case strings.HasPrefix(line, "/var/lib/cni/networks/own/"):
			addresses++
		case strings.HasPrefix(line, "/sys/class/net/own0/"):
			ports++
		}
	}
	if addresses != want || ports != want {
		o.Errorf("%d addresses and %d ports are in use, not %d", addresses, ports, want)
	}
}
