package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
)

// simulator runs calls through a policy's stacked programs or through one
// foreign program. It is safe for several goroutines.
type simulator struct {
	policy *policy.Policy // nil for a program
	scope  scope          // what a line that names no phase or thread means
	arch   *abi.Arch      // what a line that names no arch means

	traced, counted bool // answers have their trails; calls count for coverage

	views sync.Map // scope → *view
}

// view is the filters of a thread in a phase, the oldest first.
type view struct {
	vm       *bpf.StackVM
	programs bpf.Stack
	deciders []*decider // of each filter; nil for a foreign program
	covered  *viewCoverage
	lines    func(filter int) []asm.Line
}

// makeView makes the filters ready.
func makeView(programs bpf.Stack, deciders []*decider) (*view, error) {
	vm, err := bpf.NewStackVM(programs)
	if err != nil {
		return nil, err
	}
	listings := sync.OnceValue(func() [][]asm.Line {
		var all [][]asm.Line
		for _, p := range programs {
			all = append(all, asm.Lines(p))
		}
		return all
	})
	return &view{
		vm: vm, programs: programs, deciders: deciders, covered: newViewCoverage(programs),
		lines: func(filter int) []asm.Line { return listings()[filter] },
	}, nil
}

// answer is what became of a call.
type answer struct {
	verdict policy.Verdict
	value   bpf.Action
	steps   int
	rule    *policy.RuleMatch // nil where no rule is known
	trail   []trailStep       // nil unless the simulator traces
	view    *view
}

// loadSimulator reads the policy or program that arg names.
func loadSimulator(s *streams, arg, from string, set *settings, sc scope) (*simulator, error) {
	if isProgram(arg, from) {
		return programSimulator(s, arg, from, sc)
	}
	p, err := set.load(arg, s)
	if err != nil {
		return nil, err
	}
	s.warnEmpty(p)
	arch, err := sc.chosenArch(p)
	if err != nil {
		return nil, err
	}
	return &simulator{policy: p, scope: scope{phase: sc.phase, thread: sc.thread}, arch: arch}, nil
}

func programSimulator(s *streams, arg, from string, sc scope) (*simulator, error) {
	prog, err := readProgram(s, arg, from)
	if err != nil {
		return nil, err
	}
	v, err := makeView(bpf.Stack{prog}, []*decider{nil})
	if err != nil {
		return nil, badInput(fmt.Errorf("%s: %w", arg, err))
	}
	arch := abi.Native()
	if sc.arch != "" {
		a, ok := abi.ByName(sc.arch)
		if !ok {
			return nil, usage("unknown arch %q", sc.arch)
		}
		arch = a
	}
	sim := &simulator{arch: arch}
	sim.views.Store(scope{}, v)
	return sim, nil
}

// archNamed is abi.ByName, nil for an unknown name.
func (sim *simulator) archNamed(name string) *abi.Arch {
	a, _ := abi.ByName(name)
	return a
}

// viewOf compiles, once, what a line's phase and thread mean.
func (sim *simulator) viewOf(c lineCall) (*view, error) {
	key := sim.scope
	if c.phase != "" {
		key.phase = c.phase
	}
	if c.hasThread {
		key.thread = c.thread
	}
	if sim.policy == nil {
		key = scope{}
	}
	if v, ok := sim.views.Load(key); ok {
		return v.(*view), nil
	}
	v, err := newView(sim.policy, key)
	if err != nil {
		return nil, err
	}
	kept, _ := sim.views.LoadOrStore(key, v)
	return kept.(*view), nil
}

func newView(p *policy.Policy, key scope) (*view, error) {
	stack, err := key.stack(p)
	if err != nil {
		return nil, err
	}
	var programs bpf.Stack
	var deciders []*decider
	for _, ph := range stack {
		if ph.Unfiltered() {
			continue
		}
		rules := key.rules(ph)
		prog, err := compile.Compile(rules, compile.Options{})
		if err != nil {
			return nil, badInput(err)
		}
		programs = append(programs, prog)
		deciders = append(deciders, newDecider(rules))
	}
	v, err := makeView(programs, deciders)
	if err != nil {
		return nil, badInput(err)
	}
	return v, nil
}

// answer runs c through the filters of its thread. All of them run, as in the
// kernel; the strictest verdict wins, and of equals the newest filter's.
func (sim *simulator) answer(c lineCall) (answer, error) {
	v, err := sim.viewOf(c)
	if err != nil {
		return answer{}, err
	}
	a := answer{view: v}
	winner := sim.run(v, &c.data, &a)
	a.verdict = policy.VerdictOf(a.value)
	if by := v.decider(winner); by != nil {
		a.rule = by.decide(&c.data)
	}
	return a, nil
}

// run runs a call, step by step only where that is asked for.
func (sim *simulator) run(v *view, d *bpf.Data, a *answer) (winner int) {
	var value uint32
	if !sim.traced && !sim.counted {
		value, a.steps, winner = v.vm.Run(d)
		a.value = bpf.Action(value)
		return winner
	}
	value, trail, winner := v.walk(d)
	a.value, a.steps = bpf.Action(value), len(trail)
	if sim.counted {
		v.covered.count(trail)
	}
	if sim.traced {
		a.trail = trail
	}
	return winner
}

// decider is that of the filter which won; the newest one's where none did, as
// all of them allow. It is nil without a filter, and for a foreign program.
func (v *view) decider(winner int) *decider {
	if winner < 0 {
		winner = len(v.deciders) - 1
	}
	if winner < 0 {
		return nil
	}
	return v.deciders[winner]
}

// because is the rule that decided, for people.
func (a answer) because() string {
	if a.rule == nil {
		return ""
	}
	return fmt.Sprintf(" (%s at %s)", a.rule.Text, a.rule.Pos)
}

// wireAnswer is the JSON of an answer.
type wireAnswer struct {
	Call    string     `json:"call,omitempty"`
	Verdict string     `json:"verdict"`
	Value   string     `json:"value"`
	Steps   int        `json:"steps"`
	Rule    string     `json:"rule,omitempty"`
	Trace   []wireStep `json:"trace,omitempty"`
}

func (a answer) wire(call string) wireAnswer {
	w := wireAnswer{Call: call, Verdict: a.verdict.String(), Value: fmt.Sprintf("%#x", uint32(a.value)), Steps: a.steps}
	if a.rule != nil {
		w.Rule = a.rule.Pos.String()
	}
	if a.trail != nil {
		w.Trace = a.view.wireTrail(a.trail)
	}
	return w
}

// appendAnswer appends the line for c.
func (sim *simulator) appendAnswer(out []byte, c lineCall) ([]byte, error) {
	a, err := sim.answer(c)
	if err != nil {
		return out, err
	}
	out = append(out, `{"verdict":"`...)
	out = append(out, a.verdict.String()...)
	out = append(out, `","value":"0x`...)
	out = strconv.AppendUint(out, uint64(a.value), 16)
	out = append(out, `","steps":`...)
	out = strconv.AppendInt(out, int64(a.steps), 10)
	if a.rule != nil {
		out = append(out, `,"rule":`...)
		out = appendPlace(out, a.rule.Pos)
	}
	if a.trail != nil {
		trace, err := json.Marshal(a.view.wireTrail(a.trail))
		if err != nil {
			return out, err
		}
		out = append(append(out, `,"trace":`...), trace...)
	}
	return append(out, '}', '\n'), nil
}

// appendPlace appends file:line:col as a JSON string.
func appendPlace(out []byte, p policy.Pos) []byte {
	name, _ := json.Marshal(filepath.ToSlash(p.File))
	out = append(out, name[:len(name)-1]...)
	out = append(out, ':')
	out = strconv.AppendInt(out, int64(p.Line), 10)
	out = append(out, ':')
	out = strconv.AppendInt(out, int64(p.Col), 10)
	return append(out, '"')
}
