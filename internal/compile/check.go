package compile

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/policy"
)

// RulesError says why Rules are not what policy.Rules promises.
type RulesError struct {
	Arch string     // the architecture, "" if the fault is not in one
	Pos  policy.Pos // of the rule, zero if the fault is not in one
	What string
}

// Error formats e as "file:line:col: ARCH: what".
func (e *RulesError) Error() string {
	s := e.What
	if e.Arch != "" {
		s = e.Arch + ": " + s
	}
	if e.Pos.File != "" {
		s = e.Pos.String() + ": " + s
	}
	return s
}

// SizeError says that a program would be longer than the kernel admits: 4096
// instructions (BPF_MAXINSNS).
type SizeError struct{ Instructions int }

// Error tells how long the program would be.
func (e *SizeError) Error() string {
	return fmt.Sprintf("the program would have %d instructions; the kernel takes %d", e.Instructions, maxInstructions)
}

const maxInstructions = 4096

// check returns the first thing wrong with r.
func check(r *policy.Rules) error {
	if r == nil {
		return &RulesError{What: "no rules"}
	}
	if err := checkVerdict(r.Else); err != "" {
		return &RulesError{Pos: r.ElseAt, What: err}
	}
	for i, a := range r.Arches {
		if a == nil || a.Arch == nil {
			return &RulesError{What: "rules without an architecture"}
		}
		for _, b := range r.Arches[:i] {
			if a.Arch.Audit == b.Arch.Audit && a.Arch.NumberBit == b.Arch.NumberBit {
				return &RulesError{Arch: a.Arch.Name, What: "the architecture has rules twice"}
			}
		}
		if err := checkArch(a); err != nil {
			return err
		}
	}
	return nil
}

func checkArch(a *policy.ArchRules) error {
	if len(a.Lists) == 0 {
		return &RulesError{Arch: a.Arch.Name, What: "no list of rules"}
	}
	for _, list := range a.Lists {
		for i, rule := range list {
			if rule == nil {
				return &RulesError{Arch: a.Arch.Name, What: "a rule is missing"}
			}
			if what := checkRule(rule); what != "" {
				return &RulesError{Arch: a.Arch.Name, Pos: rule.Pos, What: fmt.Sprintf("rule %d: %s", i, what)}
			}
		}
		if !catchesAll(a, list) {
			return &RulesError{Arch: a.Arch.Name, What: "the last rule of a list does not match every call"}
		}
	}
	return nil
}

// catchesAll reports whether the last rule of a list matches every call.
func catchesAll(a *policy.ArchRules, list policy.List) bool {
	if len(list) == 0 || len(list[len(list)-1].Conds) > 0 {
		return false
	}
	var owned, covered uint64
	for _, o := range owns(a.Arch) {
		owned += uint64(o.high) - uint64(o.low) + 1
		for _, n := range list[len(list)-1].Numbers {
			if low, high := max(n.Low, uint64(o.low)), min(n.High, uint64(o.high)); low <= high {
				covered += high - low + 1
			}
		}
	}
	return covered == owned
}

func checkRule(r *policy.RuleMatch) string {
	if what := checkVerdict(r.Verdict); what != "" {
		return what
	}
	if what := checkRanges(r.Numbers, maxWord); what != "" {
		return "call numbers: " + what
	}
	for i := range r.Conds {
		if what := checkCond(&r.Conds[i]); what != "" {
			return fmt.Sprintf("condition %d: %s", i, what)
		}
	}
	return ""
}

func checkCond(c *policy.Cond) string {
	o := c.Operand
	const registers = 6
	switch {
	case o.Reg < 0 || o.Reg >= registers || o.High >= registers:
		return "a call has the registers 0 to 5"
	case o.High >= 0 && o.Bits != 64:
		return "two registers hold 64 bits"
	case o.Bits != 16 && o.Bits != 32 && o.Bits != 64:
		return fmt.Sprintf("an operand has 16, 32 or 64 bits, not %d", o.Bits)
	}
	return checkRanges(c.Ranges, 1<<64-1)
}

func checkRanges(ranges []policy.Range, most uint64) string {
	for i, r := range ranges {
		switch {
		case r.Low > r.High:
			return fmt.Sprintf("%d..%d is empty", r.Low, r.High)
		case r.High > most:
			return fmt.Sprintf("%d is too large", r.High)
		case i > 0 && r.Low <= ranges[i-1].High:
			return fmt.Sprintf("%d..%d is not above the range before", r.Low, r.High)
		}
	}
	return ""
}

func checkVerdict(v policy.Verdict) string {
	if int(v.Kind) >= len(actions) {
		return fmt.Sprintf("%v is no verdict", v.Kind)
	}
	return ""
}
