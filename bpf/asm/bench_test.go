package asm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// longSource is a filter of the greatest size: an allow-list as people write
// it, with a comment a line.
func longSource() string {
	var b strings.Builder
	b.WriteString("\tld [4]  /* offsetof(struct seccomp_data, arch) */\n\tjne #0xc000003e, bad  /* AUDIT_ARCH_X86_64 */\n\tld [0]\n")
	for i := range (bpf.MAXINSNS - 6) / 2 {
		fmt.Fprintf(&b, "\tjne #%d, next%d  ; call %d\n\tret #0x7fff0000\nnext%d:", i, i, i, i)
	}
	b.WriteString("\tja bad\nbad:\tret #0  /* SECCOMP_RET_KILL */\n")
	return b.String()
}

func BenchmarkAssemble(b *testing.B) {
	source := []byte(longSource())
	a, err := Assemble("x", source, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, err := Assemble("x", source, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	reportLines(b, strings.Count(string(source), "\n"))
	_ = a
}

// BenchmarkAssembleNames assembles a row of calls by their names.
func BenchmarkAssembleNames(b *testing.B) {
	amd64, _ := abi.ByName("x86_64")
	var s strings.Builder
	s.WriteString("\tld [arch]\n\tjne #AUDIT_ARCH_X86_64, bad\n\tld [nr]\n")
	for i := range 4000 {
		fmt.Fprintf(&s, "\tjeq #__NR_%s, good\n", amd64.Calls()[i%300].Name)
	}
	s.WriteString("bad:\tret #SECCOMP_RET_ERRNO|EPERM\ngood:\tret #SECCOMP_RET_ALLOW\n")
	source := []byte(s.String())
	for b.Loop() {
		if _, err := Assemble("x", source, Options{Arch: amd64}); err != nil {
			b.Fatal(err)
		}
	}
	reportLines(b, strings.Count(s.String(), "\n"))
}

func BenchmarkDisassemble(b *testing.B) {
	a, err := Assemble("x", []byte(longSource()), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []string{Asm, Text} {
		b.Run(format, func(b *testing.B) {
			var text []byte
			for b.Loop() {
				if text, err = Append(text[:0], format, a.Program); err != nil {
					b.Fatal(err)
				}
			}
			reportLines(b, len(a.Program))
		})
	}
}

// reportLines reports the throughput in lines a second.
func reportLines(b *testing.B, lines int) {
	b.ReportMetric(float64(b.N)*float64(lines)/b.Elapsed().Seconds()/1e6, "Mlines/s")
}
