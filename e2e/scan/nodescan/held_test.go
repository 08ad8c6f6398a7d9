// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestLate(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("post: %w", context.DeadlineExceeded): true,
		errors.New("500"): false,
	} {
		if isLate(err) != want {
			t.Errorf("%v: late is not %v", err, want)
		}
	}
}

func TestWaiters(t *testing.T) {
	const locks = `1: FLOCK  ADVISORY  WRITE 500 fe:00:10044035 0 EOF
1: -> FLOCK  ADVISORY  WRITE 501 fe:00:10044035 0 EOF
2: FLOCK  ADVISORY  WRITE 600 fe:00:10044045 0 EOF
2: -> FLOCK  ADVISORY  READ 601 fe:00:10044045 0 EOF
2:  -> FLOCK  ADVISORY  WRITE 602 fe:00:10044045 0 EOF
2:  -> FLOCK  ADVISORY  WRITE 500 fe:00:10044045 0 EOF
3: POSIX  ADVISORY  WRITE 700 fe:00:10044046 0 EOF
`
	for holder, want := range map[int]int{500: 1, 600: 3, 700: 0, 601: 0, 1: 0} {
		if n := waiters(locks, holder); n != want {
			t.Errorf("%d wait for %d, not %d", n, holder, want)
		}
	}
}
