// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

// A ConfigMap of the tests' own with an authority that the API server's
// certificate is not from, alone and beside the one that it is from.
const (
	caName    = "e2e-ca"
	caForeign = "foreign.crt"
	caBundle  = "bundle.crt"
)

func (s *scene) makeCAs() {
	s.Helper()
	foreign, err := makeCA()
	s.must(err, "make an authority")
	maps := bed.API.CoreV1().ConfigMaps(s.namespace)
	kube, err := bed.API.CoreV1().ConfigMaps(kubeCA.namespace).Get(s.ctx, kubeCA.name, metav1.GetOptions{})
	s.must(err, "read the cluster's authority")
	_, err = maps.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: caName},
		Data: map[string]string{caForeign: foreign, caBundle: foreign + kube.Data[kubeCA.key]}}, metav1.CreateOptions{})
	s.must(err, "make the ConfigMap")
}

func makeCA() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "of the tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), err
}

// configMapCA: a delegate trusts what its rule says, and not what the daemon
// does; what the ConfigMap lacks is named on the pod.
func configMapCA(s *scene) {
	mark := s.auditMark()
	for name, plugin := range map[string]string{
		"bundle": delegates.Bundle, "foreign": delegates.Foreign, "missing": delegates.Missing} {
		s.start(name, manifests.Network{Name: name, Config: map[string]any{"type": plugin}})
	}
	_, err := bed.Running(s.ctx, s.namespace, "bundle")
	s.must(err, "trust both authorities")
	s.eventNames("foreign", "certificate signed by unknown authority")
	s.eventNames("missing", "absent.crt", caName, s.namespace)
	events, err := bed.Audit(s.ctx, mark)
	s.must(err, "read the audit log")
	for _, e := range events {
		if e.User.Username == userOf(delegates.Foreign) {
			s.Errorf("the delegate went on without trust: %s", e)
		}
	}
}
