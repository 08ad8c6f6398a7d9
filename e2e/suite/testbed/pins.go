// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pinned is the folder of the programs of that pin, built if they are not yet.
func (b *Bed) pinned(ctx context.Context, pin string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(root, "e2e/pins/build.sh"), pin)
	cmd.Env = append(os.Environ(), "CACHE="+b.CacheDir)
	cmd.Stderr = b.Log
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build %s: %w", pin, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// pinnedModule is the tree of a module at the version of that pin. It may have
// to be fetched, for what was built from it is kept elsewhere.
func pinnedModule(ctx context.Context, pin, module string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = filepath.Join(root, "e2e/pins", pin)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the module %s: %w", module, err)
	}
	var found struct{ Dir string }
	return found.Dir, json.Unmarshal(out, &found)
}
