// SPDX-License-Identifier: Apache-2.0

package scan

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNeedle(t *testing.T) {
	token := MakeUp(time.Unix(5, 0))
	needle, err := Needle(append(bytes.Clone(token), '\n'))
	if err != nil || !bytes.Contains(token[bytes.LastIndexByte(token, '.'):], needle) {
		t.Errorf("needle of %d bytes, %v", len(needle), err)
	}
	other, err := Needle(MakeUp(time.Unix(5, 0)))
	if err != nil || bytes.Equal(needle, other) {
		t.Errorf("two tokens share the needle, %v", err)
	}
	for _, short := range []string{"", "a.b.", "a.b.c", strings.Repeat("x", 100) + ".c"} {
		if _, err := Needle([]byte(short)); err == nil {
			t.Errorf("%q was taken for a token", short)
		}
	}
}

func TestIssued(t *testing.T) {
	at := time.Unix(1750000000, 0)
	if got, err := Issued(append(MakeUp(at), '\n')); err != nil || !got.Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "a.b", "e30.e30.e30", "e30.!.e30", "a.b.c.d"} {
		if _, err := Issued([]byte(text)); err == nil {
			t.Errorf("%q was taken for a token", text)
		}
	}
}
