package compile

import (
	"errors"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestRefused has Rules that no resolver makes.
func TestRefused(t *testing.T) {
	x86, _ := abi.ByName("x86_64")
	arm, _ := abi.ByName("aarch64")
	last := &policy.RuleMatch{Numbers: allNumbers}
	rules := func(list ...*policy.RuleMatch) *policy.Rules {
		return &policy.Rules{Arches: []*policy.ArchRules{{Arch: arm, Lists: []policy.List{list}}}}
	}
	cond := func(o policy.Operand, ranges ...policy.Range) *policy.Rules {
		return rules(&policy.RuleMatch{Numbers: allNumbers, Conds: []policy.Cond{{Operand: o, Ranges: ranges}}}, last)
	}
	any := policy.Range{Low: 0, High: 1}
	for _, test := range []struct {
		name, want string
		rules      *policy.Rules
	}{
		{"nil", "no rules", nil},
		{"else", "is no verdict", &policy.Rules{Else: policy.Verdict{Kind: 8}}},
		{"nil arch", "without an architecture", &policy.Rules{Arches: []*policy.ArchRules{{}}}},
		{"nil rules", "without an architecture", &policy.Rules{Arches: []*policy.ArchRules{nil}}},
		{"twice", "twice", &policy.Rules{Arches: []*policy.ArchRules{rules(last).Arches[0], rules(last).Arches[0]}}},
		{"no list", "no list", &policy.Rules{Arches: []*policy.ArchRules{{Arch: x86}}}},
		{"empty list", "does not match every call", rules()},
		{"no last rule", "does not match every call", rules(&policy.RuleMatch{Numbers: []policy.Range{{Low: 0, High: 9}}})},
		{"conditional last rule", "does not match every call", rules(cond(policy.Operand{High: -1, Bits: 32}, any).Arches[0].Lists[0][0])},
		{"nil rule", "missing", rules(nil, last)},
		{"verdict", "is no verdict", rules(&policy.RuleMatch{Verdict: policy.Verdict{Kind: 9}, Numbers: allNumbers})},
		{"number", "too large", rules(&policy.RuleMatch{Numbers: []policy.Range{{Low: 0, High: 1 << 32}}}, last)},
		{"numbers reversed", "is empty", rules(&policy.RuleMatch{Numbers: []policy.Range{{Low: 2, High: 1}}}, last)},
		{"numbers unordered", "not above", rules(&policy.RuleMatch{Numbers: []policy.Range{{Low: 2, High: 3}, {Low: 1, High: 1}}}, last)},
		{"register", "registers 0 to 5", cond(policy.Operand{Reg: 6, High: -1, Bits: 64}, any)},
		{"negative register", "registers 0 to 5", cond(policy.Operand{Reg: -1, High: -1, Bits: 64}, any)},
		{"high register", "registers 0 to 5", cond(policy.Operand{Reg: 0, High: 6, Bits: 64}, any)},
		{"narrow pair", "two registers", cond(policy.Operand{Reg: 0, High: 1, Bits: 32}, any)},
		{"bits", "not 8", cond(policy.Operand{Reg: 0, High: -1, Bits: 8}, any)},
		{"range", "is empty", cond(policy.Operand{Reg: 0, High: -1, Bits: 64}, policy.Range{Low: 2, High: 1})},
		{"ranges overlap", "not above", cond(policy.Operand{Reg: 0, High: -1, Bits: 64}, any, policy.Range{Low: 1, High: 2})},
		{"ranges", "not above", cond(policy.Operand{Reg: 0, High: -1, Bits: 64}, any, any)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(test.rules, Options{})
			var re *RulesError
			if !errors.As(err, &re) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a RulesError with %q", err, test.want)
			}
		})
	}
}

// TestErrorPlace has the place of the rule that is wrong.
func TestErrorPlace(t *testing.T) {
	arm, _ := abi.ByName("aarch64")
	r := &policy.Rules{Arches: []*policy.ArchRules{{Arch: arm, Lists: []policy.List{{
		{Numbers: []policy.Range{{Low: 1, High: 0}}, Pos: policy.Pos{File: "p.narrow", Line: 3, Col: 7}}, {Numbers: allNumbers},
	}}}}}
	_, err := Compile(r, Options{})
	if want := "p.narrow:3:7: aarch64: rule 0: call numbers: 1..0 is empty"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
