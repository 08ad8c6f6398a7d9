// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"multus-delegate-credentials/e2e/delegates"
	"multus-delegate-credentials/e2e/manifests"
)

// Define makes a network definition of a text.
func (b *Bed) Define(ctx context.Context, namespace, name, config string) error {
	return b.apply(ctx, manifests.Definition(namespace, name, config))
}

// RunWith makes a pod with any value of the annotation that names its networks.
func (b *Bed) RunWith(ctx context.Context, namespace, name, networks string) error {
	pod := manifests.Pod(name, podImage, networks, "")
	pod.Spec.NodeName = b.Node
	_, err := b.API.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	return err
}

// Listener is a tenant's server on the tests' node.
type Listener struct {
	TLS, Plain string // its addresses
	bed        *Bed
	record     string
	stop       func() error
}

// Listen runs it until Stop; the record is a file on the node that is not there.
func (b *Bed) Listen(ctx context.Context, record string) (*Listener, error) {
	in, feed := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := b.Cluster.Exec(ctx, b.Node, in, delegates.Nodescan, "listen", record)
		in.CloseWithError(err)
		done <- err
	}()
	l := &Listener{bed: b, record: record, stop: func() error {
		feed.Close()
		return <-done
	}}
	err := until(ctx, "the listener", func(ctx context.Context) error {
		text, err := b.Exec(ctx, "cat", record)
		if err != nil {
			return err
		}
		_, err = fmt.Sscan(text, &l.TLS, &l.Plain)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, l.Stop(ctx))
	}
	return l, nil
}

// Heard is whose tokens came for each path: "-" where none came.
func (l *Listener) Heard(ctx context.Context) (map[string][]string, error) {
	text, err := l.bed.Exec(ctx, "cat", l.record)
	if err != nil {
		return nil, err
	}
	_, text, _ = strings.Cut(text, "\n")
	heard := map[string][]string{}
	for line := range strings.Lines(text) {
		path, whose, _ := strings.Cut(strings.TrimSpace(line), " ")
		heard[path] = append(heard[path], whose)
	}
	return heard, nil
}

// Stop ends it and removes its record.
func (l *Listener) Stop(ctx context.Context) error {
	err := l.stop()
	_, removeErr := l.bed.Exec(ctx, "rm", "-f", l.record)
	return errors.Join(err, removeErr)
}
