// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// File systems without files of anyone's.
var pseudo = map[string]bool{
	"proc": true, "sysfs": true, "cgroup": true, "cgroup2": true, "devpts": true,
	"mqueue": true, "nsfs": true, "bpf": true, "debugfs": true, "tracefs": true,
	"securityfs": true, "pstore": true, "efivarfs": true, "configfs": true,
	"fusectl": true, "binfmt_misc": true, "rpc_pipefs": true, "autofs": true,
}

// view walks each mounted tree that the process sees and nobody before it.
func (s *search) view(pid string) {
	text, err := os.ReadFile("/proc/" + pid + "/mountinfo")
	if err != nil {
		s.unread("mounts of process "+pid, err)
		return
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		m, err := parseMount(line)
		if err != nil {
			s.unread("mounts of process "+pid, err)
			continue
		}
		// Device and root name a tree, whoever sees it wherever.
		device := strings.Fields(line)[2]
		tree := device + " " + m.Root
		if pseudo[m.FSType] || s.trees[tree] {
			continue
		}
		if s.walk("/proc/"+pid+"/root", unescape(m.Point), m.FSType) {
			s.trees[tree] = true
		}
	}
}

var octal = regexp.MustCompile(`\\[0-7]{3}`)

// unescape undoes mountinfo's \040 and the like.
func unescape(path string) string {
	return octal.ReplaceAllStringFunc(path, func(code string) string {
		n, err := strconv.ParseUint(code[1:], 8, 8)
		if err != nil {
			return code
		}
		return string([]byte{byte(n)})
	})
}

// walk reads the files of one mounted tree, not those of mounts below it. False
// where the tree could not be looked at.
func (s *search) walk(root, point, fstype string) bool {
	var top unix.Stat_t
	if err := unix.Stat(root+point, &top); err != nil {
		s.unread(point, err)
		return false
	}
	err := filepath.WalkDir(root+point, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			s.unread(path, err)
			return nil
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			s.unread(path, err)
			return nil
		}
		if d.IsDir() && st.Dev != top.Dev {
			return fs.SkipDir
		}
		if st.Mode&unix.S_IFMT == unix.S_IFREG && s.mayHold(&st, fstype) {
			s.file(path, strings.TrimPrefix(path, root), inode{st.Dev, st.Ino})
		}
		return nil
	})
	if err != nil {
		s.unread(point, err)
	}
	return true
}

// mayHold rules out files that nobody has touched since the token was issued.
// On tmpfs a write through a mapping leaves the times alone.
func (s *search) mayHold(st *unix.Stat_t, fstype string) bool {
	return st.Size > 0 && (fstype == "tmpfs" || fstype == "ramfs" || st.Ctim.Sec >= s.Since.Unix())
}

func (s *search) file(path, shown string, id inode) {
	if s.kept[id] {
		return
	}
	holds, known := s.files[id]
	if !known {
		var err error
		if holds, err = s.read(path); err != nil {
			s.unread(shown, err)
			return
		}
		s.files[id] = holds
		s.result.Searched++
	}
	switch {
	case !holds:
	case s.isKept(shown):
		s.kept[id] = true
		s.result.Kept = append(s.result.Kept, shown)
	case !known:
		s.result.Found = append(s.result.Found, fmt.Sprintf("file %s (device %d)", shown, id.dev))
	}
}

func (s *search) read(path string) (bool, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	return contains(f, s.needle)
}
