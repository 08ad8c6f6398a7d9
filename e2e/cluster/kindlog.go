// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/log"
)

// kindLogger turns what kind says into progress lines: plain text, and without
// the warnings about the engine and the network, which are our choice.
type kindLogger struct{ p *progress }

func (l kindLogger) Warn(message string) {
	for _, expected := range []string{"experimental podman provider",
		"_NETWORK", "dragons", "cgroup v1 is deprecated"} {
		if strings.Contains(message, expected) {
			return
		}
	}
	l.say(message)
}

func (l kindLogger) Warnf(format string, args ...any) {
	l.Warn(fmt.Sprintf(format, args...))
}

func (l kindLogger) Error(message string) { l.say(message) }

func (l kindLogger) Errorf(format string, args ...any) {
	l.say(fmt.Sprintf(format, args...))
}

func (l kindLogger) V(level log.Level) log.InfoLogger {
	return kindInfo{l, level == 0}
}

func (l kindLogger) say(message string) {
	if plain := plainText(message); plain != "" {
		l.p.sayf("kind: %s", plain)
	}
}

// kindInfo is one level of verbosity.
type kindInfo struct {
	kindLogger
	enabled bool
}

func (i kindInfo) Info(message string) {
	if i.enabled && !strings.Contains(message, "✓") {
		i.say(message)
	}
}

func (i kindInfo) Infof(format string, args ...any) {
	i.Info(fmt.Sprintf(format, args...))
}

func (i kindInfo) Enabled() bool { return i.enabled }

// plainText keeps the ASCII of a line and single spaces.
func plainText(message string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, message)
	return strings.TrimSuffix(strings.Join(strings.Fields(ascii), " "), " ...")
}
