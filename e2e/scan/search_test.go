// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var madeUp = MakeUp(time.Unix(1000, 0))

func newSearch(t *testing.T, r Request) *search {
	t.Helper()
	needle, err := Needle(madeUp)
	if err != nil {
		t.Fatal(err)
	}
	return &search{Request: r, needle: needle, files: map[inode]bool{},
		kept: map[inode]bool{}, trees: map[string]bool{}}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The needle is found wherever the borders of the reads fall.
func TestContains(t *testing.T) {
	needle := []byte("0123456789")
	const border = 1 << 20
	for _, at := range []int{0, 5, border - 10, border - 5, border - 1, border, 2*border - 12, 3 * border} {
		data := append(bytes.Repeat([]byte{'x'}, at), needle...)
		if found, err := contains(bytes.NewReader(data), needle); err != nil || !found {
			t.Errorf("at %d: %v, %v", at, found, err)
		}
		data[at+3] = 'y'
		if found, err := contains(bytes.NewReader(data), needle); err != nil || found {
			t.Errorf("broken at %d: %v, %v", at, found, err)
		}
	}
}

func TestWalk(t *testing.T) {
	root := t.TempDir()
	s := newSearch(t, Request{Kept: "/kept"})
	write(t, root+"/kept/token", madeUp)
	write(t, root+"/logs/a b.log", append([]byte("text "), madeUp...))
	write(t, root+"/logs/other.log", []byte("nothing here"))
	if err := os.Link(root+"/kept/token", root+"/linked"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(root+"/logs/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	if !s.walk(root, "/", "ext4") {
		t.Fatal("not walked")
	}
	if len(s.result.Kept) != 1 || s.result.Kept[0] != "/kept/token" {
		t.Errorf("kept: %q", s.result.Kept)
	}
	if len(s.result.Found) != 1 || !strings.Contains(s.result.Found[0], "/logs/a b.log") {
		t.Errorf("found: %q", s.result.Found)
	}
	if len(s.result.Unread) != 0 || s.result.Searched != 3 {
		t.Errorf("unread %q, searched %d", s.result.Unread, s.result.Searched)
	}
}

func TestWalkSaysWhatItCouldNotRead(t *testing.T) {
	s := newSearch(t, Request{})
	s.file("/proc/self/mem", "/somewhere", inode{1, 2})
	if len(s.result.Unread) != 1 {
		t.Errorf("unread: %q", s.result.Unread)
	}
	s.file("/nonexistent", "/nonexistent", inode{1, 3})
	if len(s.result.Unread) != 1 {
		t.Errorf("what went away counts: %q", s.result.Unread)
	}
}

func TestMayHold(t *testing.T) {
	s := newSearch(t, Request{Since: time.Unix(1000, 0)})
	old, young := unix.Stat_t{Size: 9}, unix.Stat_t{Size: 9}
	old.Ctim.Sec, young.Ctim.Sec = 999, 1000
	empty := young
	empty.Size = 0
	cases := []struct {
		st     unix.Stat_t
		fstype string
		want   bool
	}{{old, "ext4", false}, {young, "ext4", true}, {old, "tmpfs", true}, {empty, "tmpfs", false}}
	for i, c := range cases {
		if got := s.mayHold(&c.st, c.fstype); got != c.want {
			t.Errorf("case %d: %v", i, got)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{`/a\040b`: "/a b", `/a\134040`: `/a\040`, "/plain": "/plain"} {
		if got := unescape(in); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}
