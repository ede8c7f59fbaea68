package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// heldFilter is a filter that the kernel has given back, with those who have it.
type heldFilter struct {
	Number       int         `json:"number"`
	Threads      []int       `json:"threads"`
	Log          bool        `json:"log"` // what it denies is logged (SECCOMP_FILTER_FLAG_LOG)
	Instructions [][4]uint32 `json:"instructions"`
	Listing      string      `json:"listing"`
	program      bpf.Program
}

// dump reads the filters back. Equal ones are one.
func (st *heldProcess) dump() error {
	if err := inject.Identify(st.PID); err != nil {
		return enterError(err)
	}
	all, err := inject.Filters(st.PID)
	if err != nil {
		return dumpError(err)
	}
	for _, thread := range all {
		at := slices.IndexFunc(st.Threads, func(t heldThread) bool { return t.TID == thread.TID })
		if at < 0 {
			continue // it has started since
		}
		for i, program := range thread.Filters {
			f := st.filter(program, thread.Logs[i])
			st.Threads[at].Stack = append(st.Threads[at].Stack, f.Number)
			if !slices.Contains(f.Threads, thread.TID) {
				f.Threads = append(f.Threads, thread.TID)
			}
		}
	}
	return nil
}

// dumpError gives an error of reading filters its exit status.
func dumpError(err error) error {
	if errors.Is(err, inject.ErrGone) {
		return badInput(err)
	}
	return &statusError{statusKernel, err}
}

// filter finds a program among those seen, or adds it.
func (st *heldProcess) filter(program bpf.Program, log bool) *heldFilter {
	for i := range st.Filters {
		if f := &st.Filters[i]; f.Log == log && slices.Equal(f.program, program) {
			return f
		}
	}
	f := heldFilter{Number: len(st.Filters) + 1, Log: log, Listing: asm.Listing(program), program: program}
	for _, i := range program {
		f.Instructions = append(f.Instructions, [4]uint32{uint32(i.Code), uint32(i.Jt), uint32(i.Jf), i.K})
	}
	st.Filters = append(st.Filters, f)
	return &st.Filters[len(st.Filters)-1]
}

// printFilters prints each filter under a line that says whose it is.
func (st *heldProcess) printFilters(s *streams) error {
	for _, f := range st.Filters {
		log := ""
		if f.Log {
			log = ", what it denies is logged"
		}
		if _, err := fmt.Fprintf(s.out, "\nfilter %d of %s: %d instructions%s\n%s", f.Number, st.names(f.Threads), len(f.program), log, f.Listing); err != nil {
			return err
		}
	}
	return nil
}

// names lists threads, "all 10 threads" if that is what they are.
func (st *heldProcess) names(tids []int) string {
	if len(tids) == len(st.Threads) && len(tids) > 1 {
		return fmt.Sprintf("all %d threads", len(tids))
	}
	var all []string
	for _, t := range st.Threads {
		if slices.Contains(tids, t.TID) {
			all = append(all, fmt.Sprintf("%d (%s)", t.TID, kernel.Printable(t.Name)))
		}
	}
	return strings.Join(all, ", ")
}

// write writes one filter, or the only one, in a format that others read.
func (st *heldProcess) write(s *streams, number int, to string) error {
	if len(st.Filters) == 0 {
		return badInput(fmt.Errorf("process %d has no filter", st.PID))
	}
	if number == 0 && len(st.Filters) > 1 {
		return usage("process %d has %d different filters: choose one with --filter NUMBER", st.PID, len(st.Filters))
	}
	number = max(number, 1)
	if number > len(st.Filters) {
		return usage("process %d has no filter %d: it has %d different ones", st.PID, number, len(st.Filters))
	}
	text, err := formatProgram(cmpOr(to, asm.Text), st.Filters[number-1].program)
	if err != nil {
		return err
	}
	_, err = s.out.Write(text)
	return err
}
