// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// engineNames are the engines that kind knows how to use, the preferred first.
var engineNames = []string{"docker", "podman"}

// Engine is how to call docker or podman.
type Engine struct {
	Name string
	Argv []string // what a command line begins with
	Env  []string // what its environment has beyond ours
}

// Command is an engine's command, ready to run.
func (e Engine) Command(ctx context.Context, args ...string) *exec.Cmd {
	argv := append(append([]string{}, e.Argv...), args...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), e.Env...)
	return cmd
}

// run returns what a command printed; its error says what it complained of.
func (e Engine) run(ctx context.Context, stdin io.Reader,
	args ...string) (string, error) {
	cmd := e.Command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", e.Name, args[0], err,
			strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

func (e Engine) hasImage(ctx context.Context, image string) bool {
	_, err := e.run(ctx, nil, "image", "inspect", "--format", "{{.Id}}", image)
	return err == nil
}

func newEngine(name string) Engine {
	return Engine{Name: name, Argv: []string{name}}
}

// containersConf is for hosts without CAP_SYS_RESOURCE, cgroup v2 or systemd.
// Podman reads it in place of the host's; nothing in /etc is touched.
const containersConf = `# written by the e2e suite of multus-delegate-credentials
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

// configure gives the engine our containers.conf. The file is in the cache,
// because podman reads it again when a container ends, maybe long after the
// build folder is gone.
func (e *Engine) configure(cacheDir string) error {
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(cacheDir, "containers.conf")
	if err := writeFile(path, []byte(containersConf), 0o644); err != nil {
		return err
	}
	e.Env = append(e.Env, "CONTAINERS_CONF="+path)
	return nil
}

// writeFile replaces a file at once, so that no reader sees half of it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Chmod(mode); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
