// SPDX-License-Identifier: Apache-2.0

package testbed

import "testing"

func TestParseReports(t *testing.T) {
	const stamp = "2026-01-01T00:00:01Z [verbose] "
	const report = `delegateExec: report of /h on /opt/cni/bin/e2e-x: "{\"v\":1,\"plugin\":\"/opt/cni/bin/e2e-x\",` +
		`\"types\":[\"e2e-x\",\"\",\"\",\"\"],\"command\":\"ADD\",\"podNamespace\":\"ns\",\"pod\":\"p\",` +
		`\"source\":\"directory\",\"exitStatus\":0}\n"`
	// The daemon writes a line in three pieces.
	log := stamp + "ADD starting CNI request\n" + stamp + report + "\n" + report + stamp + report + "\n\n"
	got, err := parseReports(log)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, r := range got {
		if r.Source != "directory" || r.Pod != "p" || *r.ExitStatus != 0 {
			t.Errorf("%+v", r)
		}
		if timed := r.Logged.Unix() == 1767225601; timed != (i != 1) {
			t.Errorf("report %d is of %s", i, r.Logged)
		}
	}
	for _, bad := range []string{"delegateExec: report of /h on /p: {}", `delegateExec: report of /h on /p: "{"`,
		"2026-13-01T00:00:01Z [verbose] " + report} {
		if _, err := parseReports(bad); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}
