// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	tests := []struct {
		name           string
		events         string
		exit           error
		passed, failed int
	}{
		{"leaves count, parents do not", `
run p A
run p A/x
run p A/y
pass p A/x
pass p A/y
pass p A
pass p`, nil, 2, 0},
		{"a failed leaf fails once, not its parents", `
run p A
run p A/x
fail p A/x
fail p A
fail p`, errors.New("1"), 0, 1},
		{"a skip is a failure", `
run p A
skip p A
run p B
pass p B
pass p`, nil, 1, 1},
		{"a parent that fails by itself", `
run p A
run p A/x
pass p A/x
fail p A
fail p`, errors.New("1"), 1, 1},
		{"a test that never ended, beside one that failed", `
run p A
run p B
fail p B
fail p`, errors.New("1"), 0, 2},
		{"a package that does not compile, beside one that failed", `
run p A
fail p A
fail p
fail q`, errors.New("1"), 0, 2},
		{"go test failed and said nothing", ``, errors.New("1"), 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tally := newTally(&bytes.Buffer{})
			for _, line := range strings.Split(test.events, "\n") {
				if fields := strings.Fields(line); len(fields) > 0 {
					e := event{Action: fields[0], Package: fields[1]}
					if len(fields) > 2 {
						e.Test = fields[2]
					}
					tally.add(e)
				}
			}
			tally.exited(test.exit)
			passed, failed := tally.count()
			if passed != test.passed || failed != test.failed {
				t.Errorf("%d passed, %d failed; not %d and %d", passed, failed,
					test.passed, test.failed)
			}
		})
	}
}

func TestTallyPrintsOutputOfFailuresOnly(t *testing.T) {
	var out bytes.Buffer
	tally := newTally(&out)
	for _, e := range []event{
		{Action: "run", Package: "p", Test: "Good"},
		{Action: "output", Package: "p", Test: "Good", Output: "chatter\n"},
		{Action: "pass", Package: "p", Test: "Good"},
		{Action: "run", Package: "p", Test: "Bad"},
		{Action: "output", Package: "p", Test: "Bad", Output: "the reason\n"},
		{Action: "fail", Package: "p", Test: "Bad"},
	} {
		tally.add(e)
	}
	got := out.String()
	if strings.Contains(got, "chatter") || !strings.Contains(got, "the reason") {
		t.Errorf("printed %q", got)
	}
}
