// SPDX-License-Identifier: Apache-2.0

// Package sidecar runs multus-credential against an API server that misbehaves.
package sidecar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	storeUID = 65532 // DC_STORE_UID
	patience = 2 * time.Minute

	config = `{"apiVersion": "credentials.k8s.cni.cncf.io/v1alpha1", "kind": "DelegateCredentialConfig",
"rules": [{"name": "userspace", "matchPlugins": ["userspace"], "matchNamespaces": ["*"],
 "sources": [
  {"serviceAccountToken": {"namespace": "kube-system", "serviceAccountName": "userspace-cni", "expirationSeconds": 3600,
   "boundObjectRef": {"kind": "Node"}, "path": "token"}},
  {"configMap": {"namespace": "kube-system", "name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}],
 "deliver": {"serviceAccountDirectory": true}}]}`

	kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: %s
    certificate-authority: ca.crt
users:
- name: sidecar
  user:
    tokenFile: token
contexts:
- name: sidecar
  context:
    cluster: local
    user: sidecar
current-context: sidecar
`
)

// world is one sidecar's files, and the API server that it knows.
type world struct {
	dir    string
	server *apiServer
}

func newWorld(t *testing.T, server *apiServer) *world {
	w := &world{dir: t.TempDir(), server: server}
	for name, content := range map[string]string{
		"config.json": config,
		"kubeconfig":  fmt.Sprintf(kubeconfig, server.URL),
		"ca.crt":      string(server.ca()),
		"token":       ownToken + "\n",
	} {
		w.write(t, name, content)
	}
	if err := os.Mkdir(filepath.Join(w.dir, "store"), 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return w
	}
	if err := os.Chown(filepath.Join(w.dir, "store"), storeUID, storeUID); err != nil {
		t.Fatal(err)
	}
	// t.TempDir makes two, of which the test's user alone may enter the first.
	for dir := w.dir; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// command is one of multus-credential's, to run as the sidecar's user.
func (w *world) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv("MDC_BUILD"), "multus-credential"), append([]string{name,
		"--store=" + filepath.Join(w.dir, "store")}, args...)...)
	// A proxy would see the token; these are not to count.
	cmd.Env = []string{"HTTPS_PROXY=http://127.0.0.1:1", "ALL_PROXY=http://127.0.0.1:1",
		"ASAN_OPTIONS=" + os.Getenv("ASAN_OPTIONS")}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: storeUID, Gid: storeUID}}
	}
	return cmd
}

// online are the options of a command that reaches the API server.
func (w *world) online() []string {
	return []string{"--node-name=node-1", "--config=" + filepath.Join(w.dir, "config.json"),
		"--kubeconfig=" + filepath.Join(w.dir, "kubeconfig")}
}

// run starts multus-credential fetch as the sidecar's user. Returns whether it
// succeeded and what it wrote.
func (w *world) run(t *testing.T) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := w.command(ctx, "fetch", append(w.online(), "userspace", "--force")...)
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("it hung: %s", output)
	case err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1):
		t.Fatalf("%v: %s", err, output)
	}
	return err == nil, string(output)
}

// errorNote is STORE/RULE/meta/error.json.
type errorNote struct {
	Version int    `json:"v"`
	Code    int    `json:"code"`
	Message string `json:"msg"`
	At      int64  `json:"at"`
}

func (w *world) path(name string) string {
	return filepath.Join(w.dir, "store", "userspace", name)
}

// note returns the error in the store, which nothing secret is in; nil: none.
func (w *world) note(t *testing.T) *errorNote {
	t.Helper()
	text, err := os.ReadFile(w.path("meta/error.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	note := &errorNote{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err != nil || decoder.Decode(note) != nil || note.Version != 1 || note.At == 0 || len(note.Message) > 400 {
		t.Fatalf("error.json: %s, %v", text, err)
	}
	return note
}

// state is what a reader sees: the generation's name, its files and metadata.
func (w *world) state(t *testing.T) string {
	t.Helper()
	generation, err := os.Readlink(w.path("data/..data"))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	all := []string{generation}
	for _, name := range []string{"data/token", "data/ca.crt", "data/namespace", "meta/" + generation + ".json"} {
		text, err := os.ReadFile(w.path(name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return strings.Join(all, "\n")
}
