// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Request is one search of a node. It travels on standard input, never in
// argv or the environment, which are searched as well.
type Request struct {
	Token []byte `json:"token"`
	// Since is when the token was issued: a file on a disk whose inode has not
	// changed from then on cannot hold it.
	Since time.Time `json:"since"`
	// Kept is the folder where the token may be; files that are the same
	// inode seen elsewhere (a bind) are no copies.
	Kept string `json:"kept"`
}

// Result says where the token's bytes are, never the bytes.
type Result struct {
	Found    []string `json:"found"`
	Kept     []string `json:"kept"`     // hits in the folder that may have it
	Unread   []string `json:"unread"`   // what could not be searched, and why
	Searched int      `json:"searched"` // files read
	Views    int      `json:"views"`    // pairs of mount namespace and root
}

type inode struct{ dev, ino uint64 }

type search struct {
	Request
	needle []byte
	result Result
	files  map[inode]bool  // read already; true: it holds the token
	kept   map[inode]bool  // where it may be
	trees  map[string]bool // mounted trees walked already
}

// Run searches every mounted tree that any process sees, argv, environment and
// mount table of every process, and the journal. It needs root in the node.
func Run(r Request) (*Result, error) {
	needle, err := Needle(r.Token)
	if err != nil {
		return nil, err
	}
	s := &search{Request: r, needle: needle, files: map[inode]bool{},
		kept: map[inode]bool{}, trees: map[string]bool{}}
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	// The node's own view first: it knows what is kept.
	for _, pid := range views(pids) {
		s.result.Views++
		s.view(pid)
	}
	for _, pid := range pids {
		s.process(pid)
	}
	if err := s.journal(); err != nil {
		return nil, err
	}
	return &s.result, nil
}

func processes() ([]string, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	pids := []string{"1"}
	for _, dir := range dirs {
		if pid := filepath.Base(dir); pid != "1" {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// views picks one process for each pair of mount namespace and root: a process
// in a chroot sees but a part of its namespace's mounts.
func views(pids []string) []string {
	var picked []string
	seen := map[string]bool{}
	for _, pid := range pids {
		ns, err := os.Readlink("/proc/" + pid + "/ns/mnt")
		if err != nil {
			continue // a kernel thread, or it has ended
		}
		var st unix.Stat_t
		if unix.Stat("/proc/"+pid+"/root/.", &st) != nil {
			continue
		}
		key := fmt.Sprint(ns, st.Dev, st.Ino)
		if !seen[key] {
			seen[key] = true
			picked = append(picked, pid)
		}
	}
	return picked
}

// process searches what /proc shows of one.
func (s *search) process(pid string) {
	for _, name := range []string{"cmdline", "environ", "mountinfo"} {
		path := "/proc/" + pid + "/" + name
		text, err := os.ReadFile(path)
		if errors.Is(err, unix.EINVAL) && name == "mountinfo" {
			continue // it has ended, and is a zombie
		}
		if err != nil {
			s.unread(path, err)
		} else if bytes.Contains(text, s.needle) {
			s.result.Found = append(s.result.Found, fmt.Sprintf("%s of process %s", name, pid))
		}
	}
}

// journal reads by journalctl, since the files hold long fields compressed.
func (s *search) journal() error {
	if out, err := exec.Command("journalctl", "--sync").CombinedOutput(); err != nil {
		return fmt.Errorf("journalctl --sync: %w: %s", err, out)
	}
	cmd := exec.Command("journalctl", "--no-pager", "--quiet", "--output=export",
		fmt.Sprintf("--since=@%d", s.Since.Unix()))
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	found, readErr := contains(pipe, s.needle)
	_, drainErr := io.Copy(io.Discard, pipe)
	if err := errors.Join(readErr, drainErr, cmd.Wait()); err != nil {
		return fmt.Errorf("journalctl: %w", err)
	}
	if found {
		s.result.Found = append(s.result.Found, "journal")
	}
	return nil
}

// contains looks for the needle across the borders of its reads.
func contains(r io.Reader, needle []byte) (bool, error) {
	buf := make([]byte, 1<<20)
	held := 0
	for {
		n, err := r.Read(buf[held:])
		held += n
		if bytes.Contains(buf[:held], needle) {
			return true, nil
		}
		if keep := len(needle) - 1; held > keep {
			copy(buf, buf[held-keep:held])
			held = keep
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}

func (s *search) unread(path string, err error) {
	// Files and processes come and go while we look.
	if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		s.result.Unread = append(s.result.Unread, fmt.Sprintf("%s: %v", path, err))
	}
}

func (s *search) isKept(path string) bool {
	return s.Request.Kept != "" && strings.HasPrefix(path, strings.TrimSuffix(s.Request.Kept, "/")+"/")
}
