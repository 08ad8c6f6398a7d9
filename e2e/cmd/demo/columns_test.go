// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for text, want := range map[string][]string{
		"":               {""},
		"one two three":  {"one two", "three"},
		"abcdefghijk lm": {"abcdefgh", "ijk lm"},
		"12345678 9":     {"12345678", "9"},
		"a\n\nb":         {"a", "", "b"},
	} {
		if got := wrap(text, 8); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestSideBySide(t *testing.T) {
	got := sideBySide("L", "one", "R", "a\nb")
	want := "L" + spaces(columnWidth-1) + " | R\n"
	if len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("%q", got)
	}
	if got[len(got)-4:] != "| b\n" {
		t.Errorf("%q", got)
	}
}

func spaces(n int) string {
	return string(slices.Repeat([]byte{' '}, n))
}
