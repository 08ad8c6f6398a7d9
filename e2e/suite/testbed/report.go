// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Report is what the helper says of one run; the daemon logs it.
type Report struct {
	Plugin       string   `json:"plugin"`
	Types        []string `json:"types"`
	Command      string   `json:"command"`
	PodNamespace string   `json:"podNamespace"`
	Pod          string   `json:"pod"`
	Source       string   `json:"source"`
	Rule         string   `json:"rule"`
	JTI          string   `json:"jti"`
	Fallbacks    []string `json:"fallbacks"`
	ExitStatus   *int     `json:"exitStatus"`
}

const reportMark = "delegateExec: report of "

// Reports are the helper's on the pods of a namespace.
func (b *Bed) Reports(ctx context.Context, namespace string) ([]Report, error) {
	log, err := b.DaemonLog(ctx)
	if err != nil {
		return nil, err
	}
	all, err := parseReports(log)
	if err != nil {
		return nil, err
	}
	var ours []Report
	for _, r := range all {
		if r.PodNamespace == namespace {
			ours = append(ours, r)
		}
	}
	return ours, nil
}

// parseReports finds the reports in a daemon's log, where each is quoted.
func parseReports(log string) ([]Report, error) {
	var reports []Report
	for _, line := range strings.Split(log, "\n") {
		_, rest, found := strings.Cut(line, reportMark)
		if !found {
			continue
		}
		_, quoted, _ := strings.Cut(rest, ": ")
		text, err := strconv.Unquote(strings.TrimSpace(quoted))
		if err != nil {
			return nil, fmt.Errorf("a report is not quoted: %s", line)
		}
		var r Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return nil, fmt.Errorf("a report is no JSON: %s", line)
		}
		reports = append(reports, r)
	}
	return reports, nil
}
