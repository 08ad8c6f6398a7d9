// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// name is any text without a NUL.
func (m *maker) name() string {
	var b strings.Builder
	for b.Len() == 0 || !m.chance(8) {
		switch m.IntN(4) {
		case 0:
			b.WriteRune(rune(1 + m.IntN(0x7f)))
		case 1:
			b.WriteRune(rune(0x80 + m.IntN(0xd800-0x80)))
		case 2:
			b.WriteRune(rune(0xe000 + m.IntN(0x110000-0xe000)))
		default:
			b.WriteString(pick(m, []string{": ", " #", "\n", "'", "\"", "\\", "- ", "---\n", "\u0085", "\ufeff",
				"\ufffe", "yes", "~", "1e3", "{{", "%", "!!x", "&a", "*a", "null", "\t"}))
		}
	}
	return b.String()
}

// client-go reads back what the kubeconfig was made from.
func TestKubeconfig(t *testing.T) {
	d := newDriver(t)
	m := &maker{Rand: seeded(t)}
	dir := t.TempDir()
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.crt")
	for _, file := range []string{token, ca} {
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 5000 {
		context, namespace := m.name(), pick(m, []string{"kube-system", "1", "true", "null", "1e3"})
		host, port := pick(m, []string{"10.96.0.1", "fd00::1", "::", "kubernetes.default.svc"}), pick(m, []string{"1", "443", "65535"})
		code, text := d.call(t, "kubeconfig", host, port, context, namespace, token, ca)
		if code != 0 {
			t.Fatalf("code %d, %s", code, text)
		}
		config, err := clientcmd.Load([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		client := clientcmd.NewDefaultClientConfig(*config, &clientcmd.ConfigOverrides{})
		rest, err := client.ClientConfig()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		gotNamespace, _, err := client.Namespace()
		if config.CurrentContext != context || config.Contexts[context] == nil || gotNamespace != namespace || err != nil {
			t.Fatalf("context %q, namespace %q, %v, of\n%s", config.CurrentContext, gotNamespace, err, text)
		}
		if want := "https://" + net.JoinHostPort(host, port); rest.Host != want || rest.BearerTokenFile != token || rest.CAFile != ca {
			t.Fatalf("%s, %s, %s of\n%s", rest.Host, rest.BearerTokenFile, rest.CAFile, text)
		}
	}
}
