package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

func newShow(s *streams) *cobra.Command {
	var (
		set    settings
		sc     scope
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "show POLICY",
		Short: "Show the effective powers: phase by thread by layer",
		Long: `Show prints what a policy leaves possible: for every phase the layers with what
each enforces, and a table of the calls that are possible in each thread class.
A call marked + is possible with any arguments, one marked ~ only with some: the
rules below the table say which.`,
		Example: "  narrow show memcached\n  narrow show --json my.narrow",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := set.load(args[0], s)
			if err != nil {
				return err
			}
			s.warn(p)
			s.warnEmpty(p)
			arch, err := sc.chosenArch(p)
			if err != nil {
				return err
			}
			view, err := showPolicy(p, arch)
			if err != nil {
				return badInput(err)
			}
			if asJSON {
				return json.NewEncoder(s.out).Encode(view)
			}
			return view.print(s.out)
		},
	}
	set.flags(c)
	sc.archFlag(c)
	jsonFlag(c, &asJSON)
	return c
}

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
	Files   []shownPath        `json:"files,omitempty"`
	Network []string           `json:"network,omitempty"`
	Labels  []string           `json:"labels,omitempty"`
	Kept    []shownKept        `json:"kept,omitempty"`
	Layers  []launch.LayerPlan `json:"layers"`
}

// shownKept is a call that is possible because entering a later phase takes it.
type shownKept struct {
	Call  string `json:"call"`
	Why   string `json:"why"`
	Phase string `json:"phase"` // the one that takes it
}

type shownThread struct {
	Name  string      `json:"name"`
	Calls []string    `json:"calls"` // those that some argument lets run
	Some  []string    `json:"conditional"`
	Rules []shownRule `json:"rules"`
}

type shownRule struct {
	Verdict string `json:"verdict"`
	Call    string `json:"call"`
	Place   string `json:"place"`
	Layer   string `json:"layer"`
	Implied bool   `json:"implied,omitempty"` // by a files or network block
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
		ph, err := showPhase(prover, p.Phases[:i+1], arch)
		if err != nil {
			return nil, err
		}
		if ph.Layers, err = launch.Describe(p, ph.Name); err != nil {
			return nil, err
		}
		v.Phases = append(v.Phases, ph)
	}
	return v, nil
}

// showPhase shows the last phase of a stack.
func showPhase(prover *verify.Prover, stack []*policy.PhaseRules, arch *abi.Arch) (*shownPhase, error) {
	ph := stack[len(stack)-1]
	v := &shownPhase{Name: ph.Name}
	if ph.Trigger != nil {
		v.After = ph.Trigger.String()
	}
	for _, name := range threadNames(ph, "") {
		t, err := showThread(prover, stack, name, arch)
		if err != nil {
			return nil, err
		}
		v.Threads = append(v.Threads, t)
	}
	for _, block := range ph.Files {
		for _, path := range block.Paths {
			v.Files = append(v.Files, shownPath{path.Right.String(), path.Path, path.Optional, path.Pos.String(), "landlock"})
		}
	}
	for _, block := range ph.Network {
		v.Network = append(v.Network, networkLines(block)...)
	}
	for _, k := range ph.Kept {
		if existsOn(arch, k.Call) {
			v.Kept = append(v.Kept, shownKept{k.Call, k.Why, k.Phase})
		}
	}
	for _, l := range ph.Labels {
		v.Labels = append(v.Labels, l.LSM+" "+strings.Join(l.Values, " "))
	}
	return v, nil
}

// showThread gathers the calls that the filters on such a thread let run.
func showThread(v *verify.Prover, stack []*policy.PhaseRules, name string, arch *abi.Arch) (*shownThread, error) {
	can, err := powersOf(v, meaningOf(v, stack, name), arch)
	if err != nil {
		return nil, err
	}
	t := &shownThread{Name: cmpOr(name, "*"), Calls: can.calls, Some: can.some, Rules: []shownRule{}}
	for _, list := range listsOn(stack[len(stack)-1].For(name), arch) {
		for _, rule := range list {
			t.Rules = append(t.Rules, shownRule{rule.Verdict.String(), rule.Text, rule.Pos.String(), "seccomp", rule.Origin == policy.FromBlock})
		}
	}
	return t, nil
}

// existsOn reports whether an architecture has the call, given in the notation.
func existsOn(arch *abi.Arch, text string) bool {
	name, _, _ := strings.Cut(text, "(")
	_, ok := arch.Call(name)
	return ok
}

// listsOn are the lists of rules of one architecture.
func listsOn(r *policy.Rules, arch *abi.Arch) []policy.List {
	for _, a := range r.Arches {
		if a.Arch == arch {
			return a.Lists
		}
	}
	return nil
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

// unionOf lists every call that some thread may make, sorted.
func unionOf(threads []*shownThread) []string {
	var all []string
	for _, t := range threads {
		all = append(all, t.Calls...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
