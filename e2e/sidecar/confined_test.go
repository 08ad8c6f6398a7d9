// SPDX-License-Identifier: Apache-2.0

package sidecar

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// While it talks to the API server it has given up all it can do without.
func TestConfined(t *testing.T) {
	for command, args := range map[string][]string{"refresh": nil, "fetch": {"userspace"}} {
		t.Run(command, func(t *testing.T) {
			w := newWorld(t, newAPIServer(t, nil))
			asked, looked := make(chan struct{}), make(chan struct{})
			w.server.faults[tokenPath] = func(rw http.ResponseWriter, r *http.Request) {
				close(asked)
				<-looked
				w.server.token(rw, r, claims(nil))
			}
			goOn := sync.OnceFunc(func() { close(looked) })
			defer goOn() // the server's end waits for its answers
			cmd := w.command(t.Context(), command, append(w.online(), args...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-asked:
				confined(t, cmd.Process.Pid)
			case <-time.After(patience):
				t.Error("nothing is asked for")
			}
			goOn()
			if command == "refresh" {
				cmd.Process.Signal(syscall.SIGTERM)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// confined looks at a process from outside, as far as anybody may.
func confined(t *testing.T, pid int) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n",
		"CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("it has not %q:\n%s", want, status)
		}
	}
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%-25s %-20s %-20s", "Max core file size", "0", "0"); !strings.Contains(string(limits), want) {
		t.Errorf("it may dump core:\n%s", limits)
	}
	// What is not dumpable belongs to root: PR_SET_DUMPABLE(2const).
	info, err := os.Stat(proc + "environ")
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 {
		t.Errorf("it is dumpable, or another user's: %d", owner)
	}
}
