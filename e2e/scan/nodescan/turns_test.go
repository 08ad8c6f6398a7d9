// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"
	"time"
)

func TestUntilMoment(t *testing.T) {
	const rounds = 100
	var moments []time.Duration
	for round := range rounds {
		now := time.Unix(1, int64(round)*12345678)
		wait := untilMoment(now, round)
		if wait < 0 || wait >= period {
			t.Errorf("round %d waits for %v", round, wait)
		}
		moments = append(moments, time.Duration(now.Add(wait).UnixNano())%period)
	}
	slices.Sort(moments)
	for i, m := range moments {
		if even := time.Duration(i) * period / rounds; (m - even).Abs() > 2*period/rounds {
			t.Errorf("moment %d of %d is %v, far from %v", i, rounds, m, even)
		}
	}
}
