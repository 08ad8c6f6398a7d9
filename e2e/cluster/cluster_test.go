// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A cluster whose engine is down is not the same as none: taking it for none
// would make another one, or leave this one behind.
func TestAttachWithoutAnswer(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	docker := filepath.Join(bin, "docker")
	if err := os.WriteFile(docker, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o := Options{Name: "x", BuildDir: t.TempDir(), CacheDir: t.TempDir()}
	if _, err := Attach(t.Context(), o); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a cluster: %v", err)
	}
	for _, engine := range engineNames {
		if err := os.MkdirAll(o.dir(), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.creatorPath(), []byte(engine), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Attach(t.Context(), o)
		if err == nil || errors.Is(err, ErrNotRunning) ||
			!strings.HasPrefix(err.Error(), engine+" has the cluster x") {
			t.Errorf("made by %s, which is down: %v", engine, err)
		}
	}
}

// engineStub is a docker that answers, has one kind cluster on that network, and
// writes down what it is told.
func engineStub(t *testing.T, network string) (calls string) {
	t.Helper()
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	calls = filepath.Join(bin, "calls")
	script := `#!/bin/sh
echo "$*" >>"` + calls + `"
case $1 in
version) echo 1 ;;
ps) echo x-control-plane ;;
inspect) echo '{"` + network + `": {}}' ;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return calls
}

// A cluster that has the name, and is on another network: it is not touched.
func TestForeignClusterStays(t *testing.T) {
	calls := engineStub(t, "kind")
	o := Options{Name: "x", BuildDir: t.TempDir(), CacheDir: t.TempDir(), Log: io.Discard}
	_, up := Up(t.Context(), o)
	down := (&Cluster{o: o, engine: newEngine("docker"), p: newProgress(io.Discard)}).Down(t.Context())
	for what, err := range map[string]error{"up": up, "down": down} {
		if err == nil || !strings.Contains(err.Error(), "not ours: it stays as it is") {
			t.Errorf("%s: %v", what, err)
		}
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); !slices.Contains([]string{"version", "info", "ps", "inspect"}, verb) {
			t.Errorf("the engine was told: %s", line)
		}
	}
}

// The script that runs tests on a cluster leaves one behind only where it was
// there before, or somebody wants it.
func TestScriptCleansUp(t *testing.T) {
	for name, c := range map[string]struct {
		keep    string
		runs    bool
		fails   bool
		removed bool
	}{
		"a run":               {removed: true},
		"a run that fails":    {fails: true, removed: true},
		"KEEP=1":              {keep: "1"},
		"a cluster before it": {runs: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			status := func(ok bool) string { return map[bool]string{true: "exit 0", false: "exit 1"}[ok] }
			for program, text := range map[string]string{
				"tool": "echo $1 >>" + dir + "/calls; [ $1 != status ] || " + status(c.runs),
				"go":   status(!c.fails),
			} {
				if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "./test.sh", filepath.Join(dir, "tool"))
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "O="+dir, "CACHE="+dir,
				"CLUSTER=x", "PART=x", "PACKAGES=x", "KEEP="+c.keep)
			out, err := cmd.CombinedOutput()
			if (err != nil) != c.fails {
				t.Errorf("%v: %s", err, out)
			}
			calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
			if !strings.HasPrefix(string(calls), "status\nup\n") || strings.Contains(string(calls), "\ndown\n") != c.removed {
				t.Errorf("the tool was told %q: %s", calls, out)
			}
		})
	}
}

func TestNodeNetworks(t *testing.T) {
	subnets, addresses, err := nodeNetworks(
		"x-control-plane 10.244.0.0/24 10.89.0.2\nx-worker 10.244.2.0/24 10.89.0.3 fc00::3\n")
	if err != nil || subnets["x-worker"] != "10.244.2.0/24" ||
		addresses["x-control-plane"] != "10.89.0.2" {
		t.Errorf("%v %v %v", subnets, addresses, err)
	}
	if _, _, err := nodeNetworks("x-worker  10.89.0.3 fc00::3\n"); err == nil {
		t.Error("took an address for a subnet")
	}
}
