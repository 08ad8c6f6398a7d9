// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/scan"
)

// What one rule's token is for and bound to; the others' are for the API server
// and bound to the node.
const (
	boundAudience = "e2e-audience"
	boundSecret   = "e2e-bound"
)

func (s *scene) makeBoundSecret() {
	s.Helper()
	secrets := bed.API.CoreV1().Secrets("kube-system")
	_, err := secrets.Create(s.ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: boundSecret}}, metav1.CreateOptions{})
	s.must(err, "make the Secret")
	s.Cleanup(func() {
		err := secrets.Delete(context.WithoutCancel(s.ctx), boundSecret, metav1.DeleteOptions{})
		if !apierrors.IsNotFound(err) {
			s.must(err, "delete the Secret")
		}
	})
}

// bound: a token is for the audience that its rule names, and ends with the Secret
// that it is bound to.
func bound(s *scene) {
	token := s.storedToken(ruleOf(delegates.Distant))
	claims, err := scan.ReadClaims([]byte(token))
	s.must(err, "read the token")
	if !slices.Equal(claims.Audience, []string{boundAudience}) || claims.Kubernetes.Secret.Name != boundSecret {
		s.Errorf("the token is for %q and bound to the Secret %q", claims.Audience, claims.Kubernetes.Secret.Name)
	}
	s.becomes(true, token, boundAudience)
	s.becomes(false, token, "")
	s.must(bed.API.CoreV1().Secrets("kube-system").Delete(s.ctx, boundSecret, metav1.DeleteOptions{}), "delete the Secret")
	s.becomes(false, token, boundAudience)
}

// becomes waits until the API server calls the token good, or not, for an
// audience; "": its own.
func (s *scene) becomes(good bool, token, audience string) {
	s.Helper()
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
	if audience != "" {
		review.Spec.Audiences = []string{audience}
	}
	s.must(bed.Until(s.ctx, "the API server to judge the token", func(ctx context.Context) error {
		got, err := bed.API.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
		if err == nil && got.Status.Authenticated != good {
			err = fmt.Errorf("for %q it is good: %t", audience, !good)
		}
		return err
	}), "review the token")
}
