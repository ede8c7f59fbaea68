package launch_test

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// draft builds a policy of one phase without its text, so that these tests
// stand on the types alone.
type draft struct {
	otherwise policy.Verdict // for calls that no rule names
	rules     []draftRule
	elseKind  policy.Verdict
	arches    []string // native if empty
	process   policy.ProcessRules
	files     []*policy.FilesRules
	network   []*policy.NetworkRules
	labels    []policy.LabelRule
	more      []*policy.PhaseRules // after the first
	classes   []draftClass
}

type draftRule struct {
	verdict policy.Verdict
	calls   []string
}

type draftClass struct {
	name  string
	rules []draftRule
}

var (
	allow = policy.Verdict{Kind: policy.Allow}
	kill  = policy.Verdict{}
	eperm = policy.Verdict{Kind: policy.Errno, Data: 1}
	place = policy.Pos{File: "test.narrow", Line: 3, Col: 1}
)

func (d draft) policy() *policy.Policy {
	p := &policy.Policy{Name: "test", Process: d.process}
	p.Process.Pos = place
	names := d.arches
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
	phase := &policy.PhaseRules{Name: "all", Own: d.rulesOf(p.Arches, d.rules), Files: d.files, Network: d.network, Labels: d.labels}
	for _, c := range d.classes {
		phase.Classes = append(phase.Classes, &policy.Class{Name: c.name, Pos: place, Rules: d.rulesOf(p.Arches, c.rules)})
	}
	p.Phases = append([]*policy.PhaseRules{phase}, d.more...)
	return p
}

func (d draft) rulesOf(arches []*abi.Arch, rules []draftRule) *policy.Rules {
	r := &policy.Rules{Else: d.elseKind}
	for _, a := range arches {
		var list policy.List
		for _, rule := range rules {
			for _, name := range rule.calls {
				if call, ok := a.Call(name); ok {
					nr := uint64(call.Nr)
					list = append(list, &policy.RuleMatch{Verdict: rule.verdict, Numbers: []policy.Range{{Low: nr, High: nr}}, Text: name, Pos: place})
				}
			}
		}
		list = append(list, &policy.RuleMatch{Verdict: d.otherwise, Numbers: all(a), Text: "*", Origin: policy.FromDefault})
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
