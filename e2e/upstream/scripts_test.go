// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// Upstream's scripts know nothing of us: that they pass unmodified, with each
// of their delegates run by the helper, is somebody else's word that pods get
// their networks as before.
func TestUpstreamScripts(t *testing.T) {
	source, err := testbed.StockSource(interrupted)
	if err != nil {
		t.Fatal(err)
	}
	w := newScripts(t, source)
	w.must(bed.Deploy(w.ctx, testbed.Deployment{Flavour: testbed.Patched,
		Propagation: manifests.HostToContainer,
		Plugins:     []string{"macvlan", "bridge", "tuning", "static"},
		// As upstream's own template has it, for test-connection-limit.
		Config: map[string]any{"connectionLimit": 1}}), "deploy the patched Multus")
	w.must(bed.ConnectWorkers(w.ctx), "give the workers an eth1")
	for _, script := range []string{"test-simple-pod.sh", "test-simple-macvlan1.sh",
		"test-static-pod.sh", "test-default-route1.sh", "test-connection-limit.sh"} {
		t.Run(script, func(t *testing.T) {
			w := w.on(t)
			if script == "test-default-route1.sh" {
				defer w.oneNodeOnly()()
			}
			w.passes(script)
		})
	}
	t.Run("went through the helper", func(t *testing.T) { w.on(t).wentThroughHelper() })
}

// passes runs a script. Several of them only print a mismatch, and end well.
func (w *workshop) passes(script string) {
	w.Helper()
	out := w.run("./" + script)
	if strings.Contains(out, "different") {
		w.Errorf("%s ends well and prints a mismatch:\n%s", script, out)
	}
	w.Log(out)
}

// oneNodeOnly keeps pods off all nodes but that whose pods have the default
// route which upstream's script expects of one, wherever it runs.
func (w *workshop) oneNodeOnly() (back func()) {
	w.Helper()
	const expected = "10.244.1.0/24"
	var others []string
	for _, line := range strings.Split(strings.TrimSpace(w.run("kubectl", "get", "nodes",
		`--output=jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR}{"\n"}{end}`)), "\n") {
		if node, subnet, _ := strings.Cut(line, " "); subnet != expected {
			others = append(others, node)
		}
	}
	if len(others) != nodes-1 {
		w.Fatalf("not one node has the pods' subnet %s", expected)
	}
	for _, node := range others {
		w.run("kubectl", "cordon", node)
	}
	return func() {
		for _, node := range others {
			w.run("kubectl", "uncordon", node)
		}
	}
}

// wentThroughHelper looks for the helper's report of each delegate that the
// scripts use, for ADD and for DEL, which comes after a script's end.
func (w *workshop) wentThroughHelper() {
	w.Helper()
	for _, plugin := range []string{"macvlan", "tuning", "bridge"} {
		for _, command := range []string{"ADD", "DEL"} {
			what := fmt.Sprintf("a report of %s of %s", command, plugin)
			w.must(bed.Until(w.ctx, what, func(ctx context.Context) error {
				reports, err := bed.Reports(ctx, "default")
				if err == nil && !slices.ContainsFunc(reports, func(r testbed.Report) bool {
					return path.Base(r.Plugin) == plugin && r.Command == command &&
						r.Source == "directory" && r.ExitStatus != nil && *r.ExitStatus == 0
				}) {
					err = fmt.Errorf("none of %d is", len(reports))
				}
				return err
			}), "look at the daemons' logs")
		}
	}
}

// The series' own e2e script passes unmodified on the patched tree. Its program
// is a shell wrapper: what the patches add works with another program than ours.
func TestSeriesOwnScript(t *testing.T) {
	w := newScripts(t, bed.PatchedSource())
	w.must(bed.Deploy(w.ctx, testbed.Deployment{Flavour: testbed.Patched,
		Propagation: manifests.HostToContainer}), "load the image, which both DaemonSets run")
	w.must(bed.RemoveMultus(w.ctx), "make room for upstream's DaemonSet")
	const file = "yamls/multus-daemonset-thick.yml"
	w.must(replaceIn(w.path(file), "localhost:5000/multus:e2e", bed.PatchedImage()), "name the image")
	t.Cleanup(func() {
		w.run("kubectl", "delete", "--ignore-not-found", "--wait", "-f", file, "--selector=name=multus")
		w.must(bed.RemoveMultus(w.ctx), "wait for upstream's daemon to go")
	})
	w.run("kubectl", "apply", "--server-side", "--force-conflicts", "-f", file)
	w.run("kubectl", "-n", "kube-system", "rollout", "status", "daemonset/kube-multus-ds-amd64", "--timeout=300s")
	t.Log(w.run("./test-delegate-exec.sh"))
}
