// SPDX-License-Identifier: Apache-2.0

package sidecar

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	adds = 1000

	// Prints its token, as the result of an ADD.
	delegate = `#!/bin/sh
read -r token </var/run/secrets/kubernetes.io/serviceaccount/token
echo "$token"
`
)

// ranAlone runs the test once more, as root in a mount namespace of its own;
// false: this is that run.
func ranAlone(t *testing.T) bool {
	t.Helper()
	if os.Getenv("MDC_ALONE") != "" {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"unshare", "--mount", "--propagation", "private", "env", "MDC_ALONE=1",
		"MDC_BUILD=" + os.Getenv("MDC_BUILD"), self, "-test.v", "-test.run=^" + t.Name() + "$"}
	if os.Geteuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	output, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("%v\n%s", err, output)
	}
	return true
}

func mount(t *testing.T, path, options string) {
	t.Helper()
	if err := syscall.Mount("steady", path, "tmpfs", 0, options); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(func() { syscall.Unmount(path, syscall.MNT_DETACH) })
}

// node is the world of a delegate's: a /run, a store in memory, the delegate.
func newNode(t *testing.T, server *apiServer) *world {
	w := newWorld(t, server)
	mount(t, "/run", "mode=755")
	mount(t, filepath.Join(w.dir, "store"), "mode=755,uid=65532,gid=65532")
	if err := os.WriteFile(w.plugin(), []byte(delegate), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) plugin() string { return filepath.Join(w.dir, "userspace") }

// report is what multus-delegate-exec says of a run.
type report struct {
	Source    string   `json:"source"`
	JTI       string   `json:"jti"`
	Fallbacks []string `json:"fallbacks"`
}

// add runs the delegate as Multus' daemon does, behind those words.
func (w *world) add(t *testing.T, words ...string) (output string, said report) {
	t.Helper()
	words = append(words, filepath.Join(os.Getenv("MDC_BUILD"), "multus-delegate-exec"), "--root=/",
		"--types=userspace,,,", "--config="+filepath.Join(w.dir, "config.json"),
		"--store="+filepath.Join(w.dir, "store"), "--", w.plugin())
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "CNI_COMMAND=ADD", "CNI_CONTAINERID=c0ffee", "CNI_NETNS=/run/netns/pod",
		"CNI_IFNAME=net1", "CNI_PATH=" + w.dir, "CNI_ARGS=K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0",
		"ASAN_OPTIONS=" + os.Getenv("ASAN_OPTIONS")}
	cmd.Stdin = strings.NewReader(`{"cniVersion":"1.0.0","name":"net","type":"userspace"}`)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd.ExtraFiles = []*os.File{writer} // descriptor 3
	text, err := cmd.CombinedOutput()
	writer.Close()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	line, _ := io.ReadAll(reader)
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatalf("the report: %v: %s", err, line)
	}
	return string(text), said
}

// In steady state a delegate's start costs the API server nothing and the node
// two programs.
func TestSteadyState(t *testing.T) {
	if ranAlone(t) {
		return
	}
	w := newNode(t, newAPIServer(t, nil))
	log, _ := w.refresh(t)
	log.wait(t, "rule userspace: renewed, jti jti-1, expires 20", 1)
	token, err := os.ReadFile(w.path("data/token"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range adds {
		output, said := w.add(t)
		if output != string(token)+"\n" || said.Source != "store" || said.JTI != "jti-1" || len(said.Fallbacks) > 0 {
			t.Fatalf("ADD %d: %+v, its token: %t", n, said, output == string(token)+"\n")
		}
	}
	w.traced(t, string(token))
	if got := w.server.take(); !slices.Equal(got, asked(1)) {
		t.Errorf("asked %q", got)
	}
}

// What is counted, and a line of strace -f that begins such a call. (strace also
// prints calls that it does not know.)
const counted = "execve,execveat,socket,connect,sendto,sendmsg"

var begins = regexp.MustCompile(`(?m)^\d+ +(` + strings.ReplaceAll(counted, ",", "|") + `)\(("[^"]*")?`)

func (w *world) traced(t *testing.T, token string) {
	t.Helper()
	file := filepath.Join(w.dir, "strace")
	output, _ := w.add(t, "strace", "-f", "-qq", "-o", file, "-e", "trace="+counted)
	if output != token+"\n" {
		t.Errorf("traced: another token")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, call := range begins.FindAllStringSubmatch(string(text), -1) {
		calls = append(calls, call[1]+" "+call[2])
	}
	want := []string{`execve "` + filepath.Join(os.Getenv("MDC_BUILD"), "multus-delegate-exec") + `"`,
		`execve "` + w.plugin() + `"`}
	if !slices.Equal(calls, want) {
		t.Errorf("an ADD calls %q", calls)
	}
}
