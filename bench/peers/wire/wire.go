// Package wire is what the bench and the peers, programs of their own, say to
// each other.
//
// A peer reads a filter that it is to make, a line each:
//
//	default ACTION
//	rule ACTION NR NAME COUNT [ARG OP VALUE MASK]...
//
// It writes a line with how many nanoseconds making it took, the median of many
// times, then the program as struct sock_filter.
package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
)

// Op is a comparison, with libseccomp's numbers (enum scmp_compare).
type Op int

// The comparisons, of all 64 bits.
const (
	NE Op = iota + 1
	LT
	LE
	EQ
	GE
	GT
	MaskedEQ // (register & Mask) == Value
)

// Cond compares an argument.
type Cond struct {
	Arg         int
	Op          Op
	Value, Mask uint64
}

// Rule gives the calls with a number that fit all conditions an action.
type Rule struct {
	Action uint32
	Nr     uint32
	Name   string
	Conds  []Cond
}

// Filter is for x86_64; calls by another ABI kill the thread, as in libseccomp.
type Filter struct {
	Default uint32
	Rules   []Rule
}

// Write writes a filter.
func (f *Filter) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "default %d\n", f.Default)
	for _, r := range f.Rules {
		fmt.Fprintf(out, "rule %d %d %s %d", r.Action, r.Nr, r.Name, len(r.Conds))
		for _, c := range r.Conds {
			fmt.Fprintf(out, " %d %d %d %d", c.Arg, c.Op, c.Value, c.Mask)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}

// Read reads what Write wrote.
func Read(r io.Reader) (*Filter, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	f := new(Filter)
	for line := range strings.Lines(string(text)) {
		if err := f.line(line); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return f, nil
}

func (f *Filter) line(line string) error {
	in := strings.NewReader(line)
	if strings.HasPrefix(line, "default") {
		_, err := fmt.Fscanf(in, "default %d", &f.Default)
		return err
	}
	var r Rule
	var count int
	if _, err := fmt.Fscanf(in, "rule %d %d %s %d", &r.Action, &r.Nr, &r.Name, &count); err != nil {
		return err
	}
	for range count {
		var c Cond
		if _, err := fmt.Fscanf(in, " %d %d %d %d", &c.Arg, &c.Op, &c.Value, &c.Mask); err != nil {
			return err
		}
		r.Conds = append(r.Conds, c)
	}
	f.Rules = append(f.Rules, r)
	return nil
}

// Serve makes a filter again and again, for a while, and answers.
func Serve(in io.Reader, out io.Writer, make func(*Filter) (bpf.Program, error)) error {
	f, err := Read(in)
	if err != nil {
		return err
	}
	var took []time.Duration
	var program bpf.Program
	for begin := time.Now(); len(took) < 5 || time.Since(begin) < 200*time.Millisecond; {
		start := time.Now()
		if program, err = make(f); err != nil {
			return err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	if _, err := fmt.Fprintf(out, "%d\n", took[len(took)/2].Nanoseconds()); err != nil {
		return err
	}
	_, err = out.Write(program.Bytes())
	return err
}

// Answer reads what a peer wrote.
func Answer(text []byte) (program bpf.Program, took time.Duration, err error) {
	line, raw, ok := bytes.Cut(text, []byte("\n"))
	var ns int64
	if _, err := fmt.Sscan(string(line), &ns); err != nil || !ok || len(raw)%8 != 0 {
		return nil, 0, fmt.Errorf("no answer: %.60q", text)
	}
	for ; len(raw) > 0; raw = raw[8:] {
		program = append(program, bpf.Instruction{Code: binary.NativeEndian.Uint16(raw), Jt: raw[2], Jf: raw[3], K: binary.NativeEndian.Uint32(raw[4:])})
	}
	return program, time.Duration(ns), nil
}
