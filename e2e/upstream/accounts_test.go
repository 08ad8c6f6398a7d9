// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// What the README has of accounts that is another's on each cluster.
const (
	readmeMatch    = `"matchPlugins": ["userspace"]`
	readmeRevision = "--to-revision=1"
)

// The same section's way to accounts of their own, as it stands there, with the
// README's rule for userspace-cni: in, and all the way back.
func TestOwnClusterAccounts(t *testing.T) {
	o := newOwnCluster(t)
	o.addAccounts()
	o.run("bash", "-ex", "sidecar.sh")
	o.must(bed.Until(o.ctx, "the rule's token", func(context.Context) error {
		out, err := o.try("kubectl", "-n", manifests.MultusNamespace, "exec", "daemonset/"+manifests.MultusDaemonSet,
			"--container="+manifests.SidecarName, "--", "/multus-credential", "status", "--json",
			"--store=/run/delegate-credentials")
		if err == nil && !strings.Contains(out, `"present": true`) {
			err = fmt.Errorf("the status is %s", out)
		}
		return err
	}), "see it in the store")

	o.run("bash", "-ex", "switch.sh")
	o.must(bed.Run(o.ctx, o.namespace, "api", manifests.Network{Name: "api",
		Config: map[string]any{"type": delegates.ClientGo}}, "who are you?"), "make pod api")
	o.runs("api")
	o.answers("api")
	o.hadAccount("api")
	o.delete("api")

	o.run("bash", "-ex", "back.sh")
	o.run("bash", "-ex", "out.sh")
	if names := o.containers(); names != "kube-multus" {
		o.Errorf("the pods have the containers %s", names)
	}
}

// addAccounts writes the README's files of it.
func (o *ownCluster) addAccounts() {
	o.Helper()
	for name, mark := range map[string]string{
		"sidecar.sh": "--patch-file=" + manifests.SidecarPatch, "out.sh": "--to-revision=",
	} {
		o.must(os.WriteFile(o.path(name), []byte(o.block(ownClusterSection, mark)), 0o644), "write %s", name)
	}
	o.must(replaceIn(o.path("out.sh"), readmeRevision, "--to-revision="+o.revision()), "name the revision")
	o.must(replaceIn(o.path("daemon-config.json"), o.command(`"--directory=`), o.command(`"--store=`)), "take the other command")

	o.must(os.WriteFile(o.path("config.json"), []byte(o.block("Configuration", readmeMatch)), 0o644), "write the rules")
	o.must(replaceIn(o.path("config.json"), readmeMatch, fmt.Sprintf(`"matchPlugins": [%q]`, delegates.ClientGo)), "name our delegate")

	root, err := testbed.Root()
	o.must(err, "find the tree")
	patch, err := os.ReadFile(filepath.Join(root, manifests.SidecarPatch))
	o.must(err, "read the patch")
	o.must(os.MkdirAll(filepath.Dir(o.path(manifests.SidecarPatch)), 0o755), "make its folder")
	o.must(os.WriteFile(o.path(manifests.SidecarPatch), patch, 0o644), "write the patch")
	image, err := bed.SidecarImage(o.ctx)
	o.must(err, "load the sidecar's image")
	o.must(replaceIn(o.path(manifests.SidecarPatch), manifests.SidecarPatchImage, image), "name its image")
	o.must(os.Symlink(bed.BuildDir, o.path("build")), "find what is built")
	o.Cleanup(func() {
		if o.Failed() { // what kubectl put into the DaemonSet would stay there
			o.must(bed.RemoveMultus(context.WithoutCancel(o.ctx)), "remove Multus")
		}
		_, _ = o.try("bash", "-c", "build/multus-credential rbac --config=config.json | kubectl delete --ignore-not-found -f -")
		_, _ = o.try("kubectl", "-n", manifests.MultusNamespace, "delete", "--ignore-not-found", "configmap", "delegate-credentials")
	})
}

// command is the helper's in the block with that mark.
func (o *ownCluster) command(mark string) string {
	o.Helper()
	_, command, _ := strings.Cut(o.block(ownClusterSection, mark), `"command": [`)
	command, _, found := strings.Cut(command, "],")
	if !found || !strings.Contains(command, mark) {
		o.Fatalf("no command with %s", mark)
	}
	return command
}

// revision is the DaemonSet's as it is now.
func (o *ownCluster) revision() string {
	o.Helper()
	fields := strings.Fields(o.run("kubectl", "-n", manifests.MultusNamespace, "rollout", "history", "daemonset",
		manifests.MultusDaemonSet))
	return fields[len(fields)-2] // the last line is a number and a cause
}

// containers are those of the DaemonSet's pods.
func (o *ownCluster) containers() string {
	o.Helper()
	return o.run("kubectl", "-n", manifests.MultusNamespace, "get", "daemonset", manifests.MultusDaemonSet,
		"--output=jsonpath={.spec.template.spec.containers[*].name}")
}

// hadAccount wants the helper's report of the pod's ADD with the rule's token.
func (o *ownCluster) hadAccount(pod string) {
	o.Helper()
	reports, err := bed.Reports(o.ctx, o.namespace)
	o.must(err, "read the daemons' logs")
	if !slices.ContainsFunc(reports, func(r testbed.Report) bool {
		return r.Pod == pod && r.Command == "ADD" && path.Base(r.Plugin) == delegates.ClientGo &&
			r.Source == "store" && r.Rule == "userspace" && r.JTI != ""
	}) {
		o.Errorf("none of the reports is of %s with the rule's token: %+v", pod, reports)
	}
}
