// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// upstreamPods is the image that upstream's test pods run.
const upstreamPods = "quay.io/centos/centos:8"

// The series' own e2e script, written for upstream's cluster and DaemonSet,
// passes unmodified on the patched tree. Its program is a shell wrapper: what
// the patches add works with another program than ours.
func TestSeriesOwnScript(t *testing.T) {
	s := setScene(t, patched) // for the image, which both DaemonSets run
	s.must(bed.LoadShellImage(s.ctx, upstreamPods), "load a stand-in for %s", upstreamPods)
	s.must(bed.RemoveMultus(s.ctx), "make room for upstream's DaemonSet")
	dir := t.TempDir()
	s.must(os.CopyFS(dir, os.DirFS(filepath.Join(bed.PatchedSource(), "e2e"))), "copy the tree's scripts")
	s.must(os.Chmod(filepath.Join(dir, "test-delegate-exec.sh"), 0o755), "make the script a program")
	s.must(os.Mkdir(filepath.Join(dir, "bin"), 0o755), "make the folder of tools")
	s.must(bed.CopyKubectl(s.ctx, filepath.Join(dir, "bin/kubectl")), "take the node's kubectl")

	s.script(dir, "sh", "sed_generate_yaml.sh")
	manifest := filepath.Join(dir, "yamls/multus-daemonset-thick.yml")
	s.must(replaceIn(manifest, "localhost:5000/multus:e2e", bed.PatchedImage()), "name the image")
	t.Cleanup(func() {
		s.script(dir, "kubectl", "delete", "--ignore-not-found", "--wait", "-f", "yamls/multus-daemonset-thick.yml", "--selector=name=multus")
		s.must(bed.RemoveMultus(s.ctx), "wait for upstream's daemon to go")
	})
	s.script(dir, "kubectl", "apply", "--server-side", "--force-conflicts", "-f", "yamls/multus-daemonset-thick.yml")
	s.script(dir, "kubectl", "-n", "kube-system", "rollout", "status", "daemonset/kube-multus-ds-amd64", "--timeout=300s")
	t.Log(s.script(dir, "./test-delegate-exec.sh"))
}

// script runs a program in the folder of upstream's tests, with the node's
// kubectl first in its path.
func (s *scene) script(dir string, argv ...string) string {
	s.Helper()
	path := filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")
	program := argv[0]
	if program == "kubectl" {
		program = filepath.Join(dir, "bin/kubectl")
	}
	cmd := exec.CommandContext(s.ctx, program, argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+path, "KUBECONFIG="+bed.Cluster.Kubeconfig())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	s.must(cmd.Run(), "%s\n%s", strings.Join(argv, " "), &out)
	return out.String()
}

func replaceIn(path, from, to string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o644)
}
