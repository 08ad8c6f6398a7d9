// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"multus-delegate-credentials/e2e/cluster"
)

// AuditEvent is one request in the API server's audit log, as far as a test asks.
type AuditEvent struct {
	Verb string `json:"verb"`
	User struct {
		Username string              `json:"username"`
		Extra    map[string][]string `json:"extra"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
	Received    time.Time         `json:"requestReceivedTimestamp"`
}

// How Kubernetes names a token's identifier, where it is used and where issued.
const (
	credentialID       = "authentication.kubernetes.io/credential-id"
	issuedCredentialID = "authentication.kubernetes.io/issued-credential-id"
	nodeName           = "authentication.kubernetes.io/node-name"
	jtiPrefix          = "JTI="
)

// JTI identifies the token that the request came with; "" for another credential.
func (e AuditEvent) JTI() string {
	if id, found := strings.CutPrefix(first(e.User.Extra[credentialID]), jtiPrefix); found {
		return id
	}
	return ""
}

// BoundNode is the node that the request's token is bound to.
func (e AuditEvent) BoundNode() string {
	return first(e.User.Extra[nodeName])
}

// IssuedJTI identifies the token that the request has got.
func (e AuditEvent) IssuedJTI() string {
	return strings.TrimPrefix(e.Annotations[issuedCredentialID], jtiPrefix)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// IsTokenRequest is whether it asks for a token of an account.
func (e AuditEvent) IsTokenRequest() bool {
	return e.Verb == "create" && e.ObjectRef.Resource == "serviceaccounts" && e.ObjectRef.Subresource == "token"
}

func (e AuditEvent) String() string {
	return fmt.Sprintf("%s %s/%s %s/%s by %s: %d", e.Verb, e.ObjectRef.Resource, e.ObjectRef.Subresource,
		e.ObjectRef.Namespace, e.ObjectRef.Name, e.User.Username, e.ResponseStatus.Code)
}

// AuditMark is where the audit log ends now.
func (b *Bed) AuditMark(ctx context.Context) (int64, error) {
	out, _, err := b.Cluster.Exec(ctx, b.Cluster.Nodes()[0], nil, "stat", "--format=%s", cluster.AuditLog)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
}

// Audit is what the log has behind the mark. An event is written when its
// request has been answered, which its client may see first.
func (b *Bed) Audit(ctx context.Context, mark int64) ([]AuditEvent, error) {
	out, _, err := b.Cluster.Exec(ctx, b.Cluster.Nodes()[0], nil,
		"tail", fmt.Sprintf("--bytes=+%d", mark+1), cluster.AuditLog)
	if err != nil {
		return nil, err
	}
	return parseAudit(string(out))
}

// parseAudit reads whole lines; the last may be in the making.
func parseAudit(text string) ([]AuditEvent, error) {
	var events []AuditEvent
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		var e AuditEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("the audit log has %q: %w", line, err)
		}
		events = append(events, e)
	}
	return events, nil
}
