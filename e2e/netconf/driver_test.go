// SPDX-License-Identifier: Apache-2.0

// Package netconf compares what the helper does to a network configuration
// with what Go's decoder, which the delegates have, makes of it.
package netconf

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// driver runs the helper's functions; see helper/test/driver.c.
type driver struct {
	in  io.Writer
	out io.Reader
}

func newDriver(t *testing.T) *driver {
	t.Helper()
	build := os.Getenv("MDC_BUILD")
	if build == "" {
		build = "../../build"
	}
	cmd := exec.Command(filepath.Join(build, "helper-test", "driver"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("build it with `make test-driver`: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the driver: %v", err)
		}
	})
	return &driver{in, out}
}

// call returns a code, 0 for success, and the result or the message.
func (d *driver) call(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var request bytes.Buffer
	number := func(n int) {
		binary.Write(&request, binary.LittleEndian, uint32(n))
	}
	number(len(args))
	for _, arg := range args {
		number(len(arg))
		request.WriteString(arg)
	}
	if _, err := d.in.Write(request.Bytes()); err != nil {
		t.Fatal(err)
	}
	var head struct{ Code, Len uint32 }
	if err := binary.Read(d.out, binary.LittleEndian, &head); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, head.Len)
	if _, err := io.ReadFull(d.out, data); err != nil {
		t.Fatal(err)
	}
	return int(head.Code), string(data)
}

// seeded is a source of random numbers that TEST_SEED repeats.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("TEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
