// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"multus-delegate-credentials/e2e/scan"
)

const (
	inPrivate = "/mnt"
	journal   = "/run/systemd/journal/socket"
)

// plant reads a made-up token, puts it on a disk, on a tmpfs, on a tmpfs that
// one process alone sees, in that process' mount table, in a log, in argv and in
// an environment, and takes it all away again at the end of its input. The journal keeps its line: it cannot
// be taken back.
func plant() error {
	in := bufio.NewReader(os.Stdin)
	token, err := in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	token = token[:len(token)-1]
	stop, err := plantProcesses(token)
	defer stop()
	defer os.Remove(scan.PlantedOnDisk)
	defer os.Remove(scan.PlantedOnTmpfs)
	if err := errors.Join(err, logLine(token), plantFile(scan.PlantedOnDisk, token)); err != nil {
		return err
	}
	// The last one: that it is there says that all are.
	if err := plantFile(scan.PlantedOnTmpfs, token); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// plantFile renames into place, so that nobody sees half of it.
func plantFile(path, token string) error {
	if err := os.WriteFile(path+".new", []byte(token), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func logLine(token string) error {
	conn, err := net.Dial("unixgram", journal)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "SYSLOG_IDENTIFIER=nodescan\nMESSAGE=planted %s\n", token)
	return err
}

func plantProcesses(token string) (stop func(), err error) {
	inArgv := exec.Command("/proc/self/exe", "wait", token)
	inEnviron := exec.Command("/proc/self/exe", "wait")
	inEnviron.Env = []string{"PLANTED=" + token}
	hidden := exec.Command("/proc/self/exe", "hide")
	hidden.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	var stops []func()
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	for _, cmd := range []*exec.Cmd{inArgv, inEnviron, hidden} {
		end, err := start(cmd, token)
		if err != nil {
			return stop, err
		}
		stops = append(stops, end)
	}
	return stop, nil
}

// start runs a child, hands it the token and waits until it is in place; the
// child ends with its input.
func start(cmd *exec.Cmd, token string) (end func(), err error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end = func() {
		in.Close()
		_ = cmd.Wait()
	}
	if _, err := fmt.Fprintln(in, token); err != nil {
		end()
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		end()
		return nil, fmt.Errorf("%s: %w", cmd.Args[1], err)
	}
	return end, nil
}

// untilEOF is a process that does nothing but be there.
func untilEOF() error {
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// hide keeps the token on a tmpfs, and as that mount's source, in a mount
// namespace of its own.
func hide() error {
	in := bufio.NewReader(os.Stdin)
	token, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	token = strings.TrimSpace(token)
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := unix.Mount(token, inPrivate, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	if err := plantFile(inPrivate+"/"+scan.PlantedHidden, token); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, in)
	return err
}
