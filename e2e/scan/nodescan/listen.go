// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"multus-delegate-credentials/e2e/scan"
)

// listen is a tenant's server: until the end of standard input it writes one
// line for each request into a file, the path and whose token came with it, but
// no token. Before that come the addresses of its two servers, with and without
// TLS.
func listen(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	var mu sync.Mutex
	record := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(file, "%s %s\n", r.URL.Path, bearer(r))
		http.NotFound(w, r)
	})
	secure := httptest.NewUnstartedServer(record)
	// Who does not trust its certificate is not worth a word.
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(record)
	defer plain.Close()
	fmt.Fprintf(file, "%s %s\n", secure.URL, plain.URL)
	return untilEOF()
}

// bearer is the subject of the request's token, or a dash.
func bearer(r *http.Request) string {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return "-"
	}
	claims, err := scan.ReadClaims([]byte(token))
	if err != nil {
		return "something else"
	}
	return claims.Subject
}
