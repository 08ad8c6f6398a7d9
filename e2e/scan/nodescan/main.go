// SPDX-License-Identifier: Apache-2.0

// nodescan runs inside a node for the suite: it searches the node for a
// token's bytes, plants a made-up token in the places that are searched, speaks
// with the Multus daemon's socket, and is a server of a tenant's. Everything
// secret comes on standard input. It is also what the test pods run: nothing,
// until they are ended.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"multus-delegate-credentials/e2e/scan"
)

const usage = "usage: nodescan search | plant | idle | listen FILE | " +
	"get SOCKET PATH | post SOCKET PATH | many SOCKET PATH AT_ONCE | " +
	"turns PATH ROUNDS PAUSE SOCKET... | held LOCK PATH SOCKET COMMAND... | binds FOLDER N | " +
	"deny NUMBER COMMAND..."

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nodescan:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "search":
		return search()
	case len(args) == 1 && args[0] == "plant":
		return plant()
	case len(args) == 1 && args[0] == "idle":
		idle()
		return nil
	case len(args) >= 1 && args[0] == "hide":
		return hide()
	case len(args) >= 1 && args[0] == "wait":
		return untilEOF()
	case len(args) == 3 && args[0] == "post":
		return ask(http.MethodPost, args[1], args[2])
	case len(args) == 3 && args[0] == "get":
		return ask(http.MethodGet, args[1], args[2])
	case len(args) == 4 && args[0] == "many":
		return many(args[1], args[2], args[3])
	case len(args) >= 5 && args[0] == "turns":
		return turns(args[1], args[2], args[3], args[4:])
	case len(args) >= 5 && args[0] == "held":
		return held(args[1], args[2], args[3], args[4:])
	case len(args) == 3 && args[0] == "binds":
		return binds(args[1], args[2])
	case len(args) >= 3 && args[0] == "deny":
		return deny(args[1], args[2:])
	case len(args) == 2 && args[0] == "listen":
		return listen(args[1])
	}
	return fmt.Errorf("%s", usage)
}

func idle() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
}

func search() error {
	var request scan.Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	result, err := scan.Run(request)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
