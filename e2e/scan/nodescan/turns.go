// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"
)

// turns posts each JSON value of standard input to a path of the server on each
// socket, and all that again and again, each time beginning with the next
// socket. It pauses before each request. A line for each says the socket's
// number, the value's, and how many microseconds the answer took.
func turns(path, rounds, pause string, sockets []string) error {
	n, err := strconv.Atoi(rounds)
	if err != nil {
		return err
	}
	gap, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	bodies, err := values(os.Stdin)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	clients := make([]*http.Client, len(sockets))
	for s, socket := range sockets {
		clients[s] = dial(socket)
	}
	for round := range n {
		for i := range sockets {
			s := (round + i) % len(sockets)
			for b, body := range bodies {
				time.Sleep(gap)
				took, err := timed(clients[s], path, body)
				if err != nil {
					return fmt.Errorf("%s, request %d of round %d: %w", sockets[s], b, round, err)
				}
				fmt.Fprintln(out, s, b, took.Microseconds())
			}
		}
	}
	return out.Flush()
}

func timed(client *http.Client, path string, body []byte) (time.Duration, error) {
	began := time.Now()
	_, err := request(client, http.MethodPost, path, bytes.NewReader(body))
	return time.Since(began), err
}
