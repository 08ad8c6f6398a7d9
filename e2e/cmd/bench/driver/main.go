// SPDX-License-Identifier: Apache-2.0

// Command driver runs on a node, beside the daemons: it sends requests to their
// sockets in turns and prints a sample a line, as hack/bench/invocations.c does.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"multus-delegate-credentials/e2e/cmd/bench/plan"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "driver:", err)
		os.Exit(1)
	}
}

func run() error {
	var p plan.Plan
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	clients := make([]*http.Client, len(p.Calls))
	for i, c := range p.Calls {
		clients[i] = client(c.Socket)
	}
	for r := range p.Rounds {
		for i := range p.Calls {
			n := (r + i) % len(p.Calls)
			if err := pair(clients[n], p.Calls[n]); err != nil {
				return fmt.Errorf("%s: %w", p.Calls[n].Contestant, err)
			}
		}
	}
	return nil
}

func client(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

func pair(client *http.Client, c plan.Call) error {
	if err := timed(client, c, c.Add, c.AddMeasure); err != nil {
		return err
	}
	return timed(client, c, c.Del, c.DelMeasure)
}

func timed(client *http.Client, c plan.Call, body []byte, measure string) error {
	began := time.Now()
	answer, err := client.Post("http://daemon/delegate", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, text)
	}
	if measure != "" {
		fmt.Printf("0 1 %s %s %.1f\n", c.Contestant, measure, float64(time.Since(began).Nanoseconds())/1000)
	}
	return nil
}
