// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"multus-delegate-credentials/e2e/cluster"
)

// findEngine is the engine that ENGINE names, or that would run the cluster.
func (o *options) findEngine(ctx context.Context) (cluster.Engine, error) {
	return cluster.FindEngine(ctx, o.Options, os.Getenv("ENGINE"))
}

// engine prints the engine's command, a word a line.
func engine(ctx context.Context, o *options, _ []string) error {
	e, err := o.findEngine(ctx)
	if err != nil {
		return err
	}
	if len(e.Env) > 0 {
		fmt.Println("env")
	}
	for _, word := range append(e.Env, e.Argv...) {
		fmt.Println(word)
	}
	return nil
}

// pull ends well where the engine has the image or can pull it. A registry that
// does not answer costs seconds, not minutes.
func pull(ctx context.Context, o *options, args []string) error {
	if len(args) != 1 {
		return errors.New("pull takes an image")
	}
	e, err := o.findEngine(ctx)
	if err != nil {
		return err
	}
	if !cluster.HasOrPulls(ctx, e, args[0]) {
		return fmt.Errorf("%s neither has %s nor can pull it", e.Name, args[0])
	}
	return nil
}
