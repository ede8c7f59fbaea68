package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/examples/memcached/server"
	"github.com/narrow-sandbox/narrow/internal/victim"
)

// cacheVerb is the hidden verb with which demo runs itself as the server.
const cacheVerb = "__cache"

// attemptsCommand is what a client sends to the demo's server to make the
// worker that serves it try everything.
const attemptsCommand = "attempts"

func newCache(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:    cacheVerb + " HOME PORT TARGET",
		Hidden: true,
		Args:   cobra.ExactArgs(3),
		RunE: func(_ *cobra.Command, args []string) error {
			port, err := strconv.Atoi(args[1])
			if err != nil {
				return usage("%q is no port", args[1])
			}
			if err := serveCache(s, port, &accountant{home: args[0], target: args[2]}); err != nil {
				return &statusError{statusKernel, err}
			}
			return nil
		},
	}
}

// accountant writes down what each stage can do.
type accountant struct {
	home, target string

	mu     sync.Mutex
	stages []demoStage
}

// serveCache runs the server until it is told to end.
func serveCache(s *streams, port int, a *accountant) error {
	a.try("free", server.ClassMain, nil)
	config := server.Defaults()
	config.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	config.Port = port
	config.Log = s.err
	config.Needs = narrow.Needs{Process: narrow.BestEffort, Landlock: narrow.BestEffort}
	config.Hooks = server.Hooks{
		Entered:  a.entered,
		Ready:    func(addresses []string) { fmt.Fprintln(s.err, readyMark+addresses[0]) },
		Commands: map[string]func() []byte{attemptsCommand: a.worker},
	}
	// The signal stays caught: what puts it back is a call that no phase allows.
	ctx, stop := context.WithCancel(context.Background())
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTERM)
	go func() { <-caught; stop() }()
	return server.Run(ctx, config)
}

// entered tries everything where a step has taken the main thread.
func (a *accountant) entered(r *narrow.Report) {
	switch {
	case r.Class == server.ClassMain, r.Phase == server.PhaseInit:
		a.try(r.Phase, server.ClassMain, layersSeen(r))
	}
}

// worker tries everything on a worker, and answers with the account.
func (a *accountant) worker() []byte {
	a.try(server.PhaseServing, server.ClassWorker, nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	text, err := json.Marshal(a.stages)
	if err != nil {
		return []byte(err.Error() + "\n")
	}
	return append(text, '\n')
}

func (a *accountant) try(phase, thread string, layers []layerSeen) {
	st := demoStage{Phase: phase, Thread: thread, Layers: layers, Results: victim.Powers(a.home, a.target)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stages = append(a.stages, st)
}

func layersSeen(r *narrow.Report) []layerSeen {
	var all []layerSeen
	for _, l := range r.Layers {
		all = append(all, layerSeen{string(l.Layer), string(l.Status), l.Lacks})
	}
	return all
}
