// Command memcached is a memcached server that sandboxes itself. Package
// server tells how; its flags are memcached's.
//
//	go run ./examples/memcached -p 11211
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/examples/memcached/server"
)

// init keeps main on the process's first thread, which becomes the policy's
// thread main.
func init() { runtime.LockOSThread() }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit statuses: 1 as memcached's own, 64 for usage (sysexits.h).
const (
	statusFailed = 1
	statusUsage  = 64
)

func run(args []string, out, complaints io.Writer) int {
	o, err := parseFlags(args, out)
	switch {
	case errors.Is(err, errShown):
		return 0
	case err != nil:
		fmt.Fprintf(complaints, "memcached: %v\n", err)
		return statusUsage
	case o.printPolicy:
		fmt.Fprint(out, server.Policy)
		return 0
	case o.printVersion:
		fmt.Fprintln(out, "memcached", server.Version)
		return 0
	}
	o.config.Log = complaints
	err = become(o.user)
	if err == nil {
		err = server.Run(untilSignal(), o.config)
	}
	if errors.Is(err, narrow.ErrNotSupported) {
		err = fmt.Errorf("%w; -best-effort runs with what this kernel has", err)
	}
	if err != nil {
		fmt.Fprintf(complaints, "memcached: %v\n", err)
		return statusFailed
	}
	return 0
}

// untilSignal is a context that ends with one of the endings. The signals stay
// caught, as what puts them back is a call that no phase allows.
func untilSignal() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, endings()...)
	ignoreHangup()
	go func() {
		<-caught
		stop()
	}()
	return ctx
}
