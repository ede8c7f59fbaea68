package main

import (
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

const (
	kernelRounds = 150
	kernelCalls  = 10_000 // in a turn, some 2 ms

	bitmapLimit   = 1.30 // an allow without arguments: what must be reached
	argumentLimit = 1.45 // an allow that looks at an argument
)

// kernelCase is a call under filters, which is measured against the same call
// without any.
type kernelCase struct {
	what    string
	program bpf.Program // empty: no filter
	stacked int
	call    kernelCall
	errno   unix.Errno // what the call must return
	limit   float64
}

// kernelCall is a call that costs little and changes nothing.
type kernelCall struct {
	name string
	nr   uintptr
	args [3]uintptr
}

var (
	callGetppid = kernelCall{"getppid", unix.SYS_GETPPID, [3]uintptr{}}
	callGetpgid = kernelCall{"getpgid(pid == 0)", unix.SYS_GETPGID, [3]uintptr{}}
	callGetsid  = kernelCall{"getsid", unix.SYS_GETSID, [3]uintptr{}}
	callGetpid  = kernelCall{"getpid", unix.SYS_GETPID, [3]uintptr{}}
	callLimit   = kernelCall{"prlimit64(pid == 0)", unix.SYS_PRLIMIT64, [3]uintptr{0, unix.RLIMIT_NOFILE}}
)

// kernelCases are made of policies of growing size, of the profile, and of
// stacks.
func kernelCases() ([]kernelCase, error) {
	var cases []kernelCase
	var smallest bpf.Program
	for _, n := range []int{10, 100, 400} {
		_, program, err := compiled(fmt.Sprintf("rules-%d", n), []byte(policyOf(n)))
		if err != nil {
			return nil, err
		}
		if smallest == nil {
			smallest = program
		}
		size := fmt.Sprintf("%d rules, %d instructions", n, len(program))
		cases = append(cases,
			kernelCase{"allowed, no argument, " + size, program, 1, callGetppid, 0, bitmapLimit},
			kernelCase{"allowed by an argument, " + size, program, 1, callGetpgid, 0, argumentLimit},
			kernelCase{"denied with an errno, " + size, program, 1, callGetsid, unix.EPERM, 0})
	}
	_, profile, err := compiled("memcached.narrow", memcachedProfile())
	if err != nil {
		return nil, err
	}
	cases = append(cases,
		kernelCase{"allowed, no argument, memcached's profile", profile, 1, callGetpid, 0, bitmapLimit},
		kernelCase{"allowed by an argument, memcached's profile", profile, 1, callLimit, 0, argumentLimit})
	for _, n := range []int{2, 3, 4, 5} {
		cases = append(cases,
			kernelCase{fmt.Sprintf("allowed, no argument, %d filters of 10 rules", n), smallest, n, callGetppid, 0, bitmapLimit},
			kernelCase{fmt.Sprintf("allowed by an argument, %d filters of 10 rules", n), smallest, n, callGetpgid, 0, 0})
	}
	return cases, nil
}

// kernelRows starts a process for each case and for each call without filter,
// and measures them in turns.
func kernelRows(b *bench) ([]row, error) {
	cases, err := kernelCases()
	if err != nil {
		return nil, err
	}
	frees := map[string]int{} // the alternative that measures a call without filter
	all := []kernelCase{{what: "no filter again", call: callGetppid}}
	for _, c := range cases {
		if _, ok := frees[c.call.name]; !ok {
			frees[c.call.name] = len(all)
			all = append(all, kernelCase{what: "no filter", call: c.call})
		}
	}
	first := len(all)
	results, err := measureCases(b, append(all, cases...))
	if err != nil {
		return nil, err
	}
	again := results[0].ratioTo(results[frees[callGetppid.name]])
	var rows []row
	for i, c := range cases {
		free, filtered := results[frees[c.call.name]], results[first+i]
		r := ratioRow(c.what+": "+c.call.name, duration(free.median()), duration(filtered.median()), filtered.ratioTo(free), c.limit)
		if i == 0 {
			r.noise = fmt.Sprintf("%.3f", again)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func measureCases(b *bench, cases []kernelCase) ([]samples, error) {
	_, cpu, err := processors()
	if err != nil {
		return nil, err
	}
	var turns []func() (float64, error)
	for _, c := range cases {
		p, err := startCase(b.ctx, &c, cpu)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		defer p.stop()
		turns = append(turns, p.turn)
	}
	return interleave(b.ctx, b.rounds(kernelRounds), turns...)
}

// orders are what a measured process is told, as JSON.
type orders struct {
	Program []byte // as Program.Bytes writes it
	Stacked int
	CPU     int
	Nr      uintptr
	Args    [3]uintptr
	Errno   unix.Errno
}

func (c *kernelCase) orders(cpu int) string {
	text, _ := json.Marshal(orders{c.program.Bytes(), c.stacked, cpu, c.call.nr, c.call.args, c.errno})
	return string(text)
}
