// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"os"
	"path/filepath"
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
