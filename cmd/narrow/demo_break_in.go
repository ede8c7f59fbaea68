package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/victim"
)

func newBreakInDemo(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "break-in",
		Short: "Break into a small program, first free and then narrowed from outside",
		Long: `Break-in runs a small victim program that tries what a break-in tries: exec a
shell, connect out, write to ~/.bashrc, read a private key, fork, make code
writable, trace another process. It does so in a throw-away HOME, once as it is
and once by narrow run under the shipped policy demo, and prints what became of
each attempt.

It ends with 1 if a narrowed attempt worked.`,
		Example: "  narrow demo break-in\n  narrow compile --to policy demo",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := newBreakIn()
			if err != nil {
				return badInput(err)
			}
			defer d.close()
			return d.run(s, asJSON)
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

// breakIn is what the victim finds: a home with something worth stealing, and
// a server to send it to.
type breakIn struct {
	self, home string
	listener   net.Listener
}

func newBreakIn() (*breakIn, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "narrow-demo-")
	if err != nil {
		return nil, err
	}
	d := &breakIn{self: self, home: home}
	if err := d.furnish(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// furnish makes the files and the listener on the loopback.
func (d *breakIn) furnish() (err error) {
	if err = victim.Prepare(d.home); err != nil {
		return err
	}
	d.listener, err = net.Listen("tcp4", "127.0.0.1:0")
	return err
}

func (d *breakIn) close() {
	if d.listener != nil {
		d.listener.Close()
	}
	os.RemoveAll(d.home)
}

// run lets the victim try everything twice and prints both columns.
func (d *breakIn) run(s *streams, asJSON bool) error {
	victimArgs := []string{d.self, victimVerb, d.home, fmt.Sprint(d.listener.Addr().(*net.TCPAddr).Port)}
	free, err := attempts(s, victimArgs)
	if err != nil {
		return err
	}
	narrowed, err := attempts(s, append([]string{d.self, "run", "--set", "self=" + d.self, "demo", "--"}, victimArgs...))
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(s.out).Encode(map[string][]victim.Result{"free": free, "narrowed": narrowed})
	} else {
		err = printAttempts(s, free, narrowed)
	}
	if err != nil {
		return err
	}
	for _, r := range narrowed {
		if r.Worked {
			return no()
		}
	}
	return nil
}

// attempts runs the victim and reads what it managed to do.
func attempts(s *streams, args []string) ([]victim.Result, error) {
	var out, complaint bytes.Buffer
	c := exec.Command(args[0], args[1:]...)
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		s.err.Write(complaint.Bytes())
		return nil, &statusError{statusKernel, fmt.Errorf("the victim did not come to its end: %w", err)}
	}
	var results []victim.Result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		return nil, fmt.Errorf("the victim's account: %w", err)
	}
	return results, nil
}

func printAttempts(s *streams, free, narrowed []victim.Result) error {
	t := tabwriter.NewWriter(s.out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "a break-in tries to\tfree\tunder narrow")
	stopped := 0
	for i, r := range free {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.Name, outcome(r), outcome(narrowed[i]))
		if r.Worked && !narrowed[i].Worked {
			stopped++
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	worked := 0
	for _, r := range free {
		if r.Worked {
			worked++
		}
	}
	_, err := fmt.Fprintf(s.out, "\nOf %d that worked, %d no longer do. The policy: narrow compile --to policy demo\n", worked, stopped)
	return err
}

// outcome is a cell of the table.
func outcome(r victim.Result) string {
	if r.Worked {
		return "works"
	}
	return "denied: " + r.Detail
}
