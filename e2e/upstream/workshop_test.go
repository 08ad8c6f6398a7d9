// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// podImages are what upstream's pods run; they may not be there to pull.
var podImages = []string{"quay.io/centos/centos:8", "docker.io/library/centos:8"}

// workshop is a folder in which scripts find the tools that they call.
type workshop struct {
	scene
	dir string
}

// newWorkshop makes an empty one.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{scene{t, interrupted}, t.TempDir()}
	w.must(os.Mkdir(w.path("bin"), 0o755), "make the folder of tools")
	w.must(bed.CopyKubectl(w.ctx, w.path("bin/kubectl")), "take the node's kubectl")
	return w
}

// newScripts has the scripts of a Multus tree in it. In a module no file is a
// program; nothing else is changed.
func newScripts(t *testing.T, tree string) *workshop {
	t.Helper()
	w := newWorkshop(t)
	w.must(os.CopyFS(w.dir, os.DirFS(filepath.Join(tree, "e2e"))), "copy the tree's scripts")
	scripts, err := filepath.Glob(w.path("*.sh"))
	w.must(err, "find the scripts")
	for _, script := range scripts {
		w.must(os.Chmod(script, 0o755), "make the script a program")
	}
	w.must(os.WriteFile(w.path("bin/docker"), []byte(w.dockerScript()), 0o755), "make docker")
	w.must(bed.LoadToolsImage(w.ctx, podImages...), "load a stand-in for the pods' image")
	w.run("./sed_generate_yaml.sh")
	return w
}

// dockerScript is the engine that runs the nodes, by the name that upstream
// calls it. Its `kubectl wait` gives up on a pod that is not there yet, and kubelet
// takes a moment to see a static one.
func (w *workshop) dockerScript() string {
	w.Helper()
	engine := bed.Cluster.Engine()
	program, err := exec.LookPath(engine.Argv[0]) // which may be docker itself
	w.must(err, "find the engine")
	command := append(append([]string{}, engine.Env...), program)
	return fmt.Sprintf(`#!/bin/sh
set -eu
env %s "$@"
if [ "$1" = cp ]; then
	kubectl wait --for=create --timeout=300s pod/static-web-kind-worker
fi
`, strings.Join(append(command, engine.Argv[1:]...), " "))
}

func (w *workshop) path(name string) string {
	return filepath.Join(w.dir, name)
}

// on is the workshop as a subtest has it: what fails there is that one.
func (w *workshop) on(t *testing.T) *workshop {
	return &workshop{scene{t, w.ctx}, w.dir}
}

// run runs a program there and returns what it printed.
func (w *workshop) run(argv ...string) string {
	w.Helper()
	out, err := w.try(argv...)
	w.must(err, "%s\n%s", strings.Join(argv, " "), out)
	return out
}

func (w *workshop) try(argv ...string) (string, error) {
	program := argv[0]
	if tool := w.path("bin/" + program); fileExists(tool) {
		program = tool
	}
	cmd := exec.CommandContext(w.ctx, program, argv[1:]...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "PATH="+w.path("bin")+":"+os.Getenv("PATH"),
		"KUBECONFIG="+bed.Cluster.Kubeconfig())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second // an interrupt ends the script, but not what it called
	err := cmd.Run()
	return out.String(), err
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func replaceIn(path, from, to string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(from)) {
		return fmt.Errorf("%s has no %q", path, from)
	}
	return os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o644)
}
