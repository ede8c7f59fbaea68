package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

func newStatus(s *streams) *cobra.Command {
	var asJSON, dump bool
	var to string
	var number int
	c := &cobra.Command{
		Use:   "status PID",
		Short: "Show what holds each thread of a process, as the kernel tells it",
		Long: `Status prints, for each thread of a process, its seccomp mode, how many filters
it has, whether no_new_privs is set, who traces it, and its label, as /proc
tells it. A process without any filter is not an error. Landlock's domains are
not shown by the kernel.

With --dump it reads the filters back from the kernel and prints each once, with
the threads that have it. That takes root (CAP_SYS_ADMIN), a narrow that has no
filter itself, and a process that nobody else traces; its threads are stopped
for a moment.`,
		Example: `  narrow status $(pidof memcached)
  narrow status --json 812
  narrow status --dump 812
  narrow status --dump --filter 1 --to raw 812 | narrow disasm --from raw`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			pid, err := processID(args[0])
			if err != nil {
				return err
			}
			if !dump && (c.Flags().Changed("to") || c.Flags().Changed("filter")) {
				return usage("--to and --filter go with --dump")
			}
			st, err := statusOf(pid)
			if err != nil {
				return err
			}
			if dump {
				if err := st.dump(); err != nil {
					return err
				}
			}
			switch {
			case to != "" || number != 0:
				return st.write(s, number, to)
			case asJSON:
				return json.NewEncoder(s.out).Encode(st)
			}
			return st.print(s)
		},
	}
	c.Flags().BoolVar(&dump, "dump", false, "read the filters back and print each")
	c.Flags().IntVar(&number, "filter", 0, "print only the filter with this `NUMBER` of the dump")
	c.Flags().StringVar(&to, "to", "", "print filters, and nothing else, in this `FORMAT`: "+programFormats())
	jsonFlag(c, &asJSON)
	return c
}

// heldProcess is what holds a process.
type heldProcess struct {
	PID      int          `json:"pid"`
	Landlock string       `json:"landlock"`
	Tracer   *tracedBy    `json:"tracer,omitempty"`
	Threads  []heldThread `json:"threads"`
	Filters  []heldFilter `json:"filters,omitempty"` // with --dump
}

// notShown is what is known of a process's Landlock domains.
const notShown = "not shown by the kernel"

// tracedBy is who traces a process.
type tracedBy struct {
	PID     int    `json:"pid"`
	Name    string `json:"name"`
	Command string `json:"command"`
	For     string `json:"for,omitempty"` // what narrow's own tracer is there for
}

// heldThread is what holds one thread.
type heldThread struct {
	TID        int    `json:"tid"`
	Name       string `json:"name"`
	Mode       string `json:"seccomp"` // none, strict or filter
	Filters    int    `json:"filters"` // -1 where the kernel does not tell
	NoNewPrivs bool   `json:"no_new_privs"`
	TracerPID  int    `json:"tracer_pid"` // 0: nobody traces it
	Label      string `json:"label,omitempty"`
	Stack      []int  `json:"stack,omitempty"` // with --dump: its filters by number, the oldest first
}

func statusOf(pid int) (*heldProcess, error) {
	statuses, err := kernel.ProcessStatus(pid)
	switch {
	case errors.Is(err, kernel.ErrNotSupported):
		return nil, &statusError{statusKernel, err}
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(statuses) == 0:
		return nil, badInput(fmt.Errorf("there is no process %d", pid))
	case err != nil:
		return nil, &statusError{statusKernel, err}
	}
	st := &heldProcess{PID: pid, Landlock: notShown}
	for _, t := range statuses {
		st.Threads = append(st.Threads, heldThread{
			TID: t.TID, Name: t.Name, Mode: seccompMode(t.SeccompMode), Filters: t.SeccompFilters,
			NoNewPrivs: t.NoNewPrivs, TracerPID: t.TracerPID, Label: labelOf(pid, t.TID),
		})
		if t.TracerPID != 0 && st.Tracer == nil {
			st.Tracer = tracerOf(t.TracerPID)
		}
	}
	return st, nil
}

// tracerOf is what a tracer says of itself.
func tracerOf(pid int) *tracedBy {
	t := &tracedBy{PID: pid, Name: "?"}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(trimNul(text)) == 0 {
		return t
	}
	args := strings.Split(string(trimNul(text)), "\x00")
	t.Name, t.Command = filepath.Base(args[0]), strings.Join(args, " ")
	if len(args) == 4 && args[1] == besideVerb {
		t.For = "the phases and deaths of what was started as process " + args[3]
	}
	return t
}

// reason is what a tracer is there for, or else how it was started.
func (t *tracedBy) reason() string {
	if t.For != "" {
		return "for " + kernel.Printable(t.For)
	}
	return "that runs as: " + kernel.Printable(t.Command)
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

func (st *heldProcess) print(s *streams) error {
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "tid\tthread\tseccomp\tfilters\tno_new_privs\ttracer\tlabel")
	for _, t := range st.Threads {
		tracer := "-"
		if t.TracerPID != 0 {
			tracer = strconv.Itoa(t.TracerPID)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%t\t%s\t%s\n", t.TID, kernel.Printable(t.Name), t.Mode, countText(t.Filters), t.NoNewPrivs, tracer, kernel.Printable(cmpOr(t.Label, "-")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "landlock: %s\n", st.Landlock)
	if t := st.Tracer; t != nil {
		fmt.Fprintf(s.out, "traced by %s (process %d) %s\n", kernel.Printable(t.Name), t.PID, t.reason())
	}
	return st.printFilters(s)
}
