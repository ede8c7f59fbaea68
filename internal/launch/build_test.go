package launch_test

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// draft builds a policy of one phase without its text, so that these tests
// stand on the types alone.
type draft struct {
	Strict  bool           // Default decides calls that no rule names; else they are allowed
	Default policy.Verdict // with Strict: for calls that no rule names
	Rules   []draftRule
	Else    policy.Verdict
	Arches  []string // native if empty
	Process policy.ProcessRules
	Files   []*policy.FilesRules
	Network []*policy.NetworkRules
	Labels  []policy.LabelRule
	More    []*policy.PhaseRules // after the first, with its rules
	Classes []draftClass
	Mode1   bool // the rule `strict`
}

type draftRule struct {
	Verdict policy.Verdict
	Calls   []string
}

type draftClass struct {
	Name  string
	Rules []draftRule
}

var (
	allow = policy.Verdict{Kind: policy.Allow}
	kill  = policy.Verdict{}
	eperm = policy.Verdict{Kind: policy.Errno, Data: 1}
	place = policy.Pos{File: "test.narrow", Line: 3, Col: 1}
)

func (d draft) policy() *policy.Policy {
	p := &policy.Policy{Name: "test", Process: d.Process}
	p.Process.Pos = place
	names := d.Arches
	if names == nil {
		names = []string{abi.Native().Name}
	}
	for _, name := range names {
		a, ok := abi.ByName(name)
		if !ok {
			panic(name)
		}
		p.Arches = append(p.Arches, a)
	}
	phase := &policy.PhaseRules{Name: "all", Own: d.rulesOf(p.Arches, d.Rules), Files: d.Files, Network: d.Network, Labels: d.Labels}
	for _, c := range d.Classes {
		phase.Classes = append(phase.Classes, &policy.Class{Name: c.Name, Pos: place, Rules: d.rulesOf(p.Arches, c.Rules)})
	}
	phase.Strict = d.Mode1
	p.Phases = []*policy.PhaseRules{phase}
	for _, later := range d.More {
		later.Own, later.Pos = phase.Own, place
		p.Phases = append(p.Phases, later)
	}
	return p
}

func (d draft) rulesOf(arches []*abi.Arch, rules []draftRule) *policy.Rules {
	r := &policy.Rules{Else: d.Else}
	otherwise := allow
	if d.Strict {
		otherwise = d.Default
	}
	for _, a := range arches {
		var list policy.List
		for _, rule := range rules {
			for _, name := range rule.Calls {
				if call, ok := a.Call(name); ok {
					nr := uint64(call.Nr)
					list = append(list, &policy.RuleMatch{Verdict: rule.Verdict, Numbers: []policy.Range{{Low: nr, High: nr}}, Text: name, Pos: place})
				}
			}
		}
		list = append(list, &policy.RuleMatch{Verdict: otherwise, Numbers: all(a), Text: "*", Origin: policy.FromDefault})
		r.Arches = append(r.Arches, &policy.ArchRules{Arch: a, Lists: []policy.List{list}})
	}
	return r
}

// all is every number that the architecture owns.
func all(a *abi.Arch) []policy.Range {
	if a.Name == "x86_64" {
		return []policy.Range{{Low: 0, High: 0x3fffffff}, {Low: 0x80000000, High: 0xbfffffff}}
	}
	return []policy.Range{{Low: 0, High: 0xffffffff}}
}
