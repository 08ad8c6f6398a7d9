// SPDX-License-Identifier: Apache-2.0

// Package delegates builds the test delegates into a tree to be laid over a
// node's root. Each is a program that knows nothing of Multus or the helper.
package delegates

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Types of the delegates, as network definitions name them.
const (
	ClientGo = "e2e-clientgo" // client-go, in-cluster, protobuf; also an IPAM plugin
	Curl     = "e2e-curl"     // C, libcurl and jansson
	Shell    = "e2e-shell"    // sh and the node's kubectl
	Broken   = "e2e-broken"   // found, but its interpreter is not there
	Unlisted = "e2e-unlisted" // ClientGo by a name that nobody lists
	Reader   = "e2e-reader"   // sh; looks whether a token is there, and ends
	Chooser  = "e2e-chooser"  // asks where its configuration says
	// The same two by other names, for rules of their own.
	Patcher = "e2e-patcher"
	Bundle  = "e2e-bundle"
	Foreign = "e2e-foreign"
	Missing = "e2e-missing"
	Guarded = "e2e-guarded"
	Served  = "e2e-served"
	Distant = "e2e-distant"
	Plain   = "e2e-plain" // nobody lists it
	// Of the benchmark: it does nothing, by a name that is listed and by another.
	Minimal         = "e2e-minimal"
	MinimalUnlisted = "e2e-minimal-unlisted"
)

// MinimalLock is what the minimal delegate waits for.
const MinimalLock = "/run/delegate-credentials-minimal.lock"

// links are further names of a program.
var links = map[string]string{
	Unlisted: ClientGo, Patcher: ClientGo, Bundle: ClientGo, Foreign: ClientGo, Missing: ClientGo,
	Guarded: Chooser, Served: Chooser, Distant: Chooser, Plain: Chooser,
	MinimalUnlisted: Minimal,
}

const (
	pluginDir = "opt/cni/bin"
	// Private is the folder of everything else that we put on a node.
	Private = "/opt/delegate-credentials-e2e"
	// Nodescan is the suite's program on the node.
	Nodescan = Private + "/nodescan"
)

// Build fills tree; source is the e2e folder.
func Build(ctx context.Context, source, tree string) error {
	for _, dir := range []string{pluginDir, Private + "/lib"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			return err
		}
	}
	plugin := func(name string) string { return filepath.Join(tree, pluginDir, name) }
	for name, folder := range map[string]string{ClientGo: "clientgo", Chooser: "chooser"} {
		if err := goBuild(ctx, source, "./delegates/"+folder, plugin(name)); err != nil {
			return err
		}
	}
	if err := goBuild(ctx, source, "./scan/nodescan", filepath.Join(tree, Nodescan)); err != nil {
		return err
	}
	if err := buildCurl(ctx, source, tree, plugin(Curl)); err != nil {
		return err
	}
	if err := compile(ctx, source, "minimal/minimal.c", plugin(Minimal), "-static"); err != nil {
		return err
	}
	for name, program := range links {
		if err := os.Symlink(program, plugin(name)); err != nil {
			return err
		}
	}
	for name, script := range map[string]string{Shell: "shell", Reader: "reader"} {
		if err := copyFile(filepath.Join(source, "delegates/shell", script), plugin(name)); err != nil {
			return err
		}
	}
	return os.WriteFile(plugin(Broken), []byte("#!/nonexistent/interpreter\n"), 0o755)
}

func goBuild(ctx context.Context, source, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return run(cmd, source)
}

func compile(ctx context.Context, source, program, out string, flags ...string) error {
	args := append([]string{"-O2", "-Wall", "-Wextra", "-o", out, "delegates/" + program}, flags...)
	return run(exec.CommandContext(ctx, cmp.Or(os.Getenv("CC"), "gcc"), args...), source)
}

// buildCurl links against the host's libraries and takes them along, loader
// included, since the node has others or none: libcurl cannot be linked
// statically.
func buildCurl(ctx context.Context, source, tree, out string) error {
	libs := Private + "/lib"
	plain := filepath.Join(tree, libs, "plain")
	link := func(out string, flags ...string) error {
		return compile(ctx, source, "curl/curl.c", out, append(flags, "-lcurl", "-ljansson")...)
	}
	if err := link(plain); err != nil {
		return err
	}
	defer os.Remove(plain)
	needed, err := exec.CommandContext(ctx, "ldd", plain).Output()
	if err != nil {
		return fmt.Errorf("ldd: %w", err)
	}
	loader := ""
	for _, path := range absolutePaths(string(needed)) {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "ld-") {
			loader = libs + "/" + name
		}
		if err := copyFile(path, filepath.Join(tree, libs, name)); err != nil {
			return err
		}
	}
	if loader == "" {
		return fmt.Errorf("ldd names no loader:\n%s", needed)
	}
	// The old kind of path also serves the libraries' own libraries.
	return link(out, "-Wl,--dynamic-linker="+loader, "-Wl,--disable-new-dtags,-rpath="+libs)
}

var absolute = regexp.MustCompile(`(?m)(?:^\s*|=> )(/\S+) \(0x`)

// absolutePaths are the files that ldd names.
func absolutePaths(ldd string) []string {
	var paths []string
	for _, match := range absolute.FindAllStringSubmatch(ldd, -1) {
		paths = append(paths, match[1])
	}
	return paths
}

func run(cmd *exec.Cmd, dir string) error {
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// copyFile makes an executable copy.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
