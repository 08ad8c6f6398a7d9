// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"
)

// Stock Multus fails in the way multus#1258 reports: where the delegate looks,
// in the host's root, there is no service account.
func TestStockFailsAsReported(t *testing.T) {
	s := setScene(t, stock)
	missing := map[string]string{
		"clientgo": "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
		"curl":     "open /var/run/secrets/kubernetes.io/serviceaccount/token: No such file or directory",
		"ipam":     "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
		// kubectl without the directory takes its built-in default.
		"shell": "The connection to the server localhost:8080 was refused",
	}
	for name, network := range networks() {
		s.start(name, network)
	}
	for name, text := range missing {
		t.Run(name, func(t *testing.T) {
			if _, err := bed.Event(s.ctx, s.namespace, name, text); err != nil {
				t.Error(err)
			}
		})
	}
}
