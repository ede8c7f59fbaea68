package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// shownPolicy is a policy's effective powers on one architecture.
type shownPolicy struct {
	Policy string            `json:"policy"`
	Arch   string            `json:"arch"`
	Arches []string          `json:"arches"`
	Else   string            `json:"else"`
	Params map[string]string `json:"params,omitempty"`
	Phases []*shownPhase     `json:"phases"`
}

type shownPhase struct {
	Name    string             `json:"name"`
	After   string             `json:"after,omitempty"`
	Threads []*shownThread     `json:"threads"`
	All     *shownPowers       `json:"all"` // all threads together
	Kept    []shownKept        `json:"kept,omitempty"`
	Files   []shownPath        `json:"files,omitempty"`
	Network []string           `json:"network,omitempty"`
	Labels  []string           `json:"labels,omitempty"`
	Layers  []launch.LayerPlan `json:"layers"`

	steps []shownStep // from the threads of the phase before
}

// shownStep is a way from a thread of one phase to one of the next, by their places.
type shownStep struct{ from, to int }

// shownKept is a call that is possible because entering a later phase takes it.
type shownKept struct {
	Call  string `json:"call"`
	Why   string `json:"why"`
	Phase string `json:"phase"` // the one that takes it
}

// shownPowers are names of calls, each list sorted.
type shownPowers struct {
	Calls     []string `json:"calls"`       // those that some argument lets run
	Some      []string `json:"conditional"` // those of them that not every argument lets run
	Dangerous []string `json:"dangerous"`   // those of them that an intruder looks for first
}

type shownThread struct {
	Name string `json:"name"` // of the class; * for threads that no block names
	shownPowers
	Rules []shownRule `json:"rules"`
}

type shownRule struct {
	Verdict string `json:"verdict"`
	Call    string `json:"call"`
	Place   string `json:"place"`
	Layer   string `json:"layer"`
	Implied bool   `json:"implied,omitempty"` // by a files or network block
	Kept    bool   `json:"kept,omitempty"`    // by narrow, for the kernel or for entering a later phase
}

type shownPath struct {
	Right    string `json:"right"`
	Path     string `json:"path"`
	Optional bool   `json:"optional,omitempty"`
	Place    string `json:"place"`
	Layer    string `json:"layer"`
}

func showPolicy(p *policy.Policy, arch *abi.Arch) (*shownPolicy, error) {
	v := &shownPolicy{Policy: p.Name, Arch: arch.Name}
	for _, a := range p.Arches {
		v.Arches = append(v.Arches, a.Name)
	}
	v.Else = p.Phases[0].Own.Else.String()
	if len(p.Params) > 0 {
		v.Params = map[string]string{}
		for _, param := range p.Params {
			v.Params[param.Name] = param.Value
		}
	}
	prover := verify.New(verify.Limits{})
	for i := range p.Phases {
		ph, err := showPhase(prover, p, i, arch)
		if err != nil {
			return nil, err
		}
		v.Phases = append(v.Phases, ph)
	}
	v.linkSteps(p)
	return v, nil
}

// showPhase shows a phase, the phases before it entered.
func showPhase(prover *verify.Prover, p *policy.Policy, i int, arch *abi.Arch) (*shownPhase, error) {
	ph := p.Phases[i]
	v := &shownPhase{Name: ph.Name}
	if ph.Trigger != nil {
		v.After = ph.Trigger.String()
	}
	if err := v.threads(prover, p, i, arch); err != nil {
		return nil, err
	}
	for _, k := range ph.Kept {
		if existsOn(arch, k.Call) {
			v.Kept = append(v.Kept, shownKept{k.Call, k.Why, k.Phase})
		}
	}
	for _, block := range ph.Files {
		for _, path := range block.Paths {
			v.Files = append(v.Files, shownPath{path.Right.String(), path.Path, path.Optional, path.Pos.String(), "landlock"})
		}
	}
	for _, block := range ph.Network {
		v.Network = append(v.Network, networkLines(block)...)
	}
	for _, l := range ph.Labels {
		v.Labels = append(v.Labels, l.LSM+" "+strings.Join(l.Values, " "))
	}
	var err error
	v.Layers, err = launch.Describe(p, ph.Name)
	return v, err
}

// threads gathers the powers of each class, by whatever way a thread came to
// it, and of all together.
func (ph *shownPhase) threads(prover *verify.Prover, p *policy.Policy, i int, arch *abi.Arch) error {
	all := newPowerSet()
	for _, c := range append([]*policy.Class{nil}, p.Phases[i].Classes...) {
		own, any := newPowerSet(), false
		for _, path := range p.ThreadPathsTo(i) {
			if path.Classes[i] != c {
				continue
			}
			can, err := powersOf(prover, stackOf(prover, p.Filters(path)), arch)
			if err != nil {
				return err
			}
			any = true
			own.add(can)
			all.add(can)
		}
		if !any {
			continue // no thread is ever in it
		}
		t := &shownThread{Name: "*", shownPowers: *own.shown(), Rules: rulesOn(p.Phases[i].RulesOf(c), arch)}
		if c != nil {
			t.Name = c.Name
		}
		ph.Threads = append(ph.Threads, t)
	}
	ph.All = all.shown()
	return nil
}

// linkSteps finds how threads come from phase to phase.
func (v *shownPolicy) linkSteps(p *policy.Policy) {
	for _, path := range p.ThreadPaths() {
		for i := 1; i < len(path.Classes); i++ {
			step := shownStep{v.Phases[i-1].place(path.Classes[i-1]), v.Phases[i].place(path.Classes[i])}
			if ph := v.Phases[i]; !slices.Contains(ph.steps, step) {
				ph.steps = append(ph.steps, step)
			}
		}
	}
}

// place is the place of a class among the threads.
func (ph *shownPhase) place(c *policy.Class) int {
	name := "*"
	if c != nil {
		name = c.Name
	}
	return slices.IndexFunc(ph.Threads, func(t *shownThread) bool { return t.Name == name })
}

// powerSet joins powers: a call is conditional for several if it is so for any
// that has it.
type powerSet map[string]bool // the calls; true where some arguments are denied

func newPowerSet() powerSet { return powerSet{} }

func (s powerSet) add(can *powers) {
	for _, call := range can.calls {
		_, some := slices.BinarySearch(can.some, call)
		before, had := s[call]
		s[call] = some && (before || !had) // all arguments for one are all for those together
	}
}

func (s powerSet) shown() *shownPowers {
	v := &shownPowers{Calls: sortedKeys(s), Some: []string{}, Dangerous: []string{}}
	for _, call := range v.Calls {
		if s[call] {
			v.Some = append(v.Some, call)
		}
		if dangerOf(call) != "" {
			v.Dangerous = append(v.Dangerous, call)
		}
	}
	return v
}

// rulesOn are the rules of one architecture, in the order in which they decide.
func rulesOn(r *policy.Rules, arch *abi.Arch) []shownRule {
	rules := []shownRule{}
	for _, list := range r.On(arch).Lists {
		for _, rule := range list {
			rules = append(rules, shownRule{rule.Verdict.Format(arch), rule.Text, rule.Pos.String(), "seccomp",
				rule.Origin == policy.FromBlock, rule.Origin == policy.FromKernel})
		}
	}
	return rules
}

// existsOn reports whether an architecture has the call, given in the notation.
func existsOn(arch *abi.Arch, text string) bool {
	name, _, _ := strings.Cut(text, "(")
	_, ok := arch.Call(name)
	return ok
}

func networkLines(n *policy.NetworkRules) []string {
	var lines []string
	tcp := func(action string, ports []policy.Range, any bool) {
		switch {
		case any:
			lines = append(lines, action+" tcp any")
		case len(ports) > 0:
			lines = append(lines, action+" tcp "+rangesText(ports))
		}
	}
	tcp("bind", n.Bind, n.BindAny)
	tcp("connect", n.Connect, n.ConnectAny)
	if n.Udp {
		lines = append(lines, "udp")
	}
	if n.Unix {
		lines = append(lines, "unix")
	}
	return lines
}

func rangesText(ranges []policy.Range) string {
	parts := make([]string, len(ranges))
	for i, r := range ranges {
		parts[i] = fmt.Sprint(r.Low)
		if r.High != r.Low {
			parts[i] = fmt.Sprintf("%d..%d", r.Low, r.High)
		}
	}
	return cmpOr(strings.Join(parts, ", "), "none")
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// mark is + for a call that is possible with any arguments, ~ with some.
func (p *shownPowers) mark(call string) string {
	if _, ok := slices.BinarySearch(p.Some, call); ok {
		return "~"
	}
	if _, ok := slices.BinarySearch(p.Calls, call); ok {
		return "+"
	}
	return ""
}

// dangers are the dangerous calls, ~ before those that only some arguments let
// run; of many, the first.
func (p *shownPowers) dangers(most int) string {
	var words []string
	for i, call := range p.Dangerous {
		if rest := len(p.Dangerous) - i; i == most && rest > 1 {
			words = append(words, fmt.Sprintf("and %d more", rest))
			break
		}
		words = append(words, strings.TrimPrefix(p.mark(call), "+")+call)
	}
	return cmpOr(strings.Join(words, " "), "none")
}

// title is what people call the threads.
func (ph *shownPhase) title(t *shownThread) string {
	switch {
	case t.Name != "*":
		return t.Name
	case len(ph.Threads) == 1:
		return "all threads"
	}
	return "other threads"
}
