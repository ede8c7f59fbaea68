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
	vmRuns   = 20_000 // in a round
)

// vmCalls are run through memcached's filter.
var vmCalls = []string{"read(fd == 7)", "accept4(flags == SOCK_NONBLOCK)", "execve"}

// vmRows compares package bpf's machine with golang.org/x/net/bpf's.
func vmRows(b *bench) ([]row, error) {
	_, program, err := compiled("memcached.narrow", memcachedProfile())
	if err != nil {
		return nil, err
	}
	ours, err := bpf.NewVM(program)
	if err != nil {
		return nil, err
	}
	theirs, err := netMachine(program)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, text := range vmCalls {
		r, err := vmRow(b, text, ours, theirs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// vmRow measures one call. Loads of a packet are big endian, so it is turned
// round for the other machine; both must answer the same.
func vmRow(b *bench, text string, ours *bpf.VM, theirs *netbpf.VM) (row, error) {
	call, err := callOf(text)
	if err != nil {
		return row{}, err
	}
	packet := packetOf(&call)
	want, steps := ours.Run(&call)
	if got, err := theirs.Run(packet); err != nil || uint32(got) != want {
		return row{}, fmt.Errorf("x/net/bpf answers %#x (%v), narrow %#x", uint32(got), err, want)
	}
	s, err := interleave(b.ctx, b.rounds(vmRounds),
		timed(func() { _, _ = theirs.Run(packet) }), // compared above
		timed(func() { ours.Run(&call) }))
	if err != nil {
		return row{}, err
	}
	return ratioRow(fmt.Sprintf("%s, %d steps", text, steps),
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
