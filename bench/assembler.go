package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

const (
	assemblerRounds = 100
	assemblerRate   = 5e6 // lines a second that must be reached
)

// assemblerRows measure the way from text to program and back, of a filter of
// the greatest size: an allow-list as people write it, with a comment a line.
func assemblerRows(b *bench) ([]row, error) {
	source := longSource()
	lines := bytes.Count(source, []byte("\n"))
	assembly, err := asm.Assemble("long", source, asm.Options{})
	if err != nil {
		return nil, err
	}
	bpfc, err := bpfcRate(b, source, lines)
	if err != nil {
		return nil, err
	}
	assemble, err := lineRate(b, lines, func() error {
		_, err := asm.Assemble("long", source, asm.Options{})
		return err
	})
	if err != nil {
		return nil, err
	}
	rows := []row{rateRow(fmt.Sprintf("assemble %d lines", lines), bpfc, "", assemble, assemblerRate)}
	for _, format := range []string{asm.Asm, asm.Text} {
		var text []byte
		perSecond, err := lineRate(b, len(assembly.Program), func() (err error) {
			text, err = asm.Append(text[:0], format, assembly.Program)
			return err
		})
		if err != nil {
			return nil, err
		}
		rows = append(rows, rateRow(fmt.Sprintf("disassemble %d instructions to %s", len(assembly.Program), format), "", "", perSecond, assemblerRate))
	}
	return rows, nil
}

// lineRate is how many lines a second work does.
func lineRate(b *bench, lines int, work func() error) (float64, error) {
	s, err := interleave(b.ctx, b.rounds(assemblerRounds), func() (float64, error) {
		start := time.Now()
		err := work()
		return float64(time.Since(start)), err
	})
	if err != nil {
		return 0, err
	}
	return float64(lines) / s[0].best() * 1e9, nil
}

// bpfcRate is how many lines a second bpfc assembles, its start counted; empty
// where it is not installed.
func bpfcRate(b *bench, source []byte, lines int) (string, error) {
	path, err := exec.LookPath("/usr/sbin/bpfc") // Debian's place, not on every user's path
	if err != nil {
		return "", nil
	}
	perSecond, err := lineRate(b, lines, func() error {
		cmd := exec.CommandContext(b.ctx, path, "-i", "-")
		cmd.Stdin = bytes.NewReader(source)
		return cmd.Run()
	})
	return rate(perSecond), err
}

func longSource() []byte {
	var b bytes.Buffer
	b.WriteString("\tld [4]  /* offsetof(struct seccomp_data, arch) */\n\tjne #0xc000003e, bad  /* AUDIT_ARCH_X86_64 */\n\tld [0]\n")
	for i := range (bpf.MAXINSNS - 6) / 2 {
		fmt.Fprintf(&b, "\tjne #%d, next%d  ; call %d\n\tret #0x7fff0000\nnext%d:", i, i, i, i)
	}
	b.WriteString("\tja bad\nbad:\tret #0  /* SECCOMP_RET_KILL */\n")
	return b.Bytes()
}
