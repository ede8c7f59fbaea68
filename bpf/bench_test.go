package bpf_test

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
)

// simple is a filter as people write them: the arch, then four calls.
var simple = bpf.Program{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0xc000003e, 0, 6),
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 3, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 2, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 60, 1, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 231, 0, 1),
	allowed,
	bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetKillProcess)),
}

// linear compares the number with 300 constants, one after the other.
func linear() bpf.Program {
	p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)}
	for n := range uint32(300) {
		p = append(p, bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, n, 0, 1), allowed)
	}
	return append(p, ret0)
}

// arguments looks at both halves of three arguments.
func arguments() bpf.Program {
	var p bpf.Program
	for n := range 3 {
		p = append(p,
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.LittleEndian.ArgHigh(n)),
			bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 1, 0),
			ret0,
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.LittleEndian.ArgLow(n)),
			bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 0xfff),
			bpf.Jump(bpf.JMP|bpf.JGE|bpf.K, 4096, 0, 1),
			ret0)
	}
	return append(p, allowed)
}

// BenchmarkRun reports the runs of a second and the time of an instruction.
func BenchmarkRun(b *testing.B) {
	for _, bench := range []struct {
		name    string
		program bpf.Program
	}{{"simple", simple}, {"linear", linear()}, {"arguments", arguments()}} {
		b.Run(bench.name, func(b *testing.B) {
			vm, err := bpf.NewVM(bench.program)
			if err != nil {
				b.Fatal(err)
			}
			d := bpf.Data{Nr: 231, Arch: 0xc000003e, Args: [6]uint64{1, 2, 3}}
			total := 0
			for b.Loop() {
				_, steps := vm.Run(&d)
				total += steps
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mruns/s")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(total), "ns/step")
		})
	}
}

// BenchmarkCheck and the others are of the longest kind of program.
func BenchmarkCheck(b *testing.B) {
	p := linear()
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewVM(b *testing.B) {
	p := linear()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bpf.NewVM(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrace(b *testing.B) {
	vm, err := bpf.NewVM(simple)
	if err != nil {
		b.Fatal(err)
	}
	c := bpf.NewCoverage(simple)
	d := bpf.Data{Nr: 231, Arch: 0xc000003e}
	for b.Loop() {
		c.Run(vm, &d)
	}
}
