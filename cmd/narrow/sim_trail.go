package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/policy"
)

// trailStep is one instruction that a call ran through, in which filter.
type trailStep struct {
	filter int // the oldest is 0
	bpf.Step
}

// walk runs d as the filters' VM does and returns each instruction on the way.
func (v *view) walk(d *bpf.Data) (value uint32, trail []trailStep, winner int) {
	value, _, winner = v.vm.Trace(d, func(filter int, step bpf.Step) {
		trail = append(trail, trailStep{filter, step})
	})
	return value, trail, winner
}

// wireStep is the JSON of an instruction that was run.
type wireStep struct {
	Filter int                  `json:"filter"` // the oldest is 1
	PC     int                  `json:"pc"`
	Text   string               `json:"text"`
	Note   string               `json:"note,omitempty"`
	A      string               `json:"a"`
	X      string               `json:"x"`
	M      [bpf.MEMWORDS]string `json:"m"`
	Taken  *bool                `json:"taken,omitempty"` // of a conditional jump: the test holds, as Text has it
	Next   *int                 `json:"next,omitempty"`  // not behind a return
	Value  string               `json:"value,omitempty"` // of a return
}

// wireTrail is the JSON of a trail.
func (v *view) wireTrail(trail []trailStep) []wireStep {
	wire := make([]wireStep, len(trail))
	for n := range trail {
		s := &trail[n]
		line := v.lines(s.filter)[s.PC]
		w := wireStep{Filter: s.filter + 1, PC: s.PC, Text: line.Text, Note: line.Note, A: hexWord(s.A), X: hexWord(s.X)}
		for k, word := range s.M {
			w.M[k] = hexWord(word)
		}
		if isTest(s.Instruction) {
			holds := s.Taken != line.Opposite
			w.Taken = &holds
		}
		if s.Next < 0 {
			w.Value = hexWord(s.Value)
		} else {
			w.Next = &s.Next
		}
		wire[n] = w
	}
	return wire
}

// printTrail writes a trail for people, a line an instruction, with a line
// before each filter where there are several.
func (v *view) printTrail(w io.Writer, trail []trailStep) error {
	var b strings.Builder
	filter, written := -1, uint16(0)
	for n := range trail {
		s := &trail[n]
		if s.filter != filter {
			filter, written = s.filter, 0
			if len(v.deciders) > 1 {
				fmt.Fprintf(&b, "  filter %d of %d\n", filter+1, len(v.deciders))
			}
		}
		if c := s.Instruction.Class(); c == bpf.ST || c == bpf.STX {
			written |= 1 << s.Instruction.K
		}
		line := v.lines(filter)[s.PC]
		fmt.Fprintf(&b, "  %4d  %-30s  A=%-10s X=%-10s%s%s\n", s.PC, line.Text, hexWord(s.A), hexWord(s.X), memory(s.M, written), s.outcome(line))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// memory is the scratch words that were written.
func memory(m [bpf.MEMWORDS]uint32, written uint16) string {
	var b strings.Builder
	for k, word := range m {
		if written&(1<<k) != 0 {
			fmt.Fprintf(&b, "  M[%d]=%s", k, hexWord(word))
		}
	}
	return b.String()
}

// outcome says what the instruction looked at and where it led.
func (s *trailStep) outcome(line asm.Line) string {
	note := line.Note
	if note != "" {
		note = "  " + note
	}
	switch {
	case isTest(s.Instruction):
		answer := "no"
		if s.Taken != line.Opposite {
			answer = "yes"
		}
		return fmt.Sprintf("%s: %s, on to %d", strings.TrimSuffix(note, ":"), answer, s.Next)
	case s.Next < 0 && s.Instruction.Code == bpf.RET|bpf.A:
		return fmt.Sprintf("  %s", policy.VerdictOf(bpf.Action(s.Value)))
	case s.Next < 0 || s.Next == s.PC+1:
		return note
	}
	return fmt.Sprintf("%s  on to %d", note, s.Next)
}

// isTest reports whether an instruction is a conditional jump.
func isTest(i bpf.Instruction) bool { return i.Class() == bpf.JMP && i.Op() != bpf.JA }

func hexWord(word uint32) string { return fmt.Sprintf("%#x", word) }
