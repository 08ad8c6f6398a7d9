// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// proxy is what a sidecar takes for the API server: it hands on to the real one
// until a fault answers in its place.
type proxy struct {
	through *httputil.ReverseProxy
	address string

	listener *net.TCPListener
	server   *httptest.Server

	mu            sync.Mutex
	fault         http.HandlerFunc
	ended         chan struct{} // closed where there is no fault (any more)
	authorization string        // of the last request
}

// proxies is how many there were. Each has an address of its own, so that nobody
// takes its port while it is closed.
var proxies atomic.Int64

func newProxy(t *testing.T, target *url.URL, ca []byte) *proxy {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	n := proxies.Add(1)
	p := &proxy{through: httputil.NewSingleHostReverseProxy(target)}
	p.address = net.JoinHostPort(net.IPv4(127, 77, byte(n>>8), byte(n)).String(), "0")
	p.through.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(func() {
		p.lift()
		p.close()
		p.through.Transport.(*http.Transport).CloseIdleConnections()
	})
	return p
}

// open serves, at the same address always, by a new CA, which it returns.
func (p *proxy) open(t *testing.T) []byte {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	certificate := newCertificate(t, listener.Addr().(*net.TCPAddr).IP)
	p.address, p.listener = listener.Addr().String(), listener.(*net.TCPListener)
	p.server = httptest.NewUnstartedServer(p)
	p.server.Listener.Close()
	p.server.Listener = listener
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0) // of what the faults do
	p.server.StartTLS()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
}

func (p *proxy) close() {
	if p.server == nil {
		return
	}
	stopListening(p.listener)
	p.server.CloseClientConnections()
	p.server.Close()
}

// stopListening frees the port at once: a child between fork and exec has the
// socket too, and would go on listening for a moment after we have closed it.
func stopListening(l *net.TCPListener) {
	if c, err := l.SyscallConn(); err == nil {
		c.Control(func(fd uintptr) { syscall.Shutdown(int(fd), syscall.SHUT_RD) })
	}
}

func newCertificate(t *testing.T, of net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "proxy"}, IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{of}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (p *proxy) impose(fault http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.ended = fault, make(chan struct{})
}

// lift ends the fault, also for the requests that it holds.
func (p *proxy) lift() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault != nil {
		p.fault = nil
		close(p.ended)
	}
}

func (p *proxy) lastAuthorization() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.authorization
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	fault := p.fault
	p.authorization = r.Header.Get("Authorization")
	p.mu.Unlock()
	if fault == nil {
		fault = p.through.ServeHTTP
	}
	fault(w, r)
}

// answer is a fault that says just this.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// hangUp is a fault that ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler)
}

// drip is a fault that never comes to an end, some text at a time; without a
// text it says nothing at all.
func (p *proxy) drip(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then is a connection's end seen
		p.mu.Lock()
		ended := p.ended
		p.mu.Unlock()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-ended:
				panic(http.ErrAbortHandler)
			case <-time.After(100 * time.Millisecond):
			}
			if text != "" {
				io.WriteString(w, text)
				w.(http.Flusher).Flush()
			}
		}
	}
}
