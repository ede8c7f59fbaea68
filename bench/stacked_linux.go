package main

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// The calls that are measured under Docker's default: one that is allowed
// outright, one by its argument, and one that is denied; without a filter all
// of them succeed and change nothing.
var (
	callPersonality = kernelCall{"personality(persona == 0xffffffff)", unix.SYS_PERSONALITY, [3]uintptr{0xffffffff}}
	callUnshare     = kernelCall{"unshare(unshare_flags == 0)", unix.SYS_UNSHARE, [3]uintptr{}}
)

// depths are how many times a filter is stacked.
var depths = []int{1, 2, 4, 8}

// What an argument-free allow may cost against the bitmap's own, and an allow
// by an argument against no filter.
const (
	bitmapShare   = 1.02
	argumentRatio = 1.35
)

// stackedReport measures in the kernel what a call costs under Docker's default
// as each maker made it, and how that grows with more of the same filter.
func stackedReport(b *bench, entries []entry) (report, error) {
	g := &grid{title: "a call in the kernel under Docker's default",
		about: "CPU of a call in a loop, as a ratio to the same call without a filter; all turns are interleaved. The bitmap's own cost is that of a filter that allows everything",
		columns: []string{"made by", "allowed outright: getppid", "by an argument: personality", "denied: unshare",
			"by an argument under 2", "4", "8 of them"}, picture: "performance-kernel.svg"}
	c := collector{frees: map[string]int{}}
	everything := bpf.Program{bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))}
	bare := c.add(kernelCase{what: "a filter that allows everything", program: everything, stacked: 1, call: callGetppid})
	type measured struct {
		name                   string
		outright, deny, argued int
		deeper                 []int
	}
	var makers []measured
	for _, e := range entries {
		if !strings.HasPrefix(e.workload.name, "Docker") || len(e.made.stack) != 1 || e.maker == "libseccomp-golang, tree" || strings.HasPrefix(e.maker, "runc") {
			continue // the same program as another's, or with more in it
		}
		program := e.made.stack[0]
		m := measured{name: e.maker}
		m.outright = c.add(kernelCase{what: e.maker, program: program, stacked: 1, call: callGetppid})
		m.argued = c.add(kernelCase{what: e.maker, program: program, stacked: 1, call: callPersonality})
		m.deny = c.add(kernelCase{what: e.maker, program: program, stacked: 1, call: callUnshare, errno: unix.EPERM})
		for _, n := range depths[1:] {
			m.deeper = append(m.deeper, c.add(kernelCase{what: e.maker, program: program, stacked: n, call: callPersonality}))
		}
		makers = append(makers, m)
	}
	if len(makers) == 0 {
		return g, nil
	}
	results, err := measureCases(b, c.cases)
	if err != nil {
		return nil, err
	}
	ratio := func(i int) float64 { return results[i].ratioTo(results[c.frees[c.cases[i].call.name]]) }
	own := ratio(bare)
	g.add("a filter that allows everything", fmt.Sprintf("%.3f", own), "", "", "", "", "")
	var lines []line
	for _, m := range makers {
		cells := []string{m.name, fmt.Sprintf("%.3f", ratio(m.outright)), fmt.Sprintf("%.3f", ratio(m.argued)), fmt.Sprintf("%.3f", ratio(m.deny))}
		l := line{name: m.name, values: []float64{ratio(m.argued)}}
		for _, i := range m.deeper {
			cells = append(cells, fmt.Sprintf("%.3f", ratio(i)))
			l.values = append(l.values, ratio(i))
		}
		g.add(cells...)
		lines = append(lines, l)
		if m.name == "narrow" {
			g.must("an argument-free allow against the bitmap's own cost", ratio(m.outright)/own, bitmapShare)
			g.must("an allow by an argument against no filter", ratio(m.argued), argumentRatio)
		}
	}
	if b.options.update {
		err = drawKernel(lines)
	}
	return g, err
}

// collector gathers cases, and for each call one without a filter.
type collector struct {
	cases []kernelCase
	frees map[string]int // by the call's name
}

func (c *collector) add(k kernelCase) int {
	if _, ok := c.frees[k.call.name]; !ok {
		c.frees[k.call.name] = len(c.cases)
		c.cases = append(c.cases, kernelCase{what: "no filter", call: k.call})
	}
	c.cases = slices.Concat(c.cases, []kernelCase{k})
	return len(c.cases) - 1
}
