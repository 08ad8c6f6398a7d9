// SPDX-License-Identifier: Apache-2.0

package sidecar

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestGood(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	for n := 1; n <= 2; n++ {
		if ok, output := w.run(t); !ok || strings.Contains(output, secret) {
			t.Fatalf("run %d: %s", n, output)
		}
		want := []string{"GET " + configMapPath, "POST " + tokenPath}
		if got := w.server.take(); !slices.Equal(got, want) {
			t.Errorf("asked %q", got)
		}
		if state := w.state(t); !strings.Contains(state, fmt.Sprintf(`"jti":"jti-%d"`, n)) ||
			!strings.Contains(state, `"account":"kube-system/userspace-cni"`) ||
			!strings.Contains(state, string(w.server.ca())) || !strings.Contains(state, "\nkube-system\n") {
			t.Errorf("the store: %s", state)
		}
	}
	if w.server.refused != nil {
		t.Errorf("an API server would have refused: %q", w.server.refused)
	}
}

// A node that is being made anew.
func TestConflictPasses(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	var asked atomic.Int32
	w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			fail(rw, http.StatusConflict, "Conflict", "deleted and then recreated")
			return
		}
		w.server.token(rw, r, claims(nil))
	}
	if ok, output := w.run(t); !ok || w.note(t) != nil || !strings.Contains(w.state(t), "jti-1") {
		t.Fatal(output)
	}
	if w.server.refused != nil {
		t.Errorf("an API server would have refused: %q", w.server.refused)
	}
	want := []string{"GET " + configMapPath, "POST " + tokenPath, "POST " + tokenPath}
	if got := w.server.take(); !slices.Equal(got, want) {
		t.Errorf("asked %q", got)
	}
}

// What the type says besides does not matter.
func TestTypeHasParameters(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	w.server.faults[tokenPath] = typed("Application/JSON; charset=utf-8", tokenRequest(wholeJWT, time.Hour))
	if ok, output := w.run(t); !ok || w.note(t) != nil || !strings.Contains(w.state(t), wholeJWT) {
		t.Error(output)
	}
}

// Each generation has the CA of its time beside its token.
func TestCARotates(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	if ok, output := w.run(t); !ok {
		t.Fatal(output)
	}
	next := otherCA(t)
	w.server.faults[configMapPath] = func(rw http.ResponseWriter, _ *http.Request) { answer(rw, 200, configMap(next)) }
	if ok, output := w.run(t); !ok {
		t.Fatal(output)
	}
	if state := w.state(t); !strings.Contains(state, `"jti":"jti-2"`) || !strings.Contains(state, next) ||
		strings.Contains(state, string(w.server.ca())) {
		t.Errorf("the store: %s", state)
	}
}

// An answer that comes late, and then little by little, is an answer.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newAPIServer(t, nil))
	w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
		whole := httptest.NewRecorder()
		w.server.token(whole, r, claims(nil))
		time.Sleep(2 * time.Second)
		rw.Header().Set("Content-Type", whole.Header().Get("Content-Type"))
		rw.WriteHeader(whole.Code)
		for part := range slices.Chunk(whole.Body.Bytes(), 1+whole.Body.Len()/20) {
			rw.Write(part)
			rw.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	}
	if ok, output := w.run(t); !ok || w.note(t) != nil || !strings.Contains(w.state(t), `"jti":"jti-1"`) {
		t.Error(output)
	}
}

// body answers 201 with just these bytes.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, text)
	}
}

func status(code int, reason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fail(w, code, reason, message) }
}

// object answers 201 with a TokenRequest's answer of that token.
func object(token string, life time.Duration) http.HandlerFunc {
	text, _ := json.Marshal(tokenRequest(token, life))
	return body(string(text))
}

// typed answers 201 with the object, of that Content-Type; "": without one.
func typed(contentType string, object any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil // Go would guess one
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(object)
	}
}

// endless writes until the connection is gone.
func endless(chunk []byte, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		for r.Context().Err() == nil {
			w.Write(chunk)
			w.(http.Flusher).Flush()
			time.Sleep(pause)
		}
	}
}

// raw writes these bytes in place of an answer, again and again.
func raw(first string, again string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, err = io.WriteString(conn, first)
		for err == nil && again != "" {
			_, err = io.WriteString(conn, again)
		}
	}
}

var wholeJWT = jwt(claims(nil))

const (
	inJSON       = "let the API server, and what is between it and this program, answer in JSON: "
	aCertificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
)

var faults = []struct {
	name  string
	path  string
	fault http.HandlerFunc
	code  int
	says  []string
}{
	{"401", tokenPath, status(401, "Unauthorized", "Unauthorized"), 103,
		[]string{"let the API server know the account", "create serviceaccounts/token 'userspace-cni' in namespace 'kube-system'"}},
	{"403", tokenPath, status(403, "Forbidden", "forbidden: User cannot create"), 103,
		[]string{"run 'multus-credential rbac --config=", "/config.json | kubectl apply -f -'",
			"create serviceaccounts/token 'userspace-cni' in namespace 'kube-system'", "Forbidden"}},
	{"403 for the config map", configMapPath, status(403, "Forbidden", "no"), 103,
		[]string{"multus-credential rbac", "get configmaps 'kube-root-ca.crt' in namespace 'kube-system'"}},
	{"404 for the node", tokenPath, status(404, "NotFound", `nodes "node-1" not found`), 103,
		[]string{"create what is missing", `nodes "node-1" not found`}},
	{"404", tokenPath, status(404, "NotFound", `serviceaccounts "userspace-cni" not found`), 103,
		[]string{"create what is missing", `serviceaccounts "userspace-cni" not found`}},
	{"404 for the config map", configMapPath, status(404, "NotFound", "no"), 103,
		[]string{"get configmaps 'kube-root-ca.crt' in namespace 'kube-system'"}},
	{"409", tokenPath, status(409, "Conflict", "the UID does not match"), 103, []string{"409", "the UID does not match"}},
	{"422", tokenPath, status(422, "Invalid", "expirationSeconds: Invalid value"), 103,
		[]string{"correct the rule in", "expirationSeconds: Invalid value"}},
	{"429", tokenPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		fail(w, 429, "TooManyRequests", "slow down")
	}, 11, []string{"wait for the API server", "slow down"}},
	{"500", tokenPath, status(500, "InternalError", "etcd"), 11, []string{"wait for the API server", "etcd"}},
	{"503 of a proxy", tokenPath, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(503)
		io.WriteString(w, "<html>"+secret+"</html>")
	}, 11, []string{"HTTP status 503"}},
	{"a status that echoes", tokenPath, status(403, "Forbidden", "cannot use "+wholeJWT), 103, []string{"cannot use [hidden]"}},
	{"hang", tokenPath, endless(nil, time.Second), 11, []string{"wait for the API server at https://"}},
	{"drip", tokenPath, endless([]byte(" "), time.Second), 11, []string{"wait for the API server at https://"}},
	{"gigabytes", tokenPath, endless(bytes.Repeat([]byte(" "), 1<<16), 0), 11, []string{"more came back"}},
	{"gigabytes of headers", tokenPath, raw("HTTP/1.1 201 Created\r\n", "X: "+strings.Repeat("x", 1000)+"\r\n"), 11,
		[]string{"more came back"}},
	{"100 Continue for ever", tokenPath, raw("", "HTTP/1.1 100 Continue\r\n\r\n"), 11, []string{"more came back"}},
	{"no HTTP", tokenPath, raw("\x16\x03\x01"+secret, ""), 11, []string{"wait for the API server at https://"}},
	{"cut", tokenPath, raw("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{", ""), 11,
		[]string{"wait for the API server at https://"}},
	{"garbage", tokenPath, body("\x00\xff{" + secret), 11, []string{"no TokenRequest"}},
	{"nothing", tokenPath, body(""), 11, []string{"no TokenRequest"}},
	{"204", tokenPath, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, 11, []string{"HTTP status 204"}},
	{"deep nesting", tokenPath, body(strings.Repeat("[", 500000) + strings.Repeat("]", 500000)), 11, []string{"no TokenRequest"}},
	{"many values", tokenPath, body("[" + strings.Repeat("{},", 500000) + "{}]"), 11, []string{"no TokenRequest"}},
	{"another kind", tokenPath, body(`{"apiVersion":"v1","kind":"Secret"}`), 11, []string{"no TokenRequest"}},
	{"HTML", tokenPath, typed("text/html", tokenRequest(wholeJWT, time.Hour)), 11,
		[]string{inJSON, "HTTP status 201 came with Content-Type text/html: create serviceaccounts/token"}},
	{"HTML for the config map", configMapPath, typed("text/html", configMap(aCertificate)), 11,
		[]string{inJSON, "came with Content-Type text/html: get configmaps 'kube-root-ca.crt'"}},
	{"protobuf", tokenPath, typed("application/vnd.kubernetes.protobuf", tokenRequest(wholeJWT, time.Hour)), 11,
		[]string{inJSON, "came with Content-Type application/vnd.kubernetes.protobuf: "}},
	{"no type", tokenPath, typed("", tokenRequest(wholeJWT, time.Hour)), 11, []string{inJSON, "came without a Content-Type: "}},
	{"a type that is a token", tokenPath, typed("text/html; "+wholeJWT, tokenRequest(wholeJWT, time.Hour)), 11,
		[]string{inJSON, "came with Content-Type text/html; [hidden]: "}},
	{"an empty token", tokenPath, object("", time.Hour), 11, []string{"empty"}},
	{"a truncated token", tokenPath, object(wholeJWT[:len(wholeJWT)-1], time.Hour), 11, []string{"cut off"}},
	{"a token without signature", tokenPath, object(wholeJWT[:strings.LastIndex(wholeJWT, ".")], time.Hour), 11,
		[]string{"cut off"}},
	{"another account", tokenPath, object(jwt(claims(map[string]any{"sub": "system:serviceaccount:kube-system:" + secret})), time.Hour),
		11, []string{"another account"}},
	{"a header in a token", tokenPath, object("x\r\nX-"+secret+": y", time.Hour), 11, []string{"no token"}},
	{"an expired token", tokenPath, object(wholeJWT, -time.Minute), 11, []string{"clocks"}},
	{"a huge token", tokenPath, object(strings.Repeat(secret, 20000), time.Hour), 11, []string{"too long"}},
	{"a config map without the key", configMapPath, func(w http.ResponseWriter, r *http.Request) {
		m := configMap("")
		m.Data = map[string]string{"other": "x"}
		answer(w, 200, m)
	}, 102, []string{"the key 'ca.crt' to the ConfigMap kube-system/kube-root-ca.crt"}},
	{"a config map without a certificate", configMapPath, func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, configMap("hello"))
	}, 102, []string{"a PEM certificate into the key 'ca.crt'"}},
}

// Whatever comes back: it is refused, said and noted, the last good generation
// stays, and nothing secret is shown.
func TestFaults(t *testing.T) {
	if len(faults) < 30 {
		t.Fatal("cases are missing")
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, newAPIServer(t, nil))
			if ok, output := w.run(t); !ok || w.note(t) != nil {
				t.Fatalf("without a fault: %s", output)
			}
			before := w.state(t)
			w.server.faults[f.path] = f.fault
			w.expectFailure(t, f.code, f.says)
			if w.state(t) != before {
				t.Error("the last good generation is gone")
			}
			delete(w.server.faults, f.path)
			if ok, output := w.run(t); !ok || w.note(t) != nil || w.state(t) == before {
				t.Errorf("afterwards: %s", output)
			}
		})
	}
}

func (w *world) expectFailure(t *testing.T, code int, says []string) {
	t.Helper()
	ok, output := w.run(t)
	note := w.note(t)
	if ok || note == nil || note.Code != code {
		t.Fatalf("success %t, note %+v: %s", ok, note, output)
	}
	for _, text := range says {
		if !strings.Contains(output, text) || !strings.Contains(note.Message, text) {
			t.Errorf("%q is not said: %s%s", text, output, note.Message)
		}
	}
	if strings.Contains(output+note.Message, secret) || strings.Contains(output+note.Message, "eyJ") {
		t.Errorf("a secret is said: %s%s", output, note.Message)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var reached atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer other.Close()
	w := newWorld(t, newAPIServer(t, nil))
	w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, other.URL+tokenPath, http.StatusTemporaryRedirect)
	}
	w.expectFailure(t, 11, []string{"HTTP status 307"})
	if reached.Load() != 0 {
		t.Error("it was followed")
	}
}

// otherCA makes one that signed nothing.
func otherCA(t *testing.T) string {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Who is not the API server is told nothing.
func TestServerIsProved(t *testing.T) {
	for name, settings := range map[string]*tls.Config{
		"another CA": nil,
		"old TLS":    {MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10},
		"other name": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newAPIServer(t, settings))
			says := "wait for the API server at https://"
			switch name {
			case "another CA":
				w.write(t, "ca.crt", otherCA(t))
				says = "put the CA of https://"
			case "other name":
				// In the certificate stands 127.0.0.1; both are resolved alike.
				w.write(t, "kubeconfig", fmt.Sprintf(kubeconfig, strings.Replace(w.server.URL, "127.0.0.1", "localhost", 1)))
				says = "localhost"
			}
			w.expectFailure(t, 11, []string{says})
			if got := w.server.take(); got != nil {
				t.Errorf("asked %q", got)
			}
		})
	}
}

func TestServerIsDown(t *testing.T) {
	w := newWorld(t, newAPIServer(t, nil))
	w.server.Close()
	w.expectFailure(t, 11, []string{"wait for the API server at " + w.server.URL})
}

// It takes connections and says nothing.
func TestServerIsSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	w := newWorld(t, newAPIServer(t, nil))
	w.write(t, "kubeconfig", fmt.Sprintf(kubeconfig, "https://"+listener.Addr().String()))
	w.expectFailure(t, 11, []string{"wait for the API server at https://"})
}

func TestOwnFiles(t *testing.T) {
	for name, content := range map[string]string{
		"token":  secret + "\r\nX-" + secret + ": y",
		"ca.crt": "",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newAPIServer(t, nil))
			w.write(t, name, content)
			ok, output := w.run(t)
			if ok || !strings.Contains(output, w.dir+"/"+name) || strings.Contains(output, secret) {
				t.Errorf("success %t: %s", ok, output)
			}
			if got := w.server.take(); got != nil {
				t.Errorf("asked %q", got)
			}
		})
	}
}
