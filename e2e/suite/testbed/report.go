// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
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
	Setup        *int     `json:"setupMicroseconds"`
	Teardown     *int     `json:"teardownMicroseconds"`
	// Failure is the helper's own.
	Failure *struct {
		Code int    `json:"code"`
		Msg  string `json:"msg"`
	} `json:"error"`
	// Logged is when the daemon wrote it, to the second; zero where it wrote
	// other lines at the same time.
	Logged time.Time `json:"-"`
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

// stamp is what the daemon puts in front of a line, in a write of its own: with
// many lines at a time it may stand in front of another's.
var stamp = regexp.MustCompile(`(\d{4}-\d\d-\d\dT[\d:]+(?:Z|[-+][\d:]+)) \[verbose\] $`)

// parseReports finds the reports in a daemon's log, where each is quoted.
func parseReports(log string) ([]Report, error) {
	var reports []Report
	before, rest, found := strings.Cut(log, reportMark)
	for found {
		r, err := parseReport(rest)
		if err != nil {
			return nil, err
		}
		if match := stamp.FindStringSubmatch(before[strings.LastIndexByte(before, '\n')+1:]); match != nil {
			if r.Logged, err = time.Parse(time.RFC3339, match[1]); err != nil {
				return nil, err
			}
		}
		reports = append(reports, r)
		before, rest, found = strings.Cut(rest, reportMark)
	}
	return reports, nil
}

func parseReport(text string) (r Report, err error) {
	line, _, _ := strings.Cut(text, "\n")
	_, rest, _ := strings.Cut(line, ": ")
	quoted, err := strconv.QuotedPrefix(rest)
	if err == nil {
		quoted, err = strconv.Unquote(quoted)
	}
	if err != nil {
		return r, fmt.Errorf("a report is not quoted: %s", line)
	}
	if err := json.Unmarshal([]byte(quoted), &r); err != nil {
		return r, fmt.Errorf("a report is no JSON: %s", line)
	}
	return r, nil
}
