package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

func newStatus(s *streams) *cobra.Command {
	var asJSON, dump bool
	c := &cobra.Command{
		Use:   "status PID",
		Short: "Show what holds each thread of a process, as the kernel tells it",
		Long: `Status prints, for each thread of a process, its seccomp mode, how many filters
it has, and whether no_new_privs is set, as /proc tells it. A process without
any filter is not an error.`,
		Example: "  narrow status $(pidof memcached)\n  narrow status --json 812",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if dump {
				return &statusError{statusKernel, errors.New("--dump is not there yet: reading a thread's filters back needs a tracer")}
			}
			pid, err := processID(args[0])
			if err != nil {
				return err
			}
			threads, err := threadsOf(pid)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(s.out).Encode(map[string]any{"pid": pid, "threads": threads})
			}
			return printThreads(s, threads)
		},
	}
	c.Flags().BoolVar(&dump, "dump", false, "print the filters (not there yet: refused)")
	jsonFlag(c, &asJSON)
	return c
}

// heldThread is what holds one thread.
type heldThread struct {
	TID        int    `json:"tid"`
	Name       string `json:"name"`
	Mode       string `json:"seccomp"` // none, strict or filter
	Filters    int    `json:"filters"` // -1 where the kernel does not tell
	NoNewPrivs bool   `json:"no_new_privs"`
	Label      string `json:"label,omitempty"`
}

func threadsOf(pid int) ([]heldThread, error) {
	statuses, err := kernel.ProcessStatus(pid)
	switch {
	case errors.Is(err, kernel.ErrNotSupported):
		return nil, &statusError{statusKernel, err}
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(statuses) == 0:
		return nil, badInput(fmt.Errorf("there is no process %d", pid))
	case err != nil:
		return nil, &statusError{statusKernel, err}
	}
	var threads []heldThread
	for _, st := range statuses {
		threads = append(threads, heldThread{st.TID, st.Name, seccompMode(st.SeccompMode), st.SeccompFilters, st.NoNewPrivs, labelOf(pid, st.TID)})
	}
	return threads, nil
}

// seccompMode names the modes of seccomp(2).
func seccompMode(mode int) string {
	switch mode {
	case 0:
		return "none"
	case 1:
		return "strict"
	case 2:
		return "filter"
	}
	return strconv.Itoa(mode)
}

// labelOf is what the live security module calls the thread; empty if none does.
func labelOf(pid, tid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/attr/current", pid, tid))
	if err != nil {
		return ""
	}
	return firstLine(string(trimNul(b)))
}

func trimNul(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

func printThreads(s *streams, threads []heldThread) error {
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "tid\tthread\tseccomp\tfilters\tno_new_privs\tlabel")
	for _, t := range threads {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%t\t%s\n", t.TID, printable(t.Name), t.Mode, countText(t.Filters), t.NoNewPrivs, printable(cmpOr(t.Label, "-")))
	}
	return w.Flush()
}

// printable keeps a thread's self-given name from steering the terminal.
func printable(name string) string {
	q := strconv.Quote(name)
	if q[1:len(q)-1] != name {
		return q
	}
	return name
}
