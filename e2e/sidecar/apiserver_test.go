// SPDX-License-Identifier: Apache-2.0

package sidecar

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	tokenPath     = "/api/v1/namespaces/kube-system/serviceaccounts/userspace-cni/token"
	configMapPath = "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt"

	// What no message, file or log may ever show.
	secret = "s3cret"
	// The sidecar's own token, from the bootstrap kubeconfig.
	ownToken = secret + "-bootstrap"
)

// apiServer answers as an API server does, until a fault says otherwise.
type apiServer struct {
	*httptest.Server

	// By path; a fault answers all by itself.
	faults map[string]http.HandlerFunc

	mu       sync.Mutex
	requests []string // "METHOD path?query"
	refused  []string // what a real one would not have taken
	issued   int
}

func newAPIServer(t *testing.T, settings *tls.Config) *apiServer {
	s := &apiServer{faults: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.TLS = settings
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *apiServer) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

func (s *apiServer) refuse(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, fmt.Sprintf(format, args...))
}

// take forgets the requests up to now and returns them.
func (s *apiServer) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.requests
	s.requests = nil
	return all
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	fault := s.faults[r.URL.Path]
	s.mu.Unlock()
	if got := r.Header.Get("Authorization"); got != "Bearer "+ownToken {
		s.refuse("%s: an Authorization of %d bytes", r.URL, len(got))
	}
	if agent := r.UserAgent(); !strings.HasPrefix(agent, "multus-credential/") {
		s.refuse("%s: User-Agent %q", r.URL, agent)
	}
	switch {
	case fault != nil:
		fault(w, r)
	case r.Method == "GET" && r.URL.Path == configMapPath:
		answer(w, http.StatusOK, configMap(string(s.ca())))
	case r.Method == "POST" && r.URL.Path == tokenPath:
		s.token(w, r, claims(nil))
	default:
		fail(w, http.StatusNotFound, "NotFound", "there is no "+r.URL.Path)
	}
}

// token answers a TokenRequest, decoded strictly, with a JWT of those claims.
func (s *apiServer) token(w http.ResponseWriter, r *http.Request, claims map[string]any) {
	var request authenticationv1.TokenRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		s.refuse("the TokenRequest: %v", err)
	}
	ref := request.Spec.BoundObjectRef
	if ref == nil || ref.APIVersion != "v1" || ref.Kind != "Node" || ref.Name != "node-1" || ref.UID != "" {
		s.refuse("boundObjectRef %+v", ref)
	}
	if got := request.Spec.ExpirationSeconds; got == nil || *got != 3600 || r.Header.Get("Content-Type") != "application/json" {
		s.refuse("expirationSeconds %v, Content-Type %q", got, r.Header.Get("Content-Type"))
	}
	s.mu.Lock()
	s.issued++
	claims["jti"] = fmt.Sprintf("jti-%d", s.issued)
	s.mu.Unlock()
	answer(w, http.StatusCreated, tokenRequest(jwt(claims), time.Hour))
}

func configMap(ca string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "kube-root-ca.crt", Namespace: "kube-system"},
		Data:       map[string]string{"ca.crt": ca},
	}
}

func tokenRequest(token string, life time.Duration) *authenticationv1.TokenRequest {
	return &authenticationv1.TokenRequest{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest"},
		Status: authenticationv1.TokenRequestStatus{
			Token:               token,
			ExpirationTimestamp: metav1.NewTime(time.Now().Add(life).UTC()),
		},
	}
}

// claims are those of the account that the configuration names, with changes.
func claims(changes map[string]any) map[string]any {
	now := time.Now().Unix()
	all := map[string]any{
		"aud": []string{"https://kubernetes.default.svc"},
		"exp": now + 3600,
		"iat": now,
		"sub": "system:serviceaccount:kube-system:userspace-cni",
	}
	for key, value := range changes {
		all[key] = value
	}
	return all
}

func jwt(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	signature := []byte(strings.Repeat(secret+"..", 8)) // of 64 bytes, as ES256 has
	return encode([]byte(`{"alg":"ES256"}`)) + "." + encode(payload) + "." + encode(signature)
}

func answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(object)
}

func fail(w http.ResponseWriter, status int, reason, message string) {
	answer(w, status, &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure,
		Reason:   metav1.StatusReason(reason),
		Message:  message,
		Code:     int32(status),
	})
}
