// SPDX-License-Identifier: Apache-2.0

//go:build soak

package suite

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/scan"
)

// The shortest life that the API server grants, and how often there is an ADD.
const (
	soakLifetime = 600
	soakPause    = 10 * time.Second
)

// A token ends, and no ADD fails: the next one is there in time, and the API
// server refuses the old one. SOAK_MINUTES says how long (15).
func TestSoak(t *testing.T) {
	minutes, err := strconv.Atoi(cmp.Or(os.Getenv("SOAK_MINUTES"), "15"))
	if err != nil || minutes*60 <= soakLifetime*13/10 {
		t.Fatalf("SOAK_MINUTES: a number of minutes, more than %d is expected", soakLifetime*13/10/60)
	}
	s := setAccountsOf(t, func(string) []account {
		return []account{{plugin: delegates.Curl, ca: kubeCA, needs: "update", lifetime: soakLifetime}}
	})
	body := s.posted("soak", delegates.Curl)
	mark := s.auditMark()
	token := s.storedToken(ruleOf(delegates.Curl))
	s.must(s.getPod(s.ctx, token), "use the token while it lives")
	adds := s.soak(body, time.Duration(minutes)*time.Minute)
	s.soaked(mark, token, adds)
}

// soak runs an ADD again and again, and counts.
func (s *scene) soak(body string, long time.Duration) (adds int) {
	s.Helper()
	tick := time.NewTicker(soakPause)
	defer tick.Stop()
	for end := time.Now().Add(long); time.Now().Before(end); {
		failed, err := bed.PostMany(s.ctx, "/delegate", []string{body}, 1)
		if err == nil && len(failed) > 0 {
			err = errors.New(failed[0])
		}
		s.must(err, "ADD %d", adds)
		adds++
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.Fatal(s.ctx.Err())
		}
	}
	return adds
}

func (s *scene) getPod(ctx context.Context, token string) error {
	client, err := bed.As(token)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Pods(s.namespace).Get(ctx, "soak", metav1.GetOptions{})
	return err
}

// soaked: each run had a token that lived, by the API server's own word there
// was one request for each of them, and the first one opens nothing any more.
func (s *scene) soaked(mark int64, first string, adds int) {
	s.Helper()
	claims, err := scan.ReadClaims([]byte(first))
	s.must(err, "read the first token")
	runs := s.runs("soak")
	s.joined(mark, delegates.Curl, runs[len(runs)-adds:])
	tokens := map[string]int{}
	for _, r := range runs {
		tokens[r.JTI]++
	}
	s.Logf("%d ADDs by token: %v", adds, tokens)
	if n := s.tokenRequests(mark)[delegates.Curl]; n < 1 || n > len(tokens) || tokens[claims.JTI] == 0 {
		s.Errorf("%d token requests for %d tokens after the first, %s", n, len(tokens)-1, claims.JTI)
	}
	s.must(bed.Until(s.ctx, "the first token to be refused", func(ctx context.Context) error {
		err := s.getPod(ctx, first)
		if apierrors.IsUnauthorized(err) {
			return nil
		}
		return errors.Join(errors.New("the API server still takes it"), err)
	}), "use the first token, which ended at %s", time.Unix(claims.ExpiresAt, 0))
}
