// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	credentialDir = "/run/secrets/kubernetes.io"
	holdAtMost    = 5 * time.Minute
)

// view is what this process sees at the credential's place; never a content.
type view struct {
	PID    int      `json:"pid"`
	Device uint64   `json:"device"`
	Mounts []string `json:"mounts"`
}

func report(dir, uid string) error {
	if dir == "" {
		return nil
	}
	v, err := look()
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// Renamed into place: the test polls for the name.
	name := filepath.Join(dir, uid+".json")
	if err := os.WriteFile(name+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func look() (*view, error) {
	var st unix.Stat_t
	if err := unix.Stat(credentialDir, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", credentialDir, err)
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	v := &view{PID: os.Getpid(), Device: st.Dev}
	for _, line := range strings.Split(string(table), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasPrefix(fields[4]+"/", credentialDir+"/") {
			v.Mounts = append(v.Mounts, line)
		}
	}
	return v, nil
}

// hold keeps ADD open, credential in place, until the test has looked around.
func hold(file string) error {
	for end := time.Now().Add(holdAtMost); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("held for %s: %s never came", holdAtMost, file)
}
