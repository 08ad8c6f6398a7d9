// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

// test is what is known of one test, or of a package where name is empty.
type test struct{ pkg, name string }

// tally counts leaf tests. A skipped test has shown nothing: it counts as
// failed, and so does whatever fails above the leaves (a package that does not
// compile, a test that fails outside its sub-tests).
type tally struct {
	w       io.Writer
	outcome map[test]string
	parents map[test]bool
	output  map[test][]string
	broken  bool
}

func newTally(w io.Writer) *tally {
	return &tally{w: w, outcome: map[test]string{}, parents: map[test]bool{},
		output: map[test][]string{}}
}

func (t *tally) add(e event) {
	id := test{e.Package, e.Test}
	switch e.Action {
	case "run":
		if i := strings.LastIndex(e.Test, "/"); i >= 0 {
			t.parents[test{e.Package, e.Test[:i]}] = true
		}
		t.outcome[id] = "fail" // until it says otherwise
	case "output", "build-output":
		t.output[id] = append(t.output[id], e.Output)
	case "pass", "fail", "skip":
		t.outcome[id] = e.Action
		t.print(e, id)
	}
}

func (t *tally) print(e event, id test) {
	name := e.Test
	if name == "" {
		name = e.Package
	}
	leaf := e.Test != "" && !t.parents[id]
	switch {
	case e.Action == "pass" && leaf:
		fmt.Fprintf(t.w, "ok   %s (%.1f s)\n", name, e.Elapsed)
	case e.Action == "fail", e.Action == "skip" && leaf:
		fmt.Fprintf(t.w, "%s %s (%.1f s)\n", strings.ToUpper(e.Action), name,
			e.Elapsed)
		fmt.Fprint(t.w, strings.Join(t.output[id], ""))
	}
	delete(t.output, id)
}

// exited takes the exit of go test itself, which may fail with no event.
func (t *tally) exited(err error) {
	t.broken = err != nil
}

func (t *tally) count() (passed, failed int) {
	blamed := map[string]bool{} // packages with a failure counted
	for id, outcome := range t.outcome {
		switch {
		case id.name == "" || t.parents[id]:
		case outcome == "pass":
			passed++
		default:
			failed++
			blamed[id.pkg] = true
		}
	}
	for id, outcome := range t.outcome {
		if outcome == "fail" && !blamed[id.pkg] {
			failed++
			blamed[id.pkg] = true
		}
	}
	if t.broken && failed == 0 {
		failed++
	}
	return passed, failed
}
