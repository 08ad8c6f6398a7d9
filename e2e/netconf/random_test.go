// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// maker makes up network configurations as nobody would write them.
type maker struct {
	*rand.Rand
	strings.Builder
}

// makeConf returns a document that is an object and, mostly, one that Go
// takes.
func makeConf(r *rand.Rand) string {
	m := &maker{Rand: r}
	m.space()
	m.object(0)
	m.space()
	doc := m.String()
	if m.chance(10) {
		doc = m.damage(doc)
	}
	return doc
}

// chance is true in one of n cases.
func (m *maker) chance(n int) bool { return m.IntN(n) == 0 }

func pick[T any](m *maker, from []T) T { return from[m.IntN(len(from))] }

func (m *maker) damage(doc string) string {
	at := m.IntN(len(doc))
	switch m.IntN(3) {
	case 0:
		return doc[:at]
	case 1:
		return doc[:at] + doc[at+1:]
	default:
		return doc[:at] + pick(m, []string{",", "\"", "{", "]", "\x00", "\\", "7"}) + doc[at:]
	}
}

func (m *maker) space() {
	for m.chance(3) {
		m.WriteString(pick(m, []string{" ", "\t", "\r", "\n", "  "}))
	}
}

var parents = []string{"ipam", "delegate", "kubernetes", "policy", "a", "b", "c", "d", "e", "f", "g"}

var leaves = []string{"kubeconfig", "kubeconfig", "k8s_api_root", "k8s_config", "h", "type", "name",
	"cniVersion", "prevResult", "args", "mtu", "configuration_path", "etcd_endpoints", "x", ""}

func (m *maker) object(depth int) {
	m.WriteByte('{')
	m.space()
	for i := range m.IntN(6) {
		if i > 0 {
			m.WriteByte(',')
			m.space()
		}
		m.member(depth)
		m.space()
	}
	m.WriteByte('}')
}

func (m *maker) member(depth int) {
	isParent := m.chance(2)
	name := pick(m, leaves)
	if isParent {
		name = pick(m, parents)
	}
	m.key(name)
	m.space()
	m.WriteByte(':')
	m.space()
	if isParent && depth < 9 && !m.chance(40) {
		m.object(depth + 1)
	} else {
		m.value(depth + 1)
	}
}

// key writes a name as it is, or as only Go still takes it for that name, or
// with something behind it.
func (m *maker) key(name string) {
	m.WriteByte('"')
	plain := m.chance(2)
	for _, c := range name {
		if plain {
			m.WriteRune(c)
		} else {
			m.letter(c)
		}
	}
	if m.chance(20) {
		m.text()
	}
	m.WriteByte('"')
}

func (m *maker) letter(c rune) {
	if m.chance(4) {
		c = []rune(strings.ToUpper(string(c)))[0]
	}
	if m.chance(4) {
		switch c {
		case 'k', 'K':
			c = '\u212a'
		case 's', 'S':
			c = '\u017f'
		}
	}
	switch {
	case !m.chance(6):
		m.WriteRune(c)
	case m.chance(2):
		fmt.Fprintf(m, "\\u%04x", c)
	default:
		fmt.Fprintf(m, "\\u%04X", c)
	}
}

var pieces = []string{"a", "/etc/cni", " ", "é", "\u2028", "😀", "\xff", "\xc3", "\xed\xa0\x80", "\x7f",
	`\"`, `\\`, `\/`, `\b`, `\n`, `\u0000`, `\ud800`, `\udc00`, `\ud83d\ude00`, `\uFFFF`, "}", "]", ",", ":"}

func (m *maker) text() {
	for !m.chance(3) {
		m.WriteString(pick(m, pieces))
	}
}

var words = []string{"true", "false", "null", "0", "-0", "1.50", "1e400", "-1.5E-07", "18446744073709551616",
	"1500", "0.1000000000000000055511151231257827", "1E+2"}

func (m *maker) value(depth int) {
	switch kind := m.IntN(10); {
	case kind < 4:
		m.WriteString(pick(m, words))
	case kind < 7:
		m.WriteByte('"')
		m.text()
		m.WriteByte('"')
	case m.chance(3000):
		m.deep()
	case depth >= 9:
		m.WriteString("[]")
	case kind < 9:
		m.object(depth + 1)
	default:
		m.array(depth + 1)
	}
}

func (m *maker) array(depth int) {
	m.WriteByte('[')
	for i := range m.IntN(4) {
		if i > 0 {
			m.WriteByte(',')
		}
		m.space()
		m.value(depth)
		m.space()
	}
	m.WriteByte(']')
}

// deep is about as deep as Go goes, or deeper.
func (m *maker) deep() {
	n := pick(m, []int{20, 1000, 9980, 10001})
	m.WriteString(strings.Repeat(`[{"kubeconfig":`, n/2) + "1" + strings.Repeat("}]", n/2))
}
