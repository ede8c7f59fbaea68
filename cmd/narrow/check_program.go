package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// programReport is what check says of a program.
type programReport struct {
	File     string   `json:"file"`
	Admitted bool     `json:"admitted"`
	Length   int      `json:"instructions"`
	Cost     int      `json:"budget"` // of the 32,768 that a stack of filters may cost
	Reasons  []string `json:"reasons,omitempty"`

	Meaning []archMeaning `json:"meaning,omitempty"` // of an admitted program
	Unused  []string      `json:"unused,omitempty"`  // instructions that no call reaches
	Unknown string        `json:"unknown,omitempty"` // why the meaning could not be had within --time
}

// archMeaning is what a filter makes of the calls of one architecture.
type archMeaning struct {
	Arch     string  `json:"arch"`
	Of       float64 `json:"of"`     // all its calls, as a power of two
	Bitmap   int     `json:"bitmap"` // calls that the kernel lets through without running the program
	Verdicts []share `json:"verdicts"`
}

// share is how many calls get a verdict, as a power of two.
type share struct {
	Verdict string  `json:"verdict"`
	Log2    float64 `json:"log2"`
}

func checkProgram(s *streams, v *verify.Prover, arg, from string, asJSON bool) error {
	prog, place, err := readPlaced(s, arg, from)
	if errors.Is(err, bpf.ErrEmpty) { // which the kernel refuses like any other
		prog, place, err = nil, func(int) string { return inputName(arg) }, nil
	}
	if err != nil {
		return err
	}
	r := programReport{File: arg, Length: len(prog), Cost: prog.Cost()}
	for _, e := range prog.CheckAll() {
		r.Reasons = append(r.Reasons, place(e.PC)+": the kernel refuses it: "+e.Error())
	}
	if r.Admitted = len(r.Reasons) == 0; r.Admitted {
		if err := r.mean(v, prog, place); err != nil {
			r.Unknown = err.Error()
		}
	}
	if asJSON {
		err = json.NewEncoder(s.out).Encode(r)
	} else {
		err = r.print(s)
	}
	if err == nil && !r.Admitted {
		err = no()
	}
	return err
}

// mean adds what the program does. The error says why that is unknown.
func (r *programReport) mean(v *verify.Prover, prog bpf.Program, place func(int) string) error {
	m, err := v.Program(prog)
	if err != nil {
		return err
	}
	unused, err := v.Unreachable(m)
	if err != nil {
		return err
	}
	for _, pc := range unused {
		r.Unused = append(r.Unused, fmt.Sprintf("%s: instruction %d", place(pc), pc))
	}
	for _, a := range archesOf(prog) {
		on := archMeaning{Arch: a.Name}
		shares, err := v.Shares(m, a)
		if err != nil {
			return err
		}
		for _, sh := range shares {
			on.Of = round(verify.Count{Calls: sh.Of}.Log2())
			on.Verdicts = append(on.Verdicts, share{policy.VerdictOf(sh.Value).Format(a), round(sh.Log2())})
		}
		calls := a.Calls()
		for i := range calls {
			if prog.ConstantAllow(a.Audit, calls[i].Nr) {
				on.Bitmap++
			}
		}
		r.Meaning = append(r.Meaning, on)
	}
	return nil
}

// round is a power of two for people and files: to three decimals.
func round(log2 float64) float64 { return math.Round(log2*1000) / 1000 }

// archesOf are the architectures that a program asks for, or this machine's.
func archesOf(prog bpf.Program) []*abi.Arch {
	asked := auditsOf(prog)
	var arches []*abi.Arch
	for _, a := range abi.Arches() {
		if asked[a.Audit] && a.NumberBit == 0 {
			arches = append(arches, a)
		}
	}
	if native := abi.Native(); len(arches) == 0 && native != nil {
		arches = append(arches, native)
	}
	return arches
}

// auditsOf are the constants that jumps compare with after the arch was loaded.
func auditsOf(prog bpf.Program) map[uint32]bool {
	asked, loaded := map[uint32]bool{}, false
	for _, in := range prog {
		switch {
		case in.Class() == bpf.JMP:
			asked[in.K] = asked[in.K] || loaded
		case in.Class() == bpf.LD:
			loaded = in.Mode() == bpf.ABS && in.K == bpf.OffArch
		case in.Class() == bpf.ALU, in.Class() == bpf.MISC:
			loaded = false
		}
	}
	return asked
}

func (r *programReport) print(s *streams) error {
	for _, reason := range r.Reasons {
		fmt.Fprintln(s.out, reason)
	}
	if !r.Admitted {
		return nil
	}
	_, err := fmt.Fprintf(s.out, "%s: the kernel admits it: %d instructions, %d of the budget\n", r.File, r.Length, r.Cost)
	for _, m := range r.Meaning {
		fmt.Fprintf(s.out, "%s: on %s\n", r.File, m.text())
	}
	for _, unused := range r.Unused {
		fmt.Fprintf(s.out, "%s: no call reaches it\n", unused)
	}
	if r.Unknown != "" {
		fmt.Fprintf(s.out, "%s: what it does to every call is %s\n", r.File, r.Unknown)
	}
	return err
}

// mostVerdicts bounds what is listed of a program that returns very many values.
const mostVerdicts = 12

// text is "x86_64 of 2^480 calls 2^457.3 allow, 2^480 errno EPERM; 120 by the
// kernel's bitmap".
func (m *archMeaning) text() string {
	var parts []string
	for i, v := range m.Verdicts {
		if i == mostVerdicts {
			parts = append(parts, fmt.Sprintf("%d verdicts more", len(m.Verdicts)-i))
			break
		}
		parts = append(parts, power(v.Log2)+" "+v.Verdict)
	}
	return fmt.Sprintf("%s, of %s calls: %s; %d of its numbers by the kernel's bitmap", m.Arch, power(m.Of), strings.Join(parts, ", "), m.Bitmap)
}

// power writes a count as a power of two, to one decimal.
func power(log2 float64) string {
	return "2^" + strings.TrimSuffix(fmt.Sprintf("%.1f", log2), ".0")
}
