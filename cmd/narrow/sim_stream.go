package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// simBatch is how many lines travel together between reader, workers and
// writer: large enough that handing over costs nothing.
const simBatch = 2048

// batch is consecutive lines of the input and, once done, their answers.
type batch struct {
	first int // line number of the first, from 1
	lines [][]byte
	out   []byte
	err   error
	done  chan struct{}
}

// simStream answers each line of in with a line on out, in order.
func simStream(sim *simulator, in io.Reader, out io.Writer) error {
	todo := make(chan *batch, 2*runtime.NumCPU())
	order := make(chan *batch, 4*runtime.NumCPU())
	stop := make(chan struct{})
	var readErr error
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for b := range todo {
				b.answer(sim)
				close(b.done)
			}
		})
	}
	workers.Go(func() {
		defer close(order)
		defer close(todo)
		readErr = readBatches(in, stop, todo, order)
	})
	err := writeBatches(out, order, stop)
	workers.Wait()
	if err == nil {
		err = readErr
	}
	return err
}

// readBatches cuts in into batches until it ends or stop is closed.
func readBatches(in io.Reader, stop <-chan struct{}, todo, order chan<- *batch) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 1<<20), maxInput)
	next := func(first int) *batch {
		return &batch{first: first, lines: make([][]byte, 0, simBatch), done: make(chan struct{})}
	}
	send := func(b *batch) bool {
		select {
		case <-stop:
			return false
		case order <- b:
		}
		todo <- b
		return true
	}
	number := 0
	b := next(1)
	var text []byte
	for scanner.Scan() {
		number++
		start := len(text)
		text = append(text, scanner.Bytes()...)
		b.lines = append(b.lines, text[start:len(text):len(text)])
		if len(b.lines) == simBatch {
			if !send(b) {
				return nil
			}
			b, text = next(number+1), make([]byte, 0, len(text))
		}
	}
	if len(b.lines) > 0 {
		send(b)
	}
	if err := scanner.Err(); err != nil {
		return badInput(fmt.Errorf("line %d: %w", number+1, err))
	}
	return nil
}

// writeBatches writes finished batches in order and, on an error, stops the
// reader and drains what is under way.
func writeBatches(out io.Writer, order <-chan *batch, stop chan<- struct{}) error {
	var first error
	for b := range order {
		<-b.done
		if first != nil {
			continue
		}
		if _, err := out.Write(b.out); err != nil {
			first = err
		}
		if first == nil && b.err != nil {
			first = badInput(b.err)
		}
		if first != nil {
			close(stop)
		}
	}
	return first
}

func (b *batch) answer(sim *simulator) {
	b.out = make([]byte, 0, 96*len(b.lines))
	for i, line := range b.lines {
		if len(line) == 0 {
			continue
		}
		c, err := sim.parseLine(line)
		if err == nil {
			b.out, err = sim.appendAnswer(b.out, c)
		}
		if err != nil {
			b.err = fmt.Errorf("line %d: %w", b.first+i, err)
			return
		}
	}
}

// lineCall is one line of --jsonl.
type lineCall struct {
	data          bpf.Data
	phase, thread string
	hasThread     bool
}

// wireCall is the JSON of a line; the words are numbers, or strings in any of
// Go's bases.
type wireCall struct {
	Arch   json.RawMessage   `json:"arch"`
	Nr     json.RawMessage   `json:"nr"`
	IP     json.RawMessage   `json:"ip"`
	Args   []json.RawMessage `json:"args"`
	Phase  string            `json:"phase"`
	Thread *string           `json:"thread"`
}

// parseSlow reads any JSON that says a call.
func (sim *simulator) parseSlow(line []byte) (c lineCall, err error) {
	var w wireCall
	if err := json.Unmarshal(line, &w); err != nil {
		return c, fmt.Errorf("not a JSON call: %w", err)
	}
	if len(w.Args) > 6 {
		return c, fmt.Errorf("%d args; a call has at most 6", len(w.Args))
	}
	if w.Nr == nil {
		return c, fmt.Errorf("no \"nr\"; expected a number or a call's name")
	}
	c.phase = w.Phase
	if w.Thread != nil {
		c.thread, c.hasThread = *w.Thread, true
	}
	for i, raw := range w.Args {
		if c.data.Args[i], err = rawWord(raw, 64); err != nil {
			return c, fmt.Errorf("args[%d]: %w", i, err)
		}
	}
	if w.IP != nil {
		if c.data.IP, err = rawWord(w.IP, 64); err != nil {
			return c, fmt.Errorf("ip: %w", err)
		}
	}
	arch, err := sim.rawArch(w.Arch, &c.data)
	if err != nil {
		return c, err
	}
	return c, rawNumber(w.Nr, arch, &c.data)
}

// rawArch reads an arch by name or by its AUDIT_ARCH value into d, and tells
// which arch a call's name would be of.
func (sim *simulator) rawArch(raw json.RawMessage, d *bpf.Data) (*abi.Arch, error) {
	if raw == nil {
		d.Arch = sim.arch.Audit
		return sim.arch, nil
	}
	if name, ok := rawString(raw); ok {
		if a, ok := abi.ByName(name); ok {
			d.Arch = a.Audit
			return a, nil
		}
	}
	v, err := rawWord(raw, 32)
	if err != nil {
		return nil, fmt.Errorf("arch: %s is neither an arch's name nor an AUDIT_ARCH value", raw)
	}
	d.Arch = uint32(v)
	a, _ := abi.ByAudit(d.Arch, 0)
	return a, nil
}

// rawNumber reads a call's number, or its name on arch, into d.
func rawNumber(raw json.RawMessage, arch *abi.Arch, d *bpf.Data) error {
	name, isString := rawString(raw)
	if isString && arch != nil {
		if call, ok := arch.Call(name); ok {
			d.Nr = call.Nr
			return nil
		}
	}
	v, err := rawNr(raw)
	if err != nil {
		if isString && arch != nil {
			return fmt.Errorf("nr: %q is no call of %s", name, arch.Name)
		}
		return fmt.Errorf("nr: %w", err)
	}
	d.Nr = v
	return nil
}

// rawNr reads a call's number; -1 is the number that a tracer skips a call with.
func rawNr(raw json.RawMessage) (uint32, error) {
	s, ok := rawString(raw)
	if !ok {
		s = string(raw)
	}
	if v, err := strconv.ParseInt(s, 0, 32); err == nil {
		return uint32(v), nil
	}
	v, err := rawWord(raw, 32)
	return uint32(v), err
}

// rawWord reads an unsigned word, or a negative number as its two's complement.
func rawWord(raw json.RawMessage, bits int) (uint64, error) {
	s, ok := rawString(raw)
	if !ok {
		s = string(raw)
	}
	v, err := strconv.ParseUint(s, 0, bits)
	if err == nil {
		return v, nil
	}
	if n, err := strconv.ParseInt(s, 0, bits); err == nil {
		return uint64(n) & (^uint64(0) >> (64 - bits)), nil
	}
	return 0, fmt.Errorf("%s is not a number of %d bits", raw, bits)
}

func rawString(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}
