package main

import (
	"fmt"
	"sync"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// probeLimit bounds the calls of all filters together that check runs through the program
// and through the reference evaluation, beside the proof.
const probeLimit = 20_000

// filter is what one thread class gets when a phase begins.
type filter struct {
	phase, thread string // thread "" is the threads that no block names
	rules         *policy.Rules
}

// filtersOf lists a phase's filters: its classes' and the process-wide one.
func filtersOf(ph *policy.PhaseRules) []filter {
	if ph.Unfiltered() {
		return nil
	}
	filters := []filter{{ph.Name, "", ph.Own}}
	for _, c := range ph.Classes {
		filters = append(filters, filter{ph.Name, c.Name, c.Rules})
	}
	if len(ph.Classes) > 0 {
		filters = append(filters, filter{ph.Name, "(all)", ph.Wide()})
	}
	return filters
}

// filterReport is what check found out about one filter.
type filterReport struct {
	Phase     string `json:"phase"`
	Thread    string `json:"thread,omitempty"`
	Length    int    `json:"instructions"`
	Cost      int    `json:"budget"`
	Bitmap    int    `json:"bitmap"`     // calls that the kernel lets through without running the program
	NotBitmap int    `json:"not_bitmap"` // argument-free allows that miss it; more than 0 is a defect
	Compared  int    `json:"compared"`   // calls on which program and reference agreed
	Proof     string `json:"proof"`      // proved, failed, unknown: why
	Problem   string `json:"problem,omitempty"`

	Allowed []allowed `json:"allowed,omitempty"` // by architecture
	Notes   []string  `json:"notes,omitempty"`   // rules that keep a call out of the bitmap by themselves
}

// allowed is how many calls of an architecture may still run, of how many, as
// powers of two.
type allowed struct {
	Arch string   `json:"arch"`
	Log2 *float64 `json:"log2"` // null: none
	Of   float64  `json:"of"`
}

func (a *allowed) text() string {
	if a.Log2 == nil {
		return "no call of " + a.Arch + " may run"
	}
	return fmt.Sprintf("%s of %s calls may run", power(*a.Log2), power(a.Of))
}

func (f *filterReport) good() bool { return f.Problem == "" }

func (f *filterReport) line() string {
	name := f.Phase
	if f.Thread != "" {
		name += "/" + f.Thread
	}
	text := fmt.Sprintf("%s: %d instructions, ", name, f.Length)
	if len(f.Allowed) > 0 {
		text += f.Allowed[0].text() + ", "
	}
	text += fmt.Sprintf("%d call numbers by the kernel's bitmap, %d calls compared, %s", f.Bitmap, f.Compared, f.Proof)
	if f.NotBitmap > 0 {
		text += fmt.Sprintf(", %d argument-free allows miss the bitmap", f.NotBitmap)
	}
	if f.Problem != "" {
		text += ": " + f.Problem
	}
	return text
}

// draft is what is found out about a filter without the prover.
type draft struct {
	program  bpf.Program
	err      error  // why there is none
	compared int    // calls on which program and reference agreed
	problem  string // the one on which they did not
}

// drafts compiles filters and compares each with the reference evaluation on
// some calls: beside the caller, who proves, one after the other from the first
// one on; or when it is asked for, if that is sooner.
func drafts(filters []filter, probes int) []func() draft {
	all := make([]func() draft, len(filters))
	for i, f := range filters {
		all[i] = sync.OnceValue(func() draft { return newDraft(f.rules, probes) })
	}
	go func() {
		for _, d := range all {
			d()
		}
	}()
	return all
}

func newDraft(rules *policy.Rules, probes int) (d draft) {
	if d.program, d.err = compile.Compile(rules, compile.Options{}); d.err == nil {
		d.compared, d.problem = compare(rules, d.program, probes)
	}
	return d
}

// checkFilter proves one filter. The program's meaning goes into compiled.
func checkFilter(v *verify.Prover, f filter, compiled programs, d draft) *filterReport {
	r := &filterReport{Phase: f.phase, Thread: f.thread, Proof: "not compiled"}
	err := d.err
	if err == nil {
		r.Length, r.Cost = len(d.program), d.program.Cost()
		compiled[f.rules], err = v.Program(d.program)
	}
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	r.Bitmap, r.NotBitmap = bitmap(v, f.rules, d.program)
	r.Allowed, r.Notes = countAllowed(v, f.rules), spoilt(f.rules)
	if r.Compared, r.Problem = d.compared, d.problem; r.Problem != "" {
		r.Proof = "failed"
		return r
	}
	r.Proof, r.Problem = prove(v, f.rules, compiled[f.rules])
	return r
}

// countAllowed counts the calls that rules let run, of this machine's
// architecture first. What takes too long is left out.
func countAllowed(v *verify.Prover, rules *policy.Rules) []allowed {
	var list []allowed
	for _, a := range rules.Arches {
		n, err := v.Count(v.Rules(rules), a.Arch)
		if err != nil {
			continue
		}
		on := allowed{Arch: a.Arch.Name, Of: round(verify.Count{Calls: n.Of}.Log2())}
		if n.Calls.Sign() > 0 {
			log2 := round(n.Log2())
			on.Log2 = &log2
		}
		list = append(list, on)
		if a.Arch == abi.Native() {
			last := len(list) - 1
			list[0], list[last] = list[last], list[0]
		}
	}
	return list
}

// compare runs the boundary calls of the rules through both sides, and says on
// how many they agreed, and on which they did not.
func compare(rules *policy.Rules, prog bpf.Program, limit int) (agreed int, problem string) {
	vm, err := bpf.NewVM(prog)
	if err != nil {
		return 0, err.Error()
	}
	decide := newDecider(rules)
	for d := range rules.Probes(limit) {
		want, _ := decide.evaluate(&d)
		value, _ := vm.Run(&d)
		if got := policy.VerdictOf(bpf.Action(value)); got != want {
			return agreed, fmt.Sprintf("the program says %s and the policy %s to %s", got, want, describe(d))
		}
		agreed++
	}
	return agreed, ""
}

// describe writes a call in the notation of whatever ABI it is of.
func describe(d bpf.Data) string {
	if arch, ok := abi.ByAudit(d.Arch, d.Nr); ok {
		return policy.Describe(arch, d) + " on " + arch.Name
	}
	return fmt.Sprintf("syscall_%d of audit arch %#x", d.Nr, d.Arch)
}

// bitmap counts the calls that the rules let through whatever their arguments,
// by whether the kernel's constant-action bitmap has them.
func bitmap(v *verify.Prover, rules *policy.Rules, prog bpf.Program) (in, out int) {
	for _, a := range rules.Arches {
		can, err := powersOf(v, v.Rules(rules), a.Arch)
		if err != nil {
			continue
		}
		for _, name := range can.always {
			call, _ := a.Arch.Call(name)
			if prog.ConstantAllow(a.Arch.Audit, call.Nr) {
				in++
			} else {
				out++
			}
		}
	}
	return in, out
}
