// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"multus-delegate-credentials/e2e/scan"
)

// patience is how late an answer may come. Kubelet waits four minutes, but what
// needs one for what takes seconds is starved of memory.
const patience = time.Minute

type answer struct {
	number int
	err    error
}

// held takes a lock and posts all JSON values of standard input at once to a
// path of a server on a socket. When what they start waits for the lock, all of
// it, the command runs, and the lock is given back. So it is when a request is
// answered before that. Prints a scan.Held.
func held(lock, path, socket string, command []string) error {
	bodies, err := values(os.Stdin)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(lock, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock, err)
	}
	answers := postAll(socket, path, bodies)
	all, err := untilWaiting(len(bodies), answers)
	if err != nil {
		return err
	}
	result := scan.Held{Failed: map[int]string{}}
	if all {
		out, err := exec.Command(command[0], command[1:]...).Output()
		if err != nil {
			return fmt.Errorf("%s: %w", command[0], err)
		}
		result.Output = string(out)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != nil {
		return fmt.Errorf("unlock %s: %w", lock, err)
	}
	for range bodies {
		if a := <-answers; a.err != nil {
			result.Failed[a.number] = a.err.Error()
			result.Late = result.Late || isLate(a.err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func isLate(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func postAll(socket, path string, bodies []json.RawMessage) <-chan answer {
	client := dial(socket)
	client.Timeout = patience
	answers := make(chan answer, len(bodies))
	for i, body := range bodies {
		go func() {
			_, err := request(client, http.MethodPost, path, bytes.NewReader(body))
			answers <- answer{i, err}
		}()
	}
	return answers
}

// untilWaiting is true once so many wait for our lock, false at an answer.
func untilWaiting(n int, answers <-chan answer) (bool, error) {
	for len(answers) == 0 {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			return false, err
		}
		if waiters(string(locks), os.Getpid()) == n {
			return true, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false, nil
}

// waiters counts in the text of /proc/locks who waits for a lock of a process.
// A lock and those who wait for it have the same number.
func waiters(locks string, holder int) (n int) {
	ours := ""
	for line := range strings.Lines(locks) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 5:
		case fields[1] == "->":
			if fields[0] == ours {
				n++
			}
		case fields[4] == strconv.Itoa(holder):
			ours = fields[0]
		}
	}
	return n
}
