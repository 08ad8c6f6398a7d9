// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"net/netip"
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
	t.Cleanup(func() { w.must(bed.DisconnectWorkers(context.WithoutCancel(w.ctx)), "take their eth1 away") })
	mismatches := map[string][]string{}
	for _, script := range []string{"test-simple-pod.sh", "test-simple-macvlan1.sh",
		"test-static-pod.sh", "test-default-route1.sh", "test-connection-limit.sh"} {
		t.Run(script, func(t *testing.T) {
			if found := w.on(t).mismatches(script); len(found) > 0 {
				mismatches[script] = found
			}
		})
	}
	t.Run("went through the helper", func(t *testing.T) { w.on(t).wentThroughHelper() })
	t.Run("print what they print with stock Multus", func(t *testing.T) { w.on(t).asStock(mismatches) })
}

// mismatches runs a script, and returns what it found different from what it
// wants. Several of them only print that, and end well.
func (w *workshop) mismatches(script string) []string {
	w.Helper()
	out := w.run("./" + script)
	w.Log(out)
	gateways := w.nodeGateways()
	var found []string
	for _, line := range strings.Split(out, "\n") {
		what, value, different := strings.Cut(line, " is different: ")
		switch {
		case !different:
		case !slices.Contains(gateways, value):
			found = append(found, what+": "+value)
		case what != "default-route-worker2 default route":
			found = append(found, what+": its node's gateway")
			// The other is to have that of its node; the script knows one node's.
		}
	}
	return found
}

// asStock runs the scripts that printed a mismatch on stock Multus: v4.3.0 leaves
// a pod its node's default route, since netlink 1.3 no longer calls it by nil.
func (w *workshop) asStock(mismatches map[string][]string) {
	w.Helper()
	if len(mismatches) == 0 {
		return
	}
	w.must(bed.Deploy(w.ctx, testbed.Deployment{Flavour: testbed.Stock,
		Propagation: manifests.HostToContainer}), "deploy stock Multus")
	for script, found := range mismatches {
		if stock := w.mismatches(script); !slices.Equal(found, stock) {
			w.Errorf("%s prints %q, and %q with stock Multus", script, found, stock)
		}
	}
}

// nodeGateways are the first addresses of the nodes' subnets.
func (w *workshop) nodeGateways() []string {
	w.Helper()
	var gateways []string
	for _, subnet := range strings.Fields(w.run("kubectl", "get", "nodes",
		"--output=jsonpath={.items[*].spec.podCIDR}")) {
		network, err := netip.ParsePrefix(subnet)
		w.must(err, "read a node's subnet")
		gateways = append(gateways, network.Addr().Next().String())
	}
	return gateways
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
	image, err := bed.PatchedImage(w.ctx)
	w.must(err, "load our image")
	w.must(bed.RemoveMultus(w.ctx), "make room for upstream's DaemonSet")
	const file = "yamls/multus-daemonset-thick.yml"
	w.must(replaceIn(w.path(file), "localhost:5000/multus:e2e", image), "name the image")
	t.Cleanup(func() {
		w.run("kubectl", "delete", "--ignore-not-found", "--wait", "-f", file, "--selector=name=multus")
		w.must(bed.RemoveMultus(w.ctx), "wait for upstream's daemon to go")
	})
	w.run("kubectl", "apply", "--server-side", "--force-conflicts", "-f", file)
	w.run("kubectl", "-n", "kube-system", "rollout", "status", "daemonset/kube-multus-ds-amd64", "--timeout=300s")
	t.Log(w.run("./test-delegate-exec.sh"))
}
