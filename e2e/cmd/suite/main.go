// SPDX-License-Identifier: Apache-2.0

// Command suite runs Go tests and counts them for the project's own total.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

func main() {
	results := flag.String("results", "", "file for `passed failed seconds`")
	flag.Parse()
	began := time.Now()
	t, err := run(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
	passed, failed := t.count()
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	line := fmt.Sprintf("%d %d %d\n", passed, failed,
		int(time.Since(began).Seconds()))
	if *results != "" {
		err = os.WriteFile(*results, []byte(line), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
	}
	if err != nil || failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

func run(packages []string) (*tally, error) {
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1",
		"-vet=off", "-timeout=40m"}, packages...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := newTally(os.Stdout)
	if err := t.read(out); err != nil {
		return nil, err
	}
	t.exited(cmd.Wait())
	return t, nil
}

// read takes what `go test -json` prints; a line that is no event is a
// compiler's.
func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			t.add(e)
		} else if len(line) > 0 {
			fmt.Fprint(t.w, string(line))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
