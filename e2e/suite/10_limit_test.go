// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"strings"
	"testing"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
	"multus-delegate-credentials/e2e/suite/testbed"
)

// Where Multus takes one request at a time, a DEL is behind an ADD that waits
// for a credential, and has its turn.
func TestConnectionLimit(t *testing.T) {
	s := newScene(t)
	config, err := accountsConfig([]account{{plugin: delegates.Reader, ca: kubeCA}}, s.namespace)
	s.must(err, "make the configuration")
	s.must(bed.Deploy(s.ctx, testbed.Deployment{Flavour: testbed.Patched, Propagation: manifests.HostToContainer,
		Plugins: []string{delegates.Reader}, Accounts: config,
		Config: map[string]any{"connectionLimit": 1}}), "deploy with one connection at a time")
	s.posted("limited", delegates.MinimalUnlisted)
	pod, err := bed.Pod(s.ctx, s.namespace, "limited")
	s.must(err, "read the pod")
	s.keepStoreEmpty()
	network := manifests.Network{Name: "reader", Config: map[string]any{"type": delegates.Reader}}
	add, del := s.request("ADD", pod.Name, string(pod.UID), network), s.request("DEL", pod.Name, string(pod.UID), network)
	added := make(chan map[int]string, 1)
	go func() { added <- s.post(add) }()
	s.must(bed.Until(s.ctx, "the ADD to wait", func(ctx context.Context) error {
		_, err := bed.Exec(ctx, "pgrep", "-f", "multus-delegate-exec.*"+delegates.Reader)
		if len(added) > 0 { // it has waited
			err = nil
		}
		return err
	}), "see the ADD wait")
	if failed := s.post(del); len(failed) > 0 {
		s.Errorf("DEL: %s", failed[0])
	}
	if failed := <-added; !strings.Contains(failed[0], "it has no valid credential for rule") {
		s.Errorf("ADD: %s", failed[0])
	}
	s.inTurn("limited")
}

func (s *scene) post(body string) (failed map[int]string) {
	s.Helper()
	failed, err := bed.PostMany(s.ctx, "/delegate", []string{body}, 1)
	if err != nil {
		s.Error(err)
	}
	return failed
}

// keepStoreEmpty stops the sidecar, which would say why there is nothing.
func (s *scene) keepStoreEmpty() {
	s.Helper()
	path, err := bed.StorePath(s.ctx)
	s.must(err, "find the store")
	s.Cleanup(func() {
		_, err := bed.Sh(context.WithoutCancel(s.ctx), `pkill -CONT -x multus-credenti`)
		s.must(err, "let the sidecar go on")
	})
	_, err = bed.Sh(s.ctx, `pkill -STOP -x multus-credenti; rm -rf `+path+`/*`)
	s.must(err, "empty the store")
}

// inTurn: the ADD was refused first, and the DEL ran then, without a credential.
func (s *scene) inTurn(pod string) {
	s.Helper()
	reports := s.reports(pod)
	if len(reports) != 2 || reports[0].Command != "ADD" || reports[0].Failure == nil || reports[0].Failure.Code != 11 ||
		reports[1].Command != "DEL" || reports[1].Source != "none" || reports[1].Failure != nil ||
		len(reports[1].Fallbacks) != 1 || !strings.Contains(reports[1].Fallbacks[0], "ran without a credential: ") {
		s.Errorf("%+v", reports)
	}
}
