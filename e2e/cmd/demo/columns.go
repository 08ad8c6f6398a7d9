// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

const columnWidth = 58

// sideBySide prints two texts as columns, each wrapped.
func sideBySide(leftTitle, left, rightTitle, right string) string {
	l, r := wrap(left, columnWidth), wrap(right, columnWidth)
	rule := strings.Repeat("-", columnWidth)
	l = append([]string{leftTitle, rule}, l...)
	r = append([]string{rightTitle, rule}, r...)
	var b strings.Builder
	for i := 0; i < max(len(l), len(r)); i++ {
		line := fmt.Sprintf("%-*s | %s", columnWidth, at(l, i), at(r, i))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks lines at spaces, or anywhere in a word that is too long.
func wrap(text string, width int) []string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		for len(line) > width {
			cut := strings.LastIndexByte(line[:width+1], ' ')
			if cut <= 0 {
				cut = width
			}
			lines = append(lines, strings.TrimRight(line[:cut], " "))
			line = strings.TrimLeft(line[cut:], " ")
		}
		lines = append(lines, line)
	}
	return lines
}
