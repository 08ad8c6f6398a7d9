// SPDX-License-Identifier: Apache-2.0

package testbed

import "testing"

func TestParseAudit(t *testing.T) {
	const issued = `{"kind":"Event","verb":"create","user":{"username":"system:serviceaccount:kube-system:multus","extra":` +
		`{"authentication.kubernetes.io/credential-id":["JTI=a"],"authentication.kubernetes.io/node-name":["n"]}},` +
		`"objectRef":{"resource":"serviceaccounts","namespace":"kube-system","name":"x","subresource":"token"},` +
		`"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-01-01T00:00:00.5Z",` +
		`"annotations":{"authentication.kubernetes.io/issued-credential-id":"JTI=b"}}` + "\n"
	const used = `{"verb":"get","user":{"username":"admin","extra":` +
		`{"authentication.kubernetes.io/credential-id":["X509SHA256=c"]}},"objectRef":{"resource":"pods"}}` + "\n"
	events, err := parseAudit(issued + used + `{"verb":"ge`)
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	e := events[0]
	if e.JTI() != "a" || e.IssuedJTI() != "b" || e.BoundNode() != "n" || !e.IsTokenRequest() || e.Received.IsZero() {
		t.Errorf("%+v", e)
	}
	if e = events[1]; e.JTI() != "" || e.IssuedJTI() != "" || e.BoundNode() != "" || e.IsTokenRequest() {
		t.Errorf("%+v", e)
	}
	if _, err := parseAudit("{\n"); err == nil {
		t.Error("half an event was taken")
	}
}
