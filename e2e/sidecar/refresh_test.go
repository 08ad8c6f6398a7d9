// SPDX-License-Identifier: Apache-2.0

package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	clientauthenticationv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
)

// log is what a process writes, to be read while it runs.
type log struct {
	mu    sync.Mutex
	text  strings.Builder
	ended chan struct{}
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// refresh starts multus-credential refresh; stop ends it and wants it to end well.
func (w *world) refresh(t *testing.T) (output *log, stop func()) {
	t.Helper()
	output = &log{ended: make(chan struct{})}
	// Not the test's context, which would end it before stop does.
	cmd := w.command(context.Background(), "refresh", w.online()...)
	cmd.Stderr = output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var err error
	go func() {
		err = cmd.Wait()
		close(output.ended)
	}()
	stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-output.ended:
		case <-time.After(patience):
			cmd.Process.Kill()
			<-output.ended
		}
		if err != nil {
			t.Errorf("it ended with %v: %s", err, output)
		}
		if strings.Contains(output.String(), secret) {
			t.Errorf("the log shows a secret: %s", output)
		}
	})
	t.Cleanup(stop)
	return output, stop
}

func (l *log) wait(t *testing.T, want string, times int) {
	t.Helper()
	end := time.After(patience)
	for strings.Count(l.String(), want) < times {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-l.ended:
			t.Fatalf("it ended: %s", l)
		case <-end:
			t.Fatalf("it does not say %q %d times: %s", want, times, l)
		}
	}
}

// configure puts a configuration in place as kubelet does, by a link renamed.
func (w *world) configure(t *testing.T, generation, content string) {
	t.Helper()
	w.write(t, generation, content)
	next := filepath.Join(w.dir, "..data_tmp")
	if err := os.Symlink(generation, next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(w.dir, "config.json")); err != nil {
		t.Fatal(err)
	}
}

func asked(n int) []string {
	return slices.Repeat([]string{"GET " + configMapPath, "POST " + tokenPath}, n)
}

func TestRefresh(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	output, stop := w.refresh(t)
	output.wait(t, "rule userspace: renewed, jti jti-1, expires 20", 1)
	first := w.state(t)
	if got := w.server.take(); !slices.Equal(got, asked(1)) {
		t.Errorf("asked %q", got)
	}
	stop()
	// What is in the store is good: at a second start another is asked for.
	w.write(t, "config.json", strings.Replace(config, "[{", "[{"+another+"}, {", 1))
	output, _ = w.refresh(t)
	output.wait(t, "rule another: renewed, jti jti-2", 1)
	if got := w.server.take(); !slices.Equal(got, []string{"POST " + tokenPath}) || w.state(t) != first {
		t.Errorf("asked %q", got)
	}
	if ok, text := w.run(t); !ok || !strings.HasPrefix(text, "jti-3 20") {
		t.Error(text)
	}
}

// A rule with the token alone.
const another = `"name": "another", "matchPlugins": ["another"],
 "sources": [{"serviceAccountToken": {"namespace": "kube-system", "serviceAccountName": "userspace-cni",
  "boundObjectRef": {"kind": "Node"}, "path": "token"}}],
 "deliver": {"env": [{"name": "A", "value": "b"}]}`

// What is in the store is not used if a file is missing.
func TestIncompleteStore(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	if ok, output := w.run(t); !ok {
		t.Fatal(output)
	}
	w.write(t, "config.json", strings.Replace(config, `"path": "ca.crt"`, `"path": "ca.crt"}, {"key": "ca.crt", "path": "again.crt"`, 1))
	output, _ := w.refresh(t)
	output.wait(t, "renewed, jti jti-2", 1)
	if _, err := os.Stat(w.path("data/again.crt")); err != nil {
		t.Error(err)
	}
}

// How to reach the API server is read again.
func TestKubeconfigChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newAPIServer(t, nil))
	w.write(t, "kubeconfig", fmt.Sprintf(kubeconfig, "https://127.0.0.1:1"))
	output, _ := w.refresh(t)
	output.wait(t, "rule userspace: failed, again in ", 1)
	w.write(t, "kubeconfig", fmt.Sprintf(kubeconfig, w.server.URL))
	output.wait(t, "rule userspace: renewed, jti jti-1", 1)
}

func TestStoreIsEmptied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newAPIServer(t, nil))
	output, _ := w.refresh(t)
	output.wait(t, "renewed, jti jti-1", 1)
	if err := os.RemoveAll(w.path(".")); err != nil {
		t.Fatal(err)
	}
	output.wait(t, "renewed, jti jti-2", 1)
	if w.state(t) == "" {
		t.Error("there is none")
	}
}

// However many want it, it is asked for once.
func TestOneRequest(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	output, _ := w.refresh(t)
	// One that finds it in the store at its start says nothing of it.
	output.wait(t, "in force, 1 credential to keep", 1)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			text, err := w.command(t.Context(), "fetch", append(w.online(), "userspace")...).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(text), "jti-1 20") {
				t.Errorf("%v: %s", err, text)
			}
		})
	}
	all.Wait()
	output.wait(t, "rule userspace: ", 1)
	if got := w.server.take(); !slices.Equal(got, asked(1)) {
		t.Errorf("asked %q", got)
	}
}

func TestConfigurationChanges(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	w.configure(t, "..1", config)
	output, _ := w.refresh(t)
	output.wait(t, "renewed, jti jti-1", 1)
	good := w.state(t)
	// Broken, twice: said once, and the last good one stays in force.
	w.configure(t, "..2", "{")
	output.wait(t, "the last good configuration stays in force", 1)
	w.configure(t, "..3", "{")
	w.configure(t, "..4", config)
	output.wait(t, "in force, 1 credential to keep", 2)
	if strings.Count(output.String(), "stays in force") != 1 || w.state(t) != good {
		t.Errorf("%s", output)
	}
	// The same account, another file: the old generation stays until then.
	w.configure(t, "..5", strings.Replace(config, `"path": "ca.crt"`, `"path": "ca.crt"}, {"key": "ca.crt", "path": "again.crt"`, 1))
	output.wait(t, "renewed, jti jti-2", 1)
	if _, err := os.Stat(w.path("data/again.crt")); err != nil {
		t.Error(err)
	}
	// Another account, of which there is none: the one before is gone at once.
	w.configure(t, "..6", strings.Replace(config, `"serviceAccountName": "userspace-cni"`, `"serviceAccountName": "other"`, 1))
	output.wait(t, "rule userspace: refused, again in ", 1)
	if state, note := w.state(t), w.note(t); state != "" || note == nil || note.Code != 103 {
		t.Errorf("%q, %+v", state, note)
	}
	w.configure(t, "..7", strings.Replace(config, `"name": "userspace"`, `"name": "renamed"`, 1))
	output.wait(t, "rule userspace: gone, removed from the store", 1)
	output.wait(t, "rule renamed: renewed, jti jti-3", 1)
	if _, err := os.Stat(w.path(".")); !os.IsNotExist(err) {
		t.Errorf("the rule's place: %v", err)
	}
}

// A file that was broken since leaves the one that was in force.
func TestLastGoodOutlivesTheProcess(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	output, stop := w.refresh(t)
	output.wait(t, "renewed, jti jti-1", 1)
	stop()
	w.write(t, "config.json", "{")
	if err := os.RemoveAll(w.path(".")); err != nil {
		t.Fatal(err)
	}
	output, _ = w.refresh(t)
	output.wait(t, "the last good configuration stays in force", 1)
	output.wait(t, "rule userspace: renewed, jti jti-2", 1)
}

// A file that is broken from the start is waited for.
func TestNoConfiguration(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	w.write(t, "config.json", "{")
	if err := os.MkdirAll(w.path("data"), 0o755); err != nil {
		t.Fatal(err)
	}
	output, _ := w.refresh(t)
	output.wait(t, "nothing is requested until then", 1)
	if _, err := os.Stat(w.path("data")); err != nil {
		t.Errorf("the store was emptied: %v", err)
	}
	os.RemoveAll(w.path("."))
	w.configure(t, "..1", config)
	output.wait(t, "renewed, jti jti-1", 1)
}

func TestRefreshBacksOff(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Retry-After", "3")
		fail(rw, 429, "TooManyRequests", "slow down")
	}
	output, stop := w.refresh(t)
	output.wait(t, "rule userspace: failed, again in ", 2)
	stop()
	var wait int
	line := output.String()[strings.Index(output.String(), "again in "):]
	if _, err := fmt.Sscanf(line, "again in %d s", &wait); err != nil || wait < 3 || wait > 4 {
		t.Errorf("%d s: %s", wait, output)
	}
}

// A request that hangs does not hold up the end: it is not waited for.
func TestRefreshEndsAtOnce(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	reached := make(chan struct{})
	w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then is a connection's end seen
		close(reached)
		<-r.Context().Done()
	}
	output, stop := w.refresh(t)
	select {
	case <-reached:
	case <-time.After(patience):
		t.Error("nothing is asked for")
	}
	stop()
	if strings.Contains(output.String(), "rule userspace: ") {
		t.Errorf("%s", output)
	}
}

func TestGetAndStatus(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	get := func() (string, error) {
		text, err := w.command(t.Context(), "get", "userspace",
			"--config="+filepath.Join(w.dir, "config.json")).Output()
		return string(text), err
	}
	if text, err := get(); err == nil || text != "" {
		t.Errorf("without a token: %v, %s", err, text)
	}
	if ok, output := w.run(t); !ok {
		t.Fatal(output)
	}
	text, err := get()
	if err != nil {
		t.Fatal(err)
	}
	var credential clientauthenticationv1.ExecCredential
	if err := json.Unmarshal([]byte(text), &credential); err != nil {
		t.Fatal(err)
	}
	token, _ := os.ReadFile(w.path("data/token"))
	if credential.Kind != "ExecCredential" || credential.APIVersion != clientauthenticationv1.SchemeGroupVersion.String() ||
		credential.Status == nil || credential.Status.Token != string(token) ||
		time.Until(credential.Status.ExpirationTimestamp.Time) < 58*time.Minute {
		t.Errorf("%s", text)
	}
	w.server.faults[tokenPath] = status(403, "Forbidden", "no")
	w.run(t)
	table, err := w.command(t.Context(), "status").Output()
	if err != nil || !strings.Contains(string(table), "\nuserspace ") || !strings.Contains(string(table), "\n  error 103, ") {
		t.Errorf("%v: %s", err, table)
	}
	for line := range strings.Lines(string(table)) {
		if len(line) > 81 {
			t.Errorf("too wide: %s", line)
		}
	}
	list, err := w.command(t.Context(), "status", "--json").Output()
	if err != nil || !json.Valid(list) || !strings.Contains(string(list), `"jti": "jti-1"`) || strings.Contains(string(list), secret) {
		t.Errorf("%v: %s", err, list)
	}
}
