package policytest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/policy"
)

// TestTextResolves draws policies; none may have an error.
func TestTextResolves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Text(Options{Blocks: true}).Draw(t, "policy")
		if _, err := policy.Load("drawn", []byte(text), policy.Options{}); err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
	})
}

// TestRulesVary draws rules; over some of them each kind of rule must turn up,
// or whoever relies on them tests less than he thinks.
func TestRulesVary(t *testing.T) {
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		for _, a := range Rules(Options{Blocks: true}).Draw(t, "rules").Arches {
			seen["join"] = seen["join"] || len(a.Lists) > 1
			for _, l := range a.Lists {
				for _, m := range l {
					seen[m.Verdict.Kind.String()] = true
					seen["several conditions"] = seen["several conditions"] || len(m.Conds) > 1
					for _, c := range m.Conds {
						seen["pair"] = seen["pair"] || c.Operand.High >= 0
						seen["16 bits"] = seen["16 bits"] || c.Operand.Bits == 16
						seen["64 bits"] = seen["64 bits"] || c.Operand.Bits == 64
						seen["ranges"] = seen["ranges"] || len(c.Ranges) > 2
					}
				}
			}
		}
	})
	for _, what := range []string{"allow", "log", "trace", "notify", "errno", "trap", "kill-thread", "kill-process", "join", "several conditions", "64 bits", "ranges"} {
		if !seen[what] {
			t.Errorf("no %s among the drawn rules", what)
		}
	}
}
