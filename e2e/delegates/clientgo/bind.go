// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
)

const (
	sharedVolume = "shared-dir"
	kubeletPods  = "/var/lib/kubelet/pods"
	bindDir      = "/var/lib/delegate-credentials-e2e"
)

// bindShared makes the pod's emptyDir reachable at a path of the plugin's own.
// A pod without that volume is served too.
func bindShared(pod *corev1.Pod) error {
	if !hasShared(pod) {
		return nil
	}
	source := filepath.Join(kubeletPods, string(pod.UID),
		"volumes/kubernetes.io~empty-dir", sharedVolume)
	target := filepath.Join(bindDir, string(pod.UID))
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("make the bind's target: %w", err)
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	return nil
}

func hasShared(pod *corev1.Pod) bool {
	for _, v := range pod.Spec.Volumes {
		if v.Name == sharedVolume && v.EmptyDir != nil {
			return true
		}
	}
	return false
}

// unbindShared fails where the bind has been lost in between, as umount(2)
// does then: that is what the suite wants to notice.
func unbindShared(uid string) error {
	target := filepath.Join(bindDir, uid)
	if _, err := os.Stat(target); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := unix.Unmount(target, 0); err != nil {
		return fmt.Errorf("unbind %s: %w", target, err)
	}
	if err := os.Remove(target); err != nil {
		return fmt.Errorf("remove the bind's target: %w", err)
	}
	// The parent goes with the last pod; others may still be in it.
	if err := os.Remove(bindDir); err != nil && !errors.Is(err, unix.ENOTEMPTY) &&
		!errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
