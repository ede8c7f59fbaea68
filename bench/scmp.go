package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

// scmpRounds is few: each is a process that makes many runs.
const scmpRounds = 20

// scmpRows compares package bpf's machine with libseccomp's scmp_bpf_sim, whose
// loop is timed within its process: the program itself makes one run. It knows
// few instructions, so that only some cases can be compared.
func scmpRows(b *bench, cases []vmCase) ([]row, error) {
	if b.options.scmp == "" {
		return nil, nil
	}
	program, err := buildScmp(b)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range cases {
		if !scmpKnows(c.program) {
			continue
		}
		r, err := c.scmpRow(b, program)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// buildScmp compiles scmp_bpf_sim as a loop.
func buildScmp(b *bench) (string, error) {
	out, source := filepath.Join(b.dir, "time_scmp"), b.options.scmp
	cmd := exec.CommandContext(b.ctx, "cc", "-O2", "-fno-inline", "-o", out, "-I", filepath.Join(source, "tools"),
		"-I", filepath.Join(source, "include"), "testdata/time_scmp.c", filepath.Join(source, "tools", "util.c"))
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc: %w\n%s", err, text)
	}
	return out, nil
}

// scmpKnows reports whether scmp_bpf_sim knows every instruction.
func scmpKnows(p bpf.Program) bool {
	for _, i := range p {
		switch i.Code {
		case bpf.LD | bpf.W | bpf.ABS, bpf.ALU | bpf.OR | bpf.K, bpf.ALU | bpf.AND | bpf.K, bpf.RET | bpf.K,
			bpf.JMP | bpf.JA, bpf.JMP | bpf.JEQ | bpf.K, bpf.JMP | bpf.JGT | bpf.K, bpf.JMP | bpf.JGE | bpf.K:
		default:
			return false
		}
	}
	return true
}

// scmpRow measures one case, of which both machines must say the same.
func (c *vmCase) scmpRow(b *bench, program string) (row, error) {
	ours, err := bpf.NewVM(c.program)
	if err != nil {
		return row{}, err
	}
	filter := filepath.Join(b.dir, "filter")
	if err := os.WriteFile(filter, c.program.Bytes(), 0o600); err != nil {
		return row{}, err
	}
	theirs := func() (float64, error) { return c.timeScmp(b, program, filter) }
	s, err := interleave(b.ctx, b.rounds(scmpRounds), theirs, timed(func() { ours.Run(&c.call) }))
	if err != nil {
		return row{}, err
	}
	return ratioRow("scmp_bpf_sim: "+c.what, duration(s[0].median()), duration(s[1].median()), s[1].ratioTo(s[0]), 1), nil
}

// timeScmp has scmp_bpf_sim make the runs of a round.
func (c *vmCase) timeScmp(b *bench, program, filter string) (float64, error) {
	d := &c.call
	arguments := []string{filter, strconv.Itoa(vmRuns)}
	for _, word := range []uint64{uint64(d.Nr), uint64(d.Arch), d.Args[0], d.Args[1]} {
		arguments = append(arguments, strconv.FormatUint(word, 10))
	}
	out, err := exec.CommandContext(b.ctx, program, arguments...).Output()
	if err != nil {
		return 0, err
	}
	var ns float64
	var said string
	if _, err := fmt.Sscan(string(out), &ns, &said); err != nil {
		return 0, fmt.Errorf("%q: %w", out, err)
	}
	action, _, err := c.program.Run(d)
	if want := scmpWord(action); err != nil || said != want {
		return 0, fmt.Errorf("scmp_bpf_sim says %s, narrow %s (%v)", said, want, err)
	}
	return ns, nil
}

// scmpWord is what scmp_bpf_sim calls an action; of others than these no case is.
func scmpWord(a bpf.Action) string {
	switch a.Kind() {
	case bpf.RetAllow:
		return "ALLOW"
	case bpf.RetKillProcess:
		return "KILL_PROCESS"
	}
	return "ERRNO(%u)"
}
