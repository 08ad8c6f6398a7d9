// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"testing"
	"time"
)

const (
	usageV1 = `memory.limit_in_bytes:52428800
memory.stat:cache 9000000
memory.stat:inactive_file 3000000
memory.stat:active_file 1000000
memory.stat:total_active_file 7
memory.usage_in_bytes:30000000
cpu.cfs_period_us:100000
cpu.cfs_quota_us:10000
cpu.stat:nr_periods 5
cpu.stat:usage_usec 1500
cpuacct.usage:1500000
`
	usageV2 = `cpu.max:10000 100000
cpu.stat:usage_usec 1500
cpu.stat:user_usec 1
memory.current:30000000
memory.max:52428800
memory.stat:anon 1
memory.stat:inactive_file 3000000
memory.stat:active_file 1000000
`
	unlimitedV1 = `memory.limit_in_bytes:9223372036854771712
memory.stat:inactive_file 3000000
memory.stat:active_file 1000000
memory.usage_in_bytes:30000000
cpu.cfs_period_us:100000
cpu.cfs_quota_us:-1
cpuacct.usage:1500000
`
	unlimitedV2 = `cpu.max:max 100000
cpu.stat:usage_usec 1500
memory.current:30000000
memory.max:max
memory.stat:inactive_file 3000000
memory.stat:active_file 1000000
`
)

func TestParseUsage(t *testing.T) {
	limited := Usage{CPU: 1500 * time.Microsecond, Memory: 26000000, MemoryLimit: 50 << 20, CPULimit: 0.1}
	unlimited := Usage{CPU: limited.CPU, Memory: limited.Memory}
	for text, want := range map[string]Usage{usageV1: limited, usageV2: limited,
		unlimitedV1: unlimited, unlimitedV2: unlimited} {
		if got, err := parseUsage(text); err != nil || got != want {
			t.Errorf("%+v, %v, of:\n%s", got, err, text)
		}
	}
	for _, text := range []string{"", "memory.current:1\nmemory.max:max\n"} {
		if got, err := parseUsage(text); err == nil {
			t.Errorf("%+v of %q", got, text)
		}
	}
}
