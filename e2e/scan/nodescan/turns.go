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

// period is the one in which the kernel grants CPU to a control group with a
// limit (cpu.max, cpu.cfs_period_us), as runtimes set it: how long an answer takes
// depends on where in it the request came.
const period = 100 * time.Millisecond

// turns posts each JSON value of standard input to a path of the server on each
// socket, and all that again and again, each time beginning with the next
// socket. It pauses before each request, and then until a moment of the period
// that is another one in each round. A line for each says the socket's number,
// the value's, and how many microseconds the answer took.
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
				time.Sleep(untilMoment(time.Now(), round))
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

// untilMoment is how long it is to the round's moment of the period: steps of
// the golden section spread any number of rounds evenly.
func untilMoment(now time.Time, round int) time.Duration {
	const step = 61803399 * period / 100000000
	moment := time.Duration(round) * step % period
	return (moment - time.Duration(now.UnixNano())%period + period) % period
}

func timed(client *http.Client, path string, body []byte) (time.Duration, error) {
	began := time.Now()
	_, err := request(client, http.MethodPost, path, bytes.NewReader(body))
	return time.Since(began), err
}
