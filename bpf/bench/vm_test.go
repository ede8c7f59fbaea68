// Package bench compares the virtual machine of package bpf with others. It is a
// module of its own, so that those never enter the product's go.mod:
//
//	cd bpf/bench && go test -bench .
package bench

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	netbpf "golang.org/x/net/bpf"
)

var allow = bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))

// programs are what is run. The same instructions run in both machines: loads
// of a packet are big endian, and so are the calls of this benchmark.
var programs = map[string]bpf.Program{
	"simple": {
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, call.Arch, 0, 6),
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 3, 0),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 2, 0),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 60, 1, 0),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 231, 0, 1),
		allow,
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetKillProcess)),
	},
	"linear": linear(),
	"alu": {
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.BigEndian.ArgLow(0)),
		bpf.Stmt(bpf.ST, 0),
		bpf.Stmt(bpf.MISC|bpf.TAX, 0),
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.BigEndian.ArgHigh(1)),
		bpf.Stmt(bpf.ALU|bpf.XOR|bpf.X, 0),
		bpf.Stmt(bpf.ALU|bpf.LSH|bpf.K, 5),
		bpf.Stmt(bpf.ALU|bpf.ADD|bpf.K, 77),
		bpf.Stmt(bpf.LDX|bpf.MEM, 0),
		bpf.Stmt(bpf.ALU|bpf.OR|bpf.X, 0),
		bpf.Stmt(bpf.RET|bpf.A, 0),
	},
}

// linear compares the number with 250 constants, of which the last is call's.
func linear() bpf.Program {
	p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)}
	for n := range uint32(250) {
		p = append(p, bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, n, 0, 1), allow)
	}
	return append(p, bpf.Stmt(bpf.RET|bpf.K, 0))
}

// call is a call of s390x.
var call = bpf.Data{Nr: 231, Arch: 0x80000016, Args: [6]uint64{0x1122334455667788, 0x99aabbccddeeff00}}

// BenchmarkVM runs each program on the call in narrow's machine and in
// golang.org/x/net/bpf's, which must return the same value.
func BenchmarkVM(b *testing.B) {
	packet := packetOf(b, call)
	for name, program := range programs {
		ours, err := bpf.NewVM(program)
		if err != nil {
			b.Fatal(err)
		}
		theirs := netVM(b, program)
		want, _ := ours.Run(&call)
		if got, err := theirs.Run(packet); err != nil || uint32(got) != want {
			b.Fatalf("%s: x/net/bpf gives %#x (%v), narrow %#x", name, got, err, want)
		}
		b.Run(name+"/narrow", func(b *testing.B) {
			for b.Loop() {
				ours.Run(&call)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mruns/s")
		})
		b.Run(name+"/xnet", func(b *testing.B) {
			for b.Loop() {
				_, _ = theirs.Run(packet) // compared above
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mruns/s")
		})
	}
}

func netVM(b *testing.B, p bpf.Program) *netbpf.VM {
	var raw []netbpf.RawInstruction
	for _, i := range p {
		raw = append(raw, netbpf.RawInstruction{Op: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	list, ok := netbpf.Disassemble(raw)
	if !ok {
		b.Fatal("x/net/bpf does not know every instruction")
	}
	vm, err := netbpf.NewVM(list)
	if err != nil {
		b.Fatal(err)
	}
	return vm
}

func packetOf(b *testing.B, d bpf.Data) []byte {
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.BigEndian, d); err != nil {
		b.Fatal(err)
	}
	return raw.Bytes()
}
