// SPDX-License-Identifier: Apache-2.0

// Package plan is what the benchmark tells its driver on the node.
package plan

// Plan is sent as JSON on the driver's standard input.
type Plan struct {
	Rounds int
	Calls  []Call // in turns
}

// Call is an ADD and its DEL at one daemon.
type Call struct {
	Contestant string
	Socket     string
	Add, Del   []byte
	// The samples' names; "": none is wanted.
	AddMeasure, DelMeasure string
}
