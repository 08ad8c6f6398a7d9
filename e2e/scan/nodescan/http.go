// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

// ask requests a path of a server on a socket, a POST with standard input as
// its body, and prints the answer; any status but 200 is an error.
func ask(method, socket, path string) error {
	var body io.Reader
	if method == http.MethodPost {
		body = os.Stdin
	}
	answer, err := request(dial(socket), method, path, body)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(answer)
	return err
}

func dial(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

func request(client *http.Client, method, path string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequest(method, "http://daemon"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", answer.Status, text)
	}
	return text, nil
}
