// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// many posts each JSON value of standard input to a path of a server on a
// socket, some at a time. It prints the numbers, from 0, of those that were
// answered with an error, and the error.
func many(socket, path, atOnce string) error {
	limit, err := strconv.Atoi(atOnce)
	if err != nil {
		return err
	}
	bodies, err := values(os.Stdin)
	if err != nil {
		return err
	}
	client := dial(socket)
	errs := make([]error, len(bodies))
	turn := make(chan struct{}, limit)
	var all sync.WaitGroup
	for i, body := range bodies {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			_, errs[i] = request(client, http.MethodPost, path, bytes.NewReader(body))
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			fmt.Printf("%d %s\n", i, bytes.ReplaceAll([]byte(err.Error()), []byte("\n"), []byte(" ")))
		}
	}
	return nil
}

// values reads JSON values until the end.
func values(r io.Reader) (all []json.RawMessage, err error) {
	for decoder := json.NewDecoder(r); ; {
		var v json.RawMessage
		if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}
