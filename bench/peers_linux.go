package main

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/profiles"
)

// What must be reached for Docker's default profile.
const (
	dockerInstructions = 75
	dockerSteps        = 9.2
	dockerCompile      = 300 * time.Microsecond
	dockerProof        = 30 * time.Millisecond
)

// entry is what one maker made of one workload, measured.
type entry struct {
	workload *workload
	maker    string
	*made
	*stepper
}

// peerReports measures what narrow and its peers make of the same rules.
func peerReports(b *bench) ([]report, error) {
	all, err := workloads(b)
	if err != nil {
		return nil, err
	}
	g := &grid{title: "filters of the same rules, narrow's and its peers'",
		about: "x86_64 alone; steps are instructions run for a call, uniform over the numbers 0 to 470 with zero arguments, and at worst; " +
			"the bitmap's calls are those of these numbers that the kernel lets through without running the filter; compiling and proving are the median of many times in one process",
		columns: []string{"rules", "made by", "instructions", "mean steps", "worst steps", "in the bitmap", "compile", "proof"}, picture: "performance-steps.svg"}
	var entries []entry
	for i := range all {
		w := &all[i]
		for _, m := range makers() {
			if m.name == weightedMaker {
				continue
			}
			e, err := measure(b, w, m)
			switch {
			case errors.Is(err, errNotMeant):
				continue
			case err != nil:
				g.add(w.name, m.name, err.Error(), "", "", "", "", "")
				continue
			}
			entries = append(entries, *e)
			g.add(e.cells()...)
		}
	}
	g.hold(entries)
	traced, err := tracedReport(b, all)
	if err != nil {
		return nil, err
	}
	kernel, err := stackedReport(b, entries)
	if err != nil {
		return nil, err
	}
	own, err := profileReport()
	if err != nil {
		return nil, err
	}
	if b.options.update {
		if err := drawSteps(entries); err != nil {
			return nil, err
		}
	}
	proof, err := proofReport()
	if err != nil {
		return nil, err
	}
	return []report{g, traced, kernel, own, growthReport(), proof}, nil
}

func measure(b *bench, w *workload, m maker) (*entry, error) {
	made, err := m.make(b, w)
	if errors.Is(err, exec.ErrNotFound) {
		err = errors.New("not installed here")
	}
	if err != nil {
		return nil, err
	}
	s, err := newStepper(made.stack)
	if err != nil {
		return nil, err
	}
	return &entry{w, m.name, made, s}, nil
}

// instructions are those of all filters.
func (e *entry) instructions() (n int) {
	for _, p := range e.made.stack {
		n += len(p)
	}
	return n
}

func (e *entry) cells() []string {
	size := fmt.Sprint(e.instructions())
	if n := len(e.made.stack); n > 1 {
		size += fmt.Sprintf(" in %d filters", n)
	}
	return []string{e.workload.name, e.maker, size, fmt.Sprintf("%.2f", e.uniform()), fmt.Sprint(e.worst()), fmt.Sprint(e.bitmap()), span(e.took), span(e.proved)}
}

// span is a duration, "" for none.
func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return duration(float64(d))
}

// hold compares with what must be reached: in figures for Docker's default, and
// with every peer for all.
func (g *grid) hold(entries []entry) {
	for i := range entries {
		e := &entries[i]
		if e.maker != "narrow" {
			continue
		}
		if strings.HasPrefix(e.workload.name, "Docker") {
			g.must("Docker's default, instructions", float64(e.instructions()), dockerInstructions)
			g.must("Docker's default, mean steps", e.uniform(), dockerSteps)
			g.must("Docker's default, compile in ms", e.took.Seconds()*1e3, dockerCompile.Seconds()*1e3)
			g.must("Docker's default, proof in ms", e.proved.Seconds()*1e3, dockerProof.Seconds()*1e3)
		}
		for j := range entries {
			if p := &entries[j]; p.workload == e.workload {
				g.must(e.workload.name+", mean steps against "+p.maker, e.uniform(), p.uniform())
			}
		}
	}
}

const weightedMaker = "narrow, weights of the trace"

// traceNames are the recorded programs.
var traceNames = []string{"memcached", "nginx", "go-build"}

// tracedReport runs recorded traces through Docker's default.
func tracedReport(b *bench, all []workload) (report, error) {
	g := &grid{title: "recorded traces under Docker's default",
		about: "mean steps of a program's calls: first if the filter ran for each, which takes at least 5 (load and test the arch, load and test the number, return); " +
			"then as the kernel runs it, where a call in the bitmap runs none",
		columns: []string{"trace", "made by", "steps, filter always run", "steps in the kernel"}}
	var docker *workload
	for i := range all {
		if strings.HasPrefix(all[i].name, "Docker") {
			docker = &all[i]
		}
	}
	if docker == nil {
		return g, nil
	}
	for _, name := range traceNames {
		calls, err := readTrace(name)
		if err != nil {
			return nil, err
		}
		w := *docker
		w.trace = name
		for _, m := range makers() {
			e, err := measure(b, &w, m)
			if err != nil {
				continue // the table before tells
			}
			always, kernel := e.traced(calls)
			g.add(name, m.name, fmt.Sprintf("%.2f", always), fmt.Sprintf("%.2f", kernel))
			if m.name == weightedMaker {
				g.must(name+", mean steps in the kernel", kernel, 5)
			}
		}
	}
	return g, nil
}

// profileReport is the filters of the shipped profiles, phase by phase and
// thread by thread.
func profileReport() (report, error) {
	g := &grid{title: "the shipped profiles, by phase and thread", about: "as narrow compiles them for all of their architectures; steps are those of x86_64",
		columns: []string{"profile", "phase", "thread", "instructions", "mean steps", "worst steps", "in the bitmap"}}
	for _, name := range profiles.Names() {
		text, _ := profiles.Text(name)
		p, err := policy.Load(name, text, policy.Options{})
		if err != nil {
			return nil, err
		}
		for _, ph := range p.Phases {
			if ph.Unfiltered() {
				continue
			}
			threads := map[string]*policy.Rules{"the process": ph.Wide()}
			order := []string{"the process"}
			for _, c := range ph.Classes {
				threads[c.Name] = c.Rules
				order = append(order, c.Name)
			}
			for _, thread := range order {
				program, err := compile.Compile(threads[thread], compile.Options{})
				if err != nil {
					return nil, err
				}
				s, err := newStepper(bpf.Stack{program})
				if err != nil {
					return nil, err
				}
				g.add(name, ph.Name, thread, fmt.Sprint(len(program)), fmt.Sprintf("%.2f", s.uniform()), fmt.Sprint(s.worst()), fmt.Sprint(s.bitmap()))
			}
		}
	}
	return g, nil
}

// growthReport shows that the time for a rule does not grow with their number.
func growthReport() report {
	g := &grid{title: "compile time by the number of rules", about: "each rule tests two arguments of one of 400 calls; the kernel takes 4,096 instructions at most, so the largest are made, and then refused",
		columns: []string{"rules", "instructions", "compile", "for each rule"}}
	for _, n := range []int{10, 100, 1000, 10_000} {
		rules := manyRules(n)
		var size int
		took := medianTime(func() {
			program, err := compile.Compile(rules, compile.Options{})
			size = len(program)
			var long *compile.SizeError
			if errors.As(err, &long) {
				size = long.Instructions
			}
		})
		g.add(fmt.Sprint(n), fmt.Sprint(size), span(took), span(took/time.Duration(n)))
	}
	return g
}

// manyRules are n rules with arguments, over 400 calls.
func manyRules(n int) *policy.Rules {
	p, _ := policy.Load("none", []byte("language 1\npolicy none\narch x86_64\ndefault errno EPERM\nallow exit_group rt_sigreturn\n"), policy.Options{})
	rules := onX8664(p.Phases[0].Own)
	list := rules.Arches[0].Lists[0]
	var many policy.List
	for i := range n {
		value := func(reg int8, v uint64) policy.Cond {
			return policy.Cond{Operand: policy.Operand{Reg: reg, High: -1, Bits: 32}, Mask: 1<<32 - 1, Ranges: []policy.Range{{Low: v, High: v}}}
		}
		nr := uint64(i % 400)
		many = append(many, &policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Allow}, Numbers: []policy.Range{{Low: nr, High: nr}},
			Conds: []policy.Cond{value(int8(i%3), uint64(i)*7919), value(3, uint64(i%5))}})
	}
	rules.Arches[0] = &policy.ArchRules{Arch: rules.Arches[0].Arch, Lists: []policy.List{append(many, list...)}}
	return rules
}

// What the proof of 400 rules on three architectures may take.
const (
	proofSeconds = 1
	proofMiB     = 300
)

// proofReport proves policies of many rules on several architectures.
func proofReport() (report, error) {
	g := &grid{title: "proof by the number of rules and architectures", about: "that the compiled program is the rules, for every call; two rules in three test an argument; memory is all that a proof allocates, freed or not",
		columns: []string{"rules", "architectures", "instructions", "proof", "memory"}}
	for _, n := range []int{10, 100, 400} {
		for _, arches := range []string{"x86_64", "x86_64, aarch64, i386"} {
			text := strings.Replace(policyOf(n), "arch x86_64", "arch "+arches, 1)
			p, err := policy.Load("rules", []byte(text), policy.Options{})
			if err != nil {
				return nil, err
			}
			rules := p.Phases[0].Wide()
			program, err := compile.Compile(rules, compile.Options{})
			if err != nil {
				return nil, err
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			runs := uint64(0)
			took := medianTime(func() {
				runs++
				err = prove(program, rules)
			})
			if err != nil {
				return nil, err
			}
			runtime.ReadMemStats(&after)
			mib := float64((after.TotalAlloc-before.TotalAlloc)/runs) / (1 << 20)
			g.add(fmt.Sprint(n), arches, fmt.Sprint(len(program)), span(took), fmt.Sprintf("%.1f MiB", mib))
			g.must(fmt.Sprintf("proof of %d rules on %s, in s", n, arches), took.Seconds(), proofSeconds)
			g.must(fmt.Sprintf("proof of %d rules on %s, in MiB", n, arches), mib, proofMiB)
		}
	}
	return g, nil
}
