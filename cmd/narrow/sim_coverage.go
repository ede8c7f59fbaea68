package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// viewCoverage counts what calls reached in the filters of a view. It is safe
// for several goroutines.
type viewCoverage struct {
	mu      sync.Mutex
	filters []*bpf.Coverage // the oldest first
}

func newViewCoverage(programs bpf.Stack) *viewCoverage {
	c := &viewCoverage{}
	for _, p := range programs {
		c.filters = append(c.filters, bpf.NewCoverage(p))
	}
	return c
}

// count adds the trail of one call.
func (c *viewCoverage) count(trail []trailStep) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := range trail {
		c.filters[trail[n].filter].Visit(trail[n].Step)
	}
}

// wireCoverage is the JSON of what calls reached in one filter.
type wireCoverage struct {
	Phase        string       `json:"phase,omitempty"`
	Thread       string       `json:"thread,omitempty"`
	Filter       int          `json:"filter"` // the oldest is 1
	Calls        uint64       `json:"calls"`
	Instructions int          `json:"instructions"`
	Ran          int          `json:"ran"`
	Tests        int          `json:"tests"`
	BothWays     int          `json:"bothWays"`
	Unreached    []wireGap    `json:"unreached"`
	OneWay       []wireOneWay `json:"oneWay"`
}

// wireGap is an instruction that never ran.
type wireGap struct {
	PC   int    `json:"pc"`
	Text string `json:"text"`
	Note string `json:"note,omitempty"`
}

// wireOneWay is a conditional jump that always led to the same place.
type wireOneWay struct {
	wireGap
	Runs  uint64 `json:"runs"`
	Taken bool   `json:"taken"` // the test always held, as Text has it
	To    int    `json:"to"`
	Never int    `json:"never"`
}

// coverage is what all calls reached, by phase, thread and filter.
func (sim *simulator) coverage() []wireCoverage {
	var all []wireCoverage
	sim.views.Range(func(key, value any) bool {
		sc, v := key.(scope), value.(*view)
		for n := range v.covered.filters {
			c := v.filterCoverage(n)
			c.Phase, c.Thread = sc.phase, sc.thread
			all = append(all, c)
		}
		return true
	})
	slices.SortFunc(all, func(a, b wireCoverage) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Filter, b.Filter))
	})
	return all
}

// filterCoverage is what calls reached in filter n.
func (v *view) filterCoverage(n int) wireCoverage {
	c, lines, p := v.covered.filters[n], v.lines(n), v.programs[n]
	w := wireCoverage{Filter: n + 1, Calls: c.Runs, Instructions: len(p), Unreached: []wireGap{}, OneWay: []wireOneWay{}}
	for _, pc := range c.Unreached() {
		w.Unreached = append(w.Unreached, gapAt(lines, pc))
	}
	for _, pc := range c.OneWay(p) {
		w.OneWay = append(w.OneWay, oneWayAt(lines, p, pc, c.Counts[pc]))
	}
	for pc, i := range p {
		if isTest(i) && i.Jt != i.Jf {
			w.Tests++
			if n := c.Counts[pc]; n.Taken > 0 && n.Taken < n.Run {
				w.BothWays++
			}
		}
	}
	w.Ran = len(p) - len(w.Unreached)
	return w
}

func gapAt(lines []asm.Line, pc int) wireGap {
	return wireGap{PC: pc, Text: lines[pc].Text, Note: lines[pc].Note}
}

func oneWayAt(lines []asm.Line, p bpf.Program, pc int, n bpf.Count) wireOneWay {
	w := wireOneWay{wireGap: gapAt(lines, pc), Runs: n.Run}
	w.To, w.Never = pc+1+int(p[pc].Jt), pc+1+int(p[pc].Jf)
	held := n.Taken > 0
	if !held {
		w.To, w.Never = w.Never, w.To
	}
	w.Taken = held != lines[pc].Opposite
	return w
}

// appendTo writes the coverage of one filter for people.
func (w *wireCoverage) appendTo(b *bytes.Buffer, several bool) {
	if several {
		fmt.Fprintf(b, "%sfilter %d: ", w.where(), w.Filter)
	}
	fmt.Fprintf(b, "calls: %d, instructions run: %d of %d, tests that went both ways: %d of %d\n",
		w.Calls, w.Ran, w.Instructions, w.BothWays, w.Tests)
	for _, g := range w.Unreached {
		fmt.Fprintf(b, "  %4d  %-30s  never ran%s\n", g.PC, g.Text, behind(g.Note))
	}
	for _, o := range w.OneWay {
		fmt.Fprintf(b, "  %4d  %-30s  always on to %d, never to %d (runs: %d)%s\n", o.PC, o.Text, o.To, o.Never, o.Runs, behind(o.Note))
	}
}

// where names the phase and the thread of a filter.
func (w *wireCoverage) where() string {
	text := ""
	if w.Phase != "" {
		text += "phase " + w.Phase + ", "
	}
	if w.Thread != "" {
		text += "thread " + w.Thread + ", "
	}
	return text
}

func behind(note string) string {
	if note == "" {
		return ""
	}
	return "  ; " + note
}

// reportCoverage writes what all calls reached: to a file, or to standard error for
// the name -.
func (sim *simulator) reportCoverage(s *streams, file string, asJSON bool) error {
	var b bytes.Buffer
	all := sim.coverage()
	for i := range all {
		if asJSON {
			if err := json.NewEncoder(&b).Encode(&all[i]); err != nil {
				return err
			}
		} else {
			all[i].appendTo(&b, len(all) > 1)
		}
	}
	return writeOutput(s.err, file, b.Bytes())
}
