package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/victim"
)

func newDemo(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Watch a memcached server narrow itself, and what a break-in can do after each step",
		Long: `Demo runs the memcached server of examples/memcached, which is built into this
command, as a process of its own. The server takes its phases one by one, and
after each it tries from inside what a break-in would try: on its main thread,
which accepts clients, and on a worker, which serves them. A client stores and
reads values before and after, over the loopback. The table has what each stage
and thread could do.

It needs Linux and nothing else: no root, no package, no network but the
loopback. What the kernel lacks of a sandbox is said. It ends with 1 if a
narrowed thread could do what its policy denies, and with 4 if the server could
not be narrowed or does not answer.`,
		Example: "  narrow demo\n  narrow demo --json\n  narrow demo break-in",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runDemo(s, asJSON) },
	}
	jsonFlag(c, &asJSON)
	c.AddCommand(newBreakInDemo(s))
	return c
}

// demonstration is what one run of the demo came to.
type demonstration struct {
	Stages []demoStage `json:"stages"`
	Client struct {
		Before int `json:"before"` // values stored and read before the worker's attempts
		After  int `json:"after"`  // and after them, by a client that was accepted then
	} `json:"client"`
}

// demoStage is what one thread could do at one time.
type demoStage struct {
	Phase   string          `json:"phase"`  // "free" before the first
	Thread  string          `json:"thread"` // "main" or "worker"
	Layers  []layerSeen     `json:"layers,omitempty"`
	Results []victim.Result `json:"results"`
}

// layerSeen is what became of a layer that the step applied.
type layerSeen struct {
	Layer  string   `json:"layer"`
	Status string   `json:"status"`
	Lacks  []string `json:"lacks,omitempty"`
}

// runDemo runs the server, asks it, and prints the account.
func runDemo(s *streams, asJSON bool) error {
	if runtime.GOOS != "linux" {
		return &statusError{statusKernel, errors.New("the demo narrows a server, which needs Linux")}
	}
	place, err := newBreakIn() // a home to rob, and somebody to connect to
	if err != nil {
		return badInput(err)
	}
	defer place.close()
	d, err := demonstrate(place)
	if err != nil {
		return &statusError{statusKernel, fmt.Errorf("the demo's server: %w", err)}
	}
	if asJSON {
		err = json.NewEncoder(s.out).Encode(d)
	} else {
		err = d.print(s.out)
	}
	if err != nil {
		return err
	}
	if wrong := d.wrong(); len(wrong) > 0 {
		for _, line := range wrong {
			fmt.Fprintln(s.err, "narrow:", line)
		}
		return no()
	}
	return nil
}

// demonstrate runs the server as a child, and a client.
func demonstrate(place *breakIn) (*demonstration, error) {
	server, err := startCache(place)
	if err != nil {
		return nil, err
	}
	defer server.end()
	d := &demonstration{}
	client, err := dialCache(server.address)
	if err != nil {
		return nil, server.because(err)
	}
	defer client.close()
	if d.Client.Before, err = client.storeAndRead("before"); err != nil {
		return nil, server.because(err)
	}
	if d.Stages, err = client.attempts(); err != nil {
		return nil, server.because(err)
	}
	another, err := dialCache(server.address) // main still accepts
	if err != nil {
		return nil, server.because(err)
	}
	defer another.close()
	d.Client.After, err = another.storeAndRead("after")
	if err != nil {
		return nil, server.because(err)
	}
	return d, nil
}

// meant is what the policy lets each stage do, of what is tried.
var meant = map[string][]string{
	"init/main":    {"open a socket", "start a thread", "accept a client"},
	"serving/main": {"accept a client"},
}

// wrong lists what was done and should not have been possible.
func (d *demonstration) wrong() []string {
	var list []string
	for _, st := range d.Stages {
		for _, r := range st.Results {
			if st.Phase != "free" && r.Worked && !slices.Contains(meant[st.Phase+"/"+st.Thread], r.Name) && !st.excused(r.Name) {
				list = append(list, fmt.Sprintf("phase %s, thread %s could %s, which the policy denies", st.Phase, st.Thread, r.Name))
			}
		}
	}
	return list
}

// excused reports whether the attempt is one that only a layer stops which
// this kernel lacks.
func (st *demoStage) excused(name string) bool {
	return name == "listen on another port" && len(st.lacks()) > 0
}

func (st *demoStage) lacks() []string {
	var all []string
	for _, l := range st.Layers {
		all = append(all, l.Lacks...)
	}
	return all
}
