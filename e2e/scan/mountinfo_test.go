// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"strings"
	"testing"
)

const table = `21 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/a
22 21 0:21 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=64k
23 22 0:22 /x\040y /run/a\040b ro master:7 - tmpfs none rw
24 22 0:23 / /run/both rw shared:8 master:7 propagate_from:2 - tmpfs none rw
25 22 0:24 net:[4026531840] /run/netns/n rw - nsfs nsfs rw
`

func mustParse(t *testing.T, text string) Table {
	t.Helper()
	got, err := ParseTable(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestParseTable(t *testing.T) {
	got := mustParse(t, table)
	want := []Mount{
		{"/", "/", "overlay", "overlay", "rw,relatime rw,lowerdir=/a", ""},
		{"/run", "/", "tmpfs", "tmpfs", "rw,nosuid rw,size=64k", "shared"},
		{`/run/a\040b`, `/x\040y`, "tmpfs", "none", "ro rw", "slave"},
		{"/run/both", "/", "tmpfs", "none", "rw rw", "shared slave"},
		{"/run/netns/n", "net:[4026531840]", "nsfs", "nsfs", "rw rw", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("%d mounts, not %d", len(got), len(want))
	}
	for _, m := range want {
		if got[m] != 1 {
			t.Errorf("%v is there %d times", m, got[m])
		}
	}
}

func TestParseTableRefuses(t *testing.T) {
	for _, text := range []string{"", "21 1 0:20 / / rw\n", "21 1 0:20 / / - tmpfs none rw\n", "21 1 0:20 / / rw - tmpfs\n"} {
		if _, err := ParseTable(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// Numbers of mounts, parents and peer groups are no difference; all else is.
func TestDiff(t *testing.T) {
	renumbered := strings.NewReplacer("22 21", "92 21", "22 0:", "92 0:", "shared:5", "shared:99",
		"master:7", "master:3").Replace(table)
	if d := DiffText(mustParse(t, table), mustParse(t, renumbered)); d != "" {
		t.Errorf("numbers alone make a difference:\n%s", d)
	}
	changes := map[string][2]string{
		"point":   {"/run/both", "/run/other"},
		"root":    {`/x\040y`, "/z"},
		"fstype":  {"- overlay", "- ext4"},
		"source":  {"tmpfs none rw\n24", "tmpfs some rw\n24"},
		"option":  {"rw,nosuid", "rw"},
		"super":   {"size=64k", "size=65k"},
		"shared":  {" shared:5", ""},
		"slave":   {" master:7 - ", " - "},
		"missing": {"25 22 0:24 net:[4026531840] /run/netns/n rw - nsfs nsfs rw\n", ""},
		"twice":   {"25 22", "26 22 0:24 net:[4026531840] /run/netns/n rw - nsfs nsfs rw\n25 22"},
	}
	for name, c := range changes {
		changed := strings.Replace(table, c[0], c[1], 1)
		if DiffText(mustParse(t, table), mustParse(t, changed)) == "" {
			t.Errorf("%s: no difference seen", name)
		}
	}
}

func TestOnlyShared(t *testing.T) {
	before := "1 0 0:1 / /hostroot rw master:1 - ext4 d rw\n2 1 0:2 / /hostroot/run rw - tmpfs t rw\n3 0 0:3 / /tmp rw - tmpfs t rw\n"
	cases := map[string]struct {
		from, to string
		fine     bool
	}{
		"slave becomes shared":   {"master:1", "shared:4 master:1", true},
		"private becomes shared": {"/hostroot/run rw", "/hostroot/run rw shared:4", true},
		"elsewhere":              {"/tmp rw", "/tmp rw shared:4", false},
		"slave is lost":          {"master:1", "shared:4", false},
		"options change":         {"/hostroot/run rw", "/hostroot/run ro shared:4", false},
		"one more":               {"3 0 0:3", "4 2 0:4 / /hostroot/run/x rw shared:5 - tmpfs t rw\n3 0 0:3", false},
	}
	for name, c := range cases {
		after := strings.Replace(before, c.from, c.to, 1)
		why := OnlyShared(mustParse(t, before), mustParse(t, after), "/hostroot")
		if (why == "") != c.fine {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func TestBelow(t *testing.T) {
	got := mustParse(t, strings.ReplaceAll(table, "/run/both", "/running")).Below("/run")
	if len(got) != 3 {
		t.Errorf("%d mounts below /run, not 3: %v", len(got), got)
	}
}

func TestWithoutDeadSandboxes(t *testing.T) {
	const shm = " rw - tmpfs shm rw\n"
	node := mustParse(t, "1 0 0:1 / /run/c/sandboxes/alive/shm"+shm)
	daemon := mustParse(t, "1 0 0:1 / /host/run/c/sandboxes/alive/shm"+shm+
		"2 0 0:1 / /host/run/c/sandboxes/dead/shm"+shm+"3 0 0:1 / /dev/shm"+shm+
		"4 0 0:1 / /hostroot/run/c/sandboxes/dead/shm"+shm)
	rest := daemon.WithoutDeadSandboxes(node)
	if removed := DiffText(daemon, rest); len(rest) != 3 || !strings.Contains(removed, "/host/run/c/sandboxes/dead/") {
		t.Errorf("left out:\n%s", removed)
	}
}
