// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"math"
	"testing"
)

func TestLargest(t *testing.T) {
	for want := range 300 {
		held, tries := 0, map[int]bool{}
		got, err := largest(func(n int) (bool, error) {
			if tries[n] || n <= held {
				t.Errorf("%d was tried again, or after %d", n, held)
			}
			tries[n] = true
			if n <= want {
				held = n
			}
			return n <= want, nil
		})
		if got > want || got < want-want/20 || err != nil {
			t.Errorf("%d, %v, not %d", got, err, want)
		}
	}
	broken := errors.New("broken")
	if _, err := largest(func(n int) (bool, error) { return true, map[bool]error{true: broken}[n == 8] }); err != broken {
		t.Errorf("%v", err)
	}
}

func TestLine(t *testing.T) {
	for _, points := range [][]point{
		{{1, 13}, {2, 16}, {4, 22}},
		{{0, 11}, {0, 9}, {2, 17}, {2, 15}}, // between them
	} {
		if base, slope := line(points); math.Abs(base-10) > 1e-9 || math.Abs(slope-3) > 1e-9 {
			t.Errorf("%v: %f + %f x", points, base, slope)
		}
	}
}
