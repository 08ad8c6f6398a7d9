// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// binds mounts empty directories of a folder on themselves, until there are as
// many as the number says; those that are there already count.
func binds(folder, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	for i := range n {
		dir := filepath.Join(folder, strconv.Itoa(i))
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}
