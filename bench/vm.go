package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	netbpf "golang.org/x/net/bpf"
)

const (
	vmRounds = 100
	vmRuns   = 10_000 // in a round
)

// vmCase is a program and a call that is run through it.
type vmCase struct {
	what    string
	program bpf.Program
	call    bpf.Data
}

// vmCases are memcached's filter on several calls, a long row of comparisons,
// and arithmetic.
func vmCases() ([]vmCase, error) {
	_, profile, err := compiled("memcached.narrow", memcachedProfile())
	if err != nil {
		return nil, err
	}
	exit := bpf.Data{Nr: 231, Arch: 0xc000003e}
	cases := []vmCase{{"a simple filter: the arch, then four calls", simple, exit}}
	for _, text := range []string{"read(fd == 7)", "accept4(flags == SOCK_NONBLOCK)", "execve"} {
		call, err := callOf(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		cases = append(cases, vmCase{"memcached's filter, " + text, profile, call})
	}
	call := bpf.Data{Nr: 249, Arch: 0xc000003e, Args: [6]uint64{0x1122334455667788, 0x99aabbccddeeff00}}
	return append(cases,
		vmCase{"250 comparisons in a row", comparisons(250), call},
		vmCase{"arithmetic", arithmetic, call}), nil
}

// simple is a filter as people write them.
var simple = bpf.Program{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0xc000003e, 0, 5),
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 4, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 3, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 60, 2, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 231, 1, 0),
	bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetKillProcess)),
	bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)),
}

// simpleRate is how many runs of it a second must be reached.
const simpleRate = 20e6

// comparisons compares the number with so many constants.
func comparisons(n uint32) bpf.Program {
	p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)}
	for nr := range n {
		p = append(p,
			bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, nr, 0, 1),
			bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)))
	}
	return append(p, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetKillProcess)))
}

var arithmetic = bpf.Program{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.LittleEndian.ArgLow(0)),
	bpf.Stmt(bpf.ST, 0),
	bpf.Stmt(bpf.MISC|bpf.TAX, 0),
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.LittleEndian.ArgHigh(1)),
	bpf.Stmt(bpf.ALU|bpf.XOR|bpf.X, 0),
	bpf.Stmt(bpf.ALU|bpf.LSH|bpf.K, 5),
	bpf.Stmt(bpf.ALU|bpf.ADD|bpf.K, 77),
	bpf.Stmt(bpf.LDX|bpf.MEM, 0),
	bpf.Stmt(bpf.ALU|bpf.OR|bpf.X, 0),
	bpf.Stmt(bpf.RET|bpf.A, 0),
}

// vmRows compares package bpf's machine with golang.org/x/net/bpf's, and with
// libseccomp's where its source is at hand.
func vmRows(b *bench) ([]row, error) {
	cases, err := vmCases()
	if err != nil {
		return nil, err
	}
	first, err := simpleRow(b)
	if err != nil {
		return nil, err
	}
	rows := []row{first}
	for _, c := range cases {
		r, err := c.row(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		rows = append(rows, r)
	}
	more, err := scmpRows(b, cases)
	return append(rows, more...), err
}

// simpleRow counts the runs of the simple filter.
func simpleRow(b *bench) (row, error) {
	vm, err := bpf.NewVM(simple)
	if err != nil {
		return row{}, err
	}
	call := bpf.Data{Nr: 231, Arch: 0xc000003e}
	s, err := interleave(b.ctx, b.rounds(vmRounds), timed(func() { vm.Run(&call) }))
	if err != nil {
		return row{}, err
	}
	return rateRow("runs of a simple filter, the best round", "", duration(s[0].best()), 1e9/s[0].best(), simpleRate), nil
}

// row measures one case, of which both machines must say the same.
func (c *vmCase) row(b *bench) (row, error) {
	ours, err := bpf.NewVM(c.program)
	if err != nil {
		return row{}, err
	}
	theirs, err := netMachine(c.program)
	if err != nil {
		return row{}, err
	}
	packet := packetOf(&c.call)
	want, steps := ours.Run(&c.call)
	if got, err := theirs.Run(packet); err != nil || uint32(got) != want {
		return row{}, fmt.Errorf("x/net/bpf answers %#x (%v), narrow %#x", uint32(got), err, want)
	}
	s, err := interleave(b.ctx, b.rounds(vmRounds),
		timed(func() { _, _ = theirs.Run(packet) }), // compared above
		timed(func() { ours.Run(&c.call) }))
	if err != nil {
		return row{}, err
	}
	return ratioRow(fmt.Sprintf("%s, %d steps", c.what, steps),
		duration(s[0].median()), duration(s[1].median()), s[1].ratioTo(s[0]), 1), nil
}

// timed measures how many nanoseconds one run takes.
func timed(run func()) func() (float64, error) {
	return func() (float64, error) {
		start := time.Now()
		for range vmRuns {
			run()
		}
		return float64(time.Since(start)) / vmRuns, nil
	}
}

// callOf is a call in the notation, with arguments that it leaves open as 0.
func callOf(text string) (bpf.Data, error) {
	arch, _ := abi.ByName("x86_64")
	expression, err := policy.ParseCall(text)
	if err != nil {
		return bpf.Data{}, err
	}
	pattern, err := policy.ResolvePattern([]*abi.Arch{arch}, expression)
	if err != nil {
		return bpf.Data{}, err
	}
	call, ok := pattern.Example(arch)
	if !ok {
		return call, fmt.Errorf("no call fits")
	}
	return call, nil
}

// packetOf lays a call out so that the big-endian loads of a packet read the
// words that a little-endian kernel would.
func packetOf(d *bpf.Data) []byte {
	little, _ := binary.Append(nil, binary.LittleEndian, d)
	var packet bytes.Buffer
	for at := 0; at < len(little); at += 4 {
		_ = binary.Write(&packet, binary.BigEndian, binary.LittleEndian.Uint32(little[at:]))
	}
	return packet.Bytes()
}

func netMachine(p bpf.Program) (*netbpf.VM, error) {
	var raw []netbpf.RawInstruction
	for _, i := range p {
		raw = append(raw, netbpf.RawInstruction{Op: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	list, ok := netbpf.Disassemble(raw)
	if !ok {
		return nil, fmt.Errorf("x/net/bpf does not know every instruction")
	}
	return netbpf.NewVM(list)
}
