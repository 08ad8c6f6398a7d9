// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var fenced = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")

// ReadmeBlock is the block of code of a section of the README that has the
// mark, so that what runs is what is documented. Just one may have it.
func ReadmeBlock(section, mark string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return "", err
	}
	_, body, _ := strings.Cut(string(text), "\n## "+section+"\n")
	body, _, _ = strings.Cut(body, "\n## ")
	var found []string
	for _, match := range fenced.FindAllStringSubmatch(body, -1) {
		if strings.Contains(match[1], mark) {
			found = append(found, match[1])
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d blocks of the README's section %q have %q", len(found), section, mark)
	}
	return found[0], nil
}
