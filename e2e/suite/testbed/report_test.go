// SPDX-License-Identifier: Apache-2.0

package testbed

import "testing"

func TestParseReports(t *testing.T) {
	log := `2026-01-01T00:00:00Z [verbose] ADD starting CNI request
2026-01-01T00:00:01Z [verbose] delegateExec: report of /h on /opt/cni/bin/e2e-x: "{\"v\":1,\"plugin\":\"/opt/cni/bin/e2e-x\",\"types\":[\"e2e-x\",\"\",\"\",\"\"],\"command\":\"ADD\",\"podNamespace\":\"ns\",\"pod\":\"p\",\"source\":\"directory\",\"exitStatus\":0}\n"
`
	got, err := parseReports(log)
	if err != nil || len(got) != 1 || got[0].Source != "directory" || got[0].Pod != "p" || *got[0].ExitStatus != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"delegateExec: report of /h on /p: {}", `delegateExec: report of /h on /p: "{"`} {
		if _, err := parseReports(bad); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
}
