package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// everyRuleCall is the calls that tiny rules can tell apart: of two
// architectures that they know, of one that shares its audit arch and of one
// that they do not know; known numbers and others.
func everyRuleCall() []bpf.Data {
	var list []bpf.Data
	for _, arch := range []uint32{0xc000003e, 0x40000003, 0xc00000b7} {
		for _, nr := range []uint32{0, 1, 2, 3, 4, 0x40000001, 0x80000000, 0xffffffff} {
			for i := range uint64(16) {
				list = append(list, bpf.Data{Arch: arch, Nr: nr, Args: [6]uint64{1: i & 3, 2: i >> 2}})
			}
		}
	}
	return list
}

func drawTinyRules(t *rapid.T) *policy.Rules {
	r := &policy.Rules{Else: drawTinyVerdict(t)}
	for _, name := range []string{"x86_64", "i386"} {
		a, _ := abi.ByName(name)
		ar := &policy.ArchRules{Arch: a}
		for range rapid.IntRange(1, 2).Draw(t, "lists") {
			ar.Lists = append(ar.Lists, drawTinyList(t))
		}
		r.Arches = append(r.Arches, ar)
	}
	return r
}

// drawTinyList draws rules over the numbers 0..3 and two bits of arguments.
func drawTinyList(t *rapid.T) policy.List {
	var l policy.List
	for range rapid.IntRange(0, 5).Draw(t, "rules") {
		m := &policy.RuleMatch{Verdict: drawTinyVerdict(t), Numbers: drawTinyRange(t)}
		for range rapid.IntRange(0, 2).Draw(t, "conds") {
			reg := rapid.SampledFrom([]int8{1, 2}).Draw(t, "reg")
			m.Conds = append(m.Conds, policy.Cond{Operand: policy.Operand{Reg: reg, High: -1, Bits: 32},
				Mask: rapid.Uint64Range(1, 3).Draw(t, "mask"), Ranges: drawTinyRange(t)})
		}
		l = append(l, m)
	}
	return append(l, &policy.RuleMatch{Verdict: drawTinyVerdict(t), Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
}

func drawTinyVerdict(t *rapid.T) policy.Verdict {
	return rapid.SampledFrom([]policy.Verdict{{Kind: policy.Allow}, {Kind: policy.Log}, {Kind: policy.Errno, Data: 1},
		{Kind: policy.Errno, Data: 2}, {Kind: policy.KillThread}, {}}).Draw(t, "verdict")
}

func drawTinyRange(t *rapid.T) []policy.Range {
	low := rapid.Uint64Range(0, 3).Draw(t, "low")
	return []policy.Range{{Low: low, High: rapid.Uint64Range(low, 3).Draw(t, "high")}}
}

func drawTinyPattern(t *rapid.T, r *policy.Rules) *policy.Pattern {
	p := &policy.Pattern{}
	for _, a := range r.Arches {
		pa := policy.PatternArch{Arch: a.Arch}
		for _, m := range drawTinyList(t)[:rapid.IntRange(0, 1).Draw(t, "matches")] {
			pa.Match = append(pa.Match, policy.PatternMatch{Numbers: m.Numbers, Conds: m.Conds})
		}
		p.Arches = append(p.Arches, pa)
	}
	return p
}

func TestAnswersAboutRulesAreThoseOfEveryCall(t *testing.T) {
	answers := map[Answer]int{}
	vacuous, draws := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawTinyRules(rt), drawTinyRules(rt)
		p := New(Limits{})
		ma, mb := p.Rules(a), p.Rules(b)
		value := func(m *Meaning, d *bpf.Data) bpf.Action {
			v, err := m.source.answer(d)
			if err != nil {
				rt.Fatal(err)
			}
			return v
		}
		check := func(name string, r Result, err error, bad func(*bpf.Data) bool) {
			if err != nil {
				rt.Fatal(err)
			}
			answers[r.Answer]++
			expectOn(rt, everyRuleCall(), name, r, bad)
		}
		r, err := p.Subset(ma, mb)
		check("subset", r, err, func(d *bpf.Data) bool { return runs(value(ma, d)) && !runs(value(mb, d)) })
		r, err = p.Subset(p.Stack(mb, ma), mb)
		check("a stack is a subset of what it stands on", r, err, func(*bpf.Data) bool { return false })

		pattern, verdict := drawTinyPattern(rt, a), drawTinyVerdict(rt)
		r, err = p.Holds(ma, pattern, verdict)
		check("holds", r, err, func(d *bpf.Data) bool { return pattern.Fits(d) && value(ma, d) != verdict.Action() })
		none := !slices.ContainsFunc(everyRuleCall(), func(d bpf.Data) bool { return pattern.Fits(&d) })
		if r.Vacuous != none {
			rt.Fatalf("vacuous %v, want %v", r.Vacuous, none)
		}
		if none {
			vacuous++
		}
		if draws++; draws%8 == 0 { // it may list every call there is
			sameDifferences(rt, p, ma, mb)
			sameAnswers(rt, p, ma)
		}
		sameDead(rt, p, a)
	})
	if answers[Yes] < 3 || answers[No] < 3 || vacuous == 0 {
		t.Errorf("the draws are one-sided: %v, %d vacuous", answers, vacuous)
	}
}

// sameDifferences compares Diff with the differing calls, grouped.
func sameDifferences(t *rapid.T, p *Prover, a, b *Meaning) {
	found, err := p.Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, d := range found {
		if d.Every {
			got[fmt.Sprintln(d.Arch, "every", d.Left, d.Right)] = true
			continue
		}
		got[group(&d.Witness.Call, d.Left, d.Right)] = true
	}
	want := map[string]bool{}
	for _, call := range everyRuleCall() {
		v, _ := a.source.answer(&call)
		w, _ := b.source.answer(&call)
		if v != w {
			want[group(&call, v, w)] = true
		}
	}
	expectDifferences(t, got, want)
}

// expectDifferences compares two sets of groups, where `every` stands for all
// groups of an architecture.
func expectDifferences(t *rapid.T, got, want map[string]bool) {
	covered := func(g string) bool {
		f := strings.Fields(g)
		return got[g] || got[strings.Join([]string{f[0], "every", f[2], f[3]}, " ")+"\n"]
	}
	for g := range want {
		if !covered(g) {
			t.Fatalf("missing %q in %v", g, got)
		}
	}
	for g := range got {
		f := strings.Fields(g)
		if seen := f[0] == "x86_64" || f[0] == "i386"; seen && f[1] != "every" && !want[g] {
			t.Fatalf("%q is no difference: %v", g, want)
		}
	}
}

// group is what Diff tells apart.
func group(d *bpf.Data, v, w bpf.Action) string {
	name, number := "other", "unknown"
	if a, ok := abi.ByAudit(d.Arch, d.Nr); ok {
		name = a.Name
		if _, ok := a.Number(d.Nr); ok {
			number = fmt.Sprint(min(d.Nr, 4)) // the rules tell no other numbers apart
		}
	}
	return fmt.Sprintln(name, number, v, w)
}

// sameDead compares Dead with the rules that no call is decided by.
func sameDead(t *rapid.T, p *Prover, r *policy.Rules) {
	dead, err := p.Dead(r, func(*policy.RuleMatch) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	got := map[*policy.RuleMatch]bool{}
	for _, d := range dead {
		got[d.Rule] = true
	}
	for _, a := range r.Arches {
		for _, l := range a.Lists {
			live := map[*policy.RuleMatch]bool{}
			for _, call := range everyRuleCall() {
				i := slices.IndexFunc(l, func(m *policy.RuleMatch) bool {
					return m.Matches(&call)
				})
				live[l[i]] = live[l[i]] || a.Arch.Audit == call.Arch && a.Arch.Owns(call.Nr)
			}
			for _, m := range l {
				if live[m] == got[m] {
					t.Fatalf("%v: rule %+v: dead %v, live %v", a.Arch, m, got[m], live[m])
				}
			}
		}
	}
}

// sameAnswers compares Calls with the answers to every call.
func sameAnswers(t *rapid.T, p *Prover, m *Meaning) {
	for _, name := range []string{"x86_64", "x32", "i386", "aarch64"} {
		a, _ := abi.ByName(name)
		calls, err := p.Calls(m, a)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			want := map[bpf.Action]bool{}
			for i := range uint64(16) {
				v, _ := m.source.answer(&bpf.Data{Arch: a.Audit, Nr: c.Call.Nr, Args: [6]uint64{1: i & 3, 2: i >> 2}})
				want[v] = true
			}
			got := map[bpf.Action]bool{}
			for _, v := range c.Values {
				got[v] = true
			}
			if len(c.Values) != len(got) || !maps.Equal(got, want) {
				t.Fatalf("%s on %s: %v, want %v", c.Call.Name, name, c.Values, want)
			}
		}
	}
}
