// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"multus-delegate-credentials/e2e/delegates"
)

// PostMany sends requests to the socket of the daemon on the tests' node, so
// many at a time, and returns the errors by the number of their request.
func (b *Bed) PostMany(ctx context.Context, path string, bodies []string, atOnce int) (map[int]string, error) {
	out, _, err := b.Cluster.Exec(ctx, b.Node, strings.NewReader(strings.Join(bodies, "\n")),
		delegates.Nodescan, "many", First.socket, path, strconv.Itoa(atOnce))
	if err != nil {
		return nil, err
	}
	failed := map[int]string{}
	for line := range strings.Lines(string(out)) {
		number, message, _ := strings.Cut(strings.TrimSpace(line), " ")
		i, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("nodescan many: %q", line)
		}
		failed[i] = message
	}
	return failed, nil
}
