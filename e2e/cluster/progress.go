// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress prints lines for a person who waits. Several steps may run at once.
type progress struct {
	mu sync.Mutex
	w  io.Writer
}

func newProgress(w io.Writer) *progress {
	if w == nil {
		w = io.Discard
	}
	return &progress{w: w}
}

func (p *progress) sayf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "cluster: "+format+"\n", args...)
}

// step runs something that may take a while and says so while it does.
func (p *progress) step(what string, do func() error) error {
	began := time.Now()
	seconds := func() int { return int(time.Since(began).Seconds()) }
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Add(1)
	go func() {
		defer ticking.Done()
		p.tick(what, seconds, done)
	}()
	err := do()
	close(done)
	ticking.Wait()
	switch {
	case err != nil:
		p.sayf("%s: failed after %d s", what, seconds())
	case seconds() >= 1:
		p.sayf("%s: %d s", what, seconds())
	}
	return err
}

func (p *progress) tick(what string, seconds func() int, done chan struct{}) {
	ticker := time.NewTicker(5 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			p.sayf("%s ... %d s", what, seconds())
		}
	}
}
