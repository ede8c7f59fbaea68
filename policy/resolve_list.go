package policy

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
)

// use is a call as a rule names it: what becomes the RuleMatches of every
// architecture, phase and thread where the rule stands.
type use struct {
	expr    *CallExpr
	begin   Pos // of the rule
	verdict *VerdictExpr
	origin  Origin
	cond    *condition

	// What lintShadowed finds out: whether it decides somewhere, and what
	// decides before it where it does not.
	decides bool
	shadow  entry
}

// entry is a rule of one architecture, and the use that it comes from; nil
// for rules that no call in the text stands for.
type entry struct {
	*RuleMatch
	use *use
}

// block is the rules of a thread, a phase or the top, by architecture.
type block struct {
	entries [][]entry
	numbers [][]Range // all that the entries are about
	strict  *Strict
}

// block resolves rules that stand together.
func (r *resolver) block(rules []ruleStmt, origin Origin) block {
	b := block{entries: make([][]entry, len(r.arches)), numbers: make([][]Range, len(r.arches))}
	for _, s := range rules {
		switch stmt := s.stmt.(type) {
		case *Strict:
			b.strict = stmt
		case *Rule:
			for _, e := range stmt.Calls {
				r.addUse(&b, &use{expr: e, begin: stmt.Pos, verdict: &stmt.Verdict, origin: origin, cond: s.cond})
			}
		}
	}
	for i, entries := range b.entries {
		for _, e := range entries {
			b.numbers[i] = append(b.numbers[i], e.Numbers...)
		}
		b.numbers[i] = union(b.numbers[i])
	}
	if b.strict != nil && len(rules) > 1 {
		r.fail(b.strict.Pos, "strict beside other rules", "expected it alone: the kernel's mode 1 knows no rules", "write `allow @strict` to have them together")
	}
	return b
}

// addUse resolves a call that a rule names.
func (r *resolver) addUse(b *block, u *use) {
	for i, matches := range r.call(u.expr, false) {
		verdict := r.verdict(r.arches[i], u.verdict)
		if !r.spend(u.expr.Pos, len(matches)) {
			return
		}
		for _, m := range matches {
			if m.unseen && !r.decidesUnseen(u, m, r.arches[i]) {
				continue
			}
			b.entries[i] = append(b.entries[i], entry{&RuleMatch{
				Verdict: verdict,
				Numbers: m.numbers,
				Conds:   m.conds,
				Pos:     u.expr.Pos,
				Begin:   u.begin,
				Text:    m.text,
				Origin:  u.origin,
			}, u})
		}
	}
}

// decidesUnseen reports whether a rule decides a call that here lacks an
// argument which it looks at: a denial does, of the whole call, and what would
// let it run does not. Either is told, unless it is a shipped set's.
func (r *resolver) decidesUnseen(u *use, m callMatch, a *abi.Arch) bool {
	runs := u.verdict.Kind.Runs()
	if !m.shipped {
		what := fmt.Sprintf("on %s %s denies all of the call", a.Name, m.text)
		if runs {
			what = fmt.Sprintf("on %s %s matches no call", a.Name, m.text)
		}
		r.warn(u.expr.Pos, what, "the call has no such argument there: it may lie behind a pointer", "leave "+a.Name+" out of the arch line, or name the whole call")
	}
	return !runs
}

// madeList is a finished list, for the lints.
type madeList struct {
	phase   *phase
	thread  *Thread // nil for threads that no block names
	arch    int
	entries []entry
}

// lists makes the Rules of a thread from its blocks, the innermost first, in
// the order in which they decide.
func (r *resolver) lists(ph *phase, thread *Thread, blocks ...block) *Rules {
	rules := &Rules{Else: r.elseVerdict(), ElseAt: r.elseAt()}
	for i, a := range r.arches {
		own := ownRulesOf(blocks, i)
		list := slices.Concat(kernelNeeds(a), r.implied(i, ph, own), own.entries, r.tail(i))
		r.made = append(r.made, madeList{ph, thread, i, list})
		rules.Arches = append(rules.Arches, &ArchRules{a, []List{listOf(list)}})
	}
	return rules
}

// ownRules is the rules that the text has for a list on one architecture.
type ownRules struct {
	entries []entry
	numbers [][]Range // of each block
}

func ownRulesOf(blocks []block, arch int) (own ownRules) {
	n := 0
	for _, b := range blocks {
		n += len(b.entries[arch])
	}
	own.entries = make([]entry, 0, n)
	for _, b := range blocks {
		own.entries = append(own.entries, b.entries[arch]...)
		own.numbers = append(own.numbers, b.numbers[arch])
	}
	return own
}

// about reports whether some rule is about a number.
func (own *ownRules) about(nr uint64) bool {
	return slices.ContainsFunc(own.numbers, func(numbers []Range) bool { return has(numbers, nr) })
}

func listOf(entries []entry) List {
	l := make(List, len(entries))
	for i, e := range entries {
		l[i] = e.RuleMatch
	}
	return l
}

// kernelNeeds is the calls that a list lets through whatever the policy says:
// the kernel itself makes a sleeping call go on by restart_syscall, and a
// restarted call passes the filter that came meanwhile.
func kernelNeeds(a *abi.Arch) []entry {
	call, ok := a.Call("restart_syscall")
	if !ok {
		return nil
	}
	return []entry{{RuleMatch: &RuleMatch{
		Verdict: Verdict{Kind: Allow},
		Numbers: single(uint64(call.Nr)),
		Pos:     Pos{File: "narrow"},
		Text:    call.Name,
		Origin:  FromKernel,
	}}}
}

// tail is what ends every list of an architecture: newer and default.
func (r *resolver) tail(arch int) []entry {
	if r.tails[arch] == nil {
		a := r.arches[arch]
		r.tails[arch] = append(r.newer(a), r.byDefault(a))
	}
	return r.tails[arch]
}

// newer is the rule of the newer line.
func (r *resolver) newer(a *abi.Arch) []entry {
	line := r.head.newer
	if line == nil {
		return nil
	}
	version, ok := parseVersion(line.Version.Text)
	if !ok {
		return nil
	}
	return []entry{{RuleMatch: &RuleMatch{
		Verdict: r.verdict(a, &line.Verdict),
		Numbers: newerThan(a, version),
		Pos:     line.Pos,
		Text:    "* newer than linux " + version.String(),
		Origin:  FromNewer,
	}}}
}

// byDefault is the rule of the default line; a policy without one, which is an
// error, kills.
func (r *resolver) byDefault(a *abi.Arch) entry {
	m := &RuleMatch{Numbers: r.all(a), Pos: r.start(), Text: "*", Origin: FromDefault}
	if line := r.head.def; line != nil {
		m.Verdict, m.Pos = r.verdict(a, &line.Verdict), line.Pos
	}
	return entry{RuleMatch: m}
}

// elseVerdict is for calls by any ABI that the arch line lacks. Its errors are
// numbered as the first architecture's are.
func (r *resolver) elseVerdict() Verdict {
	if line := r.head.arch; line != nil && line.Else != nil {
		return r.verdict(r.arches[0], line.Else)
	}
	return Verdict{}
}

func (r *resolver) elseAt() Pos {
	switch line := r.head.arch; {
	case line == nil:
		return r.start()
	case line.Else != nil:
		return line.Else.Pos
	default:
		return line.Pos
	}
}

// modeOne is the Rules that `strict` means: the kernel's own list, and the end
// of the thread for all else. Source: kernel/seccomp.c:mode1_syscalls and
// __secure_computing_strict; i386 has sigreturn in place of rt_sigreturn.
func (r *resolver) modeOne(s *Strict) *Rules {
	rules := &Rules{Else: Verdict{Kind: KillThread}, ElseAt: s.Pos}
	for _, a := range r.arches {
		names := []string{"read", "write", "exit", "rt_sigreturn"}
		if a.Name == "i386" {
			names[3] = "sigreturn"
		}
		var numbers []Range
		for _, name := range names {
			if call, ok := a.Call(name); ok {
				numbers = append(numbers, Range{uint64(call.Nr), uint64(call.Nr)})
			}
		}
		rules.Arches = append(rules.Arches, &ArchRules{a, []List{{
			{Verdict: Verdict{Kind: Allow}, Numbers: union(numbers), Pos: s.Pos, Text: "strict", Origin: FromPhase},
			{Verdict: Verdict{Kind: KillThread}, Numbers: r.all(a), Pos: s.Pos, Text: "*", Origin: FromDefault},
		}}})
	}
	return rules
}
