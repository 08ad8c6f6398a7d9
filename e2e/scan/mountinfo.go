// SPDX-License-Identifier: Apache-2.0

// Package scan looks at a node: which mounts are there, compared with before,
// and whether a token's bytes are where they should not be.
package scan

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

// Mount is one line of a mountinfo file without what differs between two equal
// tables: mount, parent and peer group numbers.
type Mount struct {
	Point   string
	Root    string
	FSType  string
	Source  string
	Options string // the mount's and the super block's
	Sharing string // "", "shared", "slave", "shared slave", "unbindable"
}

func (m Mount) String() string {
	sharing := m.Sharing
	if sharing == "" {
		sharing = "private"
	}
	return fmt.Sprintf("%s (root %s, %s, source %s, %s, %s)",
		m.Point, m.Root, m.FSType, m.Source, m.Options, sharing)
}

// Table is a multiset of mounts.
type Table map[Mount]int

// ParseTable reads the text of /proc/PID/mountinfo.
func ParseTable(text string) (Table, error) {
	table := Table{}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		m, err := parseMount(line)
		if err != nil {
			return nil, fmt.Errorf("mountinfo line %d: %w", i+1, err)
		}
		table[m]++
	}
	return table, nil
}

// parseMount reads one line (proc_pid_mountinfo(5)): six fields, optional ones
// up to "-", then type, source and the super block's options.
func parseMount(line string) (Mount, error) {
	head, tail, found := strings.Cut(line, " - ")
	before, after := strings.Split(head, " "), strings.Split(tail, " ")
	if !found || len(before) < 6 || len(after) < 3 {
		return Mount{}, fmt.Errorf("too few fields in %q", line)
	}
	return Mount{
		Root:    before[3],
		Point:   before[4],
		FSType:  after[0],
		Source:  after[1],
		Options: before[5] + " " + after[2],
		Sharing: sharing(before[6:]),
	}, nil
}

func sharing(optional []string) string {
	words := map[string]string{"shared": "shared", "master": "slave", "unbindable": "unbindable"}
	var has []string
	for _, field := range optional {
		tag, _, _ := strings.Cut(field, ":")
		if word, ok := words[tag]; ok {
			has = append(has, word)
		}
	}
	return strings.Join(has, " ")
}

// Diff lists what is in after and not in before, and the reverse, sorted.
func Diff(before, after Table) (added, removed []Mount) {
	return surplus(after, before), surplus(before, after)
}

func surplus(a, b Table) []Mount {
	var list []Mount
	for m, n := range a {
		for ; n > b[m]; n-- {
			list = append(list, m)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].String() < list[j].String() })
	return list
}

// DiffText is empty where the tables are equal; else one line a mount.
func DiffText(before, after Table) string {
	added, removed := Diff(before, after)
	var b strings.Builder
	for _, m := range added {
		fmt.Fprintf(&b, "+ %s\n", m)
	}
	for _, m := range removed {
		fmt.Fprintf(&b, "- %s\n", m)
	}
	return b.String()
}

// OnlyShared tells why the step from before to after is something else than
// this: mounts at or below dir became shared. Empty: it is that and no more.
func OnlyShared(before, after Table, dir string) string {
	became := Table{}
	for m, n := range after {
		became[m] = n
	}
	added, _ := Diff(before, after)
	for _, m := range added {
		was, ok := withoutShared(m)
		if !ok || !below(m.Point, dir) {
			continue
		}
		became[m]--
		became[was]++
	}
	return DiffText(before, became)
}

func withoutShared(m Mount) (Mount, bool) {
	switch m.Sharing {
	case "shared":
		m.Sharing = ""
	case "shared slave":
		m.Sharing = "slave"
	default:
		return m, false
	}
	return m, true
}

func below(point, dir string) bool {
	return strings.HasPrefix(point+"/", strings.TrimSuffix(dir, "/")+"/")
}

// WithoutDeadSandboxes leaves out the shm of each pod that the node itself has
// unmounted: a private copy keeps it until the container runtime removes the
// folder beneath it, at a time of its own choice. What is below /hostroot is no
// such copy.
func (t Table) WithoutDeadSandboxes(node Table) Table {
	alive := map[string]bool{}
	for m := range node {
		alive[sandbox(m)] = true
	}
	rest := Table{}
	for m, n := range t {
		if id := sandbox(m); id == "" || alive[id] || below(m.Point, "/hostroot") {
			rest[m] = n
		}
	}
	return rest
}

// sandbox is the pod whose shm that is, or empty.
func sandbox(m Mount) string {
	dir, isShm := strings.CutSuffix(m.Point, "/shm")
	parent, id := path.Split(dir)
	if !isShm || path.Base(parent) != "sandboxes" {
		return ""
	}
	return id
}

// Below picks the mounts at or under a directory.
func (t Table) Below(dir string) []Mount {
	var list []Mount
	for _, m := range surplus(t, Table{}) {
		if below(m.Point, dir) {
			list = append(list, m)
		}
	}
	return list
}
