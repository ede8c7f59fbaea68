package policy

import (
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
)

// Kept is a call that a phase's filters let through, whatever the rules say,
// as entering a later phase takes it.
type Kept struct {
	Call  string // in the notation
	Why   string // what the later phase takes it for
	Phase string // the next phase that takes it
}

// EnterThread is the call by which a thread of a program that narrows itself
// installs its class's filter. WideForThreads lets it through.
const EnterThread = "seccomp(op == SECCOMP_SET_MODE_FILTER, flags == 0)"

// need is a call that entering a phase takes.
type need struct {
	call, why string
	phase     *PhaseRules
}

// What a filter takes. Every way of entering is there: a tracer, which has
// no privileges and whose injected calls pass the old filter, gives each thread
// its own; a program gives all of its threads one. Neither takes
// no_new_privs, as the filter that is in the way came with it.
var filterNeeds = []need{
	{call: EnterThread, why: "a thread's filter is installed"},
	{call: "seccomp(op == SECCOMP_SET_MODE_FILTER, flags == SECCOMP_FILTER_FLAG_TSYNC)", why: "the filter of all threads is installed"},
}

// What a Landlock domain takes, besides what its rules do.
var domainNeeds = []need{
	{call: "landlock_create_ruleset(flags == 0)", why: "a Landlock ruleset is made"},
	{call: "landlock_restrict_self(flags == 0)", why: "a thread enters a Landlock domain"},
	{call: "close", why: "what the ruleset was made with is closed"},
}

// What the rules of a domain take of a program that makes its rulesets when it
// enters the phase, as C does; a tracer adds them from outside, to a copy of the
// ruleset's descriptor. LANDLOCK_RULE_PATH_BENEATH is 1, LANDLOCK_RULE_NET_PORT 2.
var (
	pathNeeds = []need{
		{call: "landlock_add_rule(rule_type == 1, flags == 0)", why: "a path is added to the ruleset"},
		{call: "openat(dfd == AT_FDCWD, flags == O_PATH|O_CLOEXEC)", why: "a path is opened as a place, which gives no access"},
	}
	portNeeds = []need{{call: "landlock_add_rule(rule_type == 2, flags == 0)", why: "a port is added to the ruleset"}}
)

// What a Go program takes to put all of its threads into a domain: without cgo
// the runtime signals each (runtime.syscall_runtime_doAllThreadsSyscall), with
// cgo libpsx lists the threads in /proc and signals each (psx.c:__psx_syscall).
// 33 is the signal of both.
var allThreadsNeeds = []need{
	{call: "getpid", why: "all threads are signalled"},
	{call: "gettid", why: "all threads are signalled"},
	{call: "tgkill(sig in {SIGURG, 33})", why: "all threads are signalled"},
	{call: "tkill(sig == 33)", why: "all threads are signalled"},
	{call: "rt_sigaction", why: "all threads are signalled"},
	{call: "rt_sigprocmask", why: "all threads are signalled"},
	{call: "rt_sigreturn", why: "a thread returns from the signal"},
	{call: "futex", why: "all threads are waited for"},
	{call: "nanosleep", why: "all threads are waited for"},
	{call: "sched_yield", why: "all threads are waited for"},
	{call: "openat(flags has O_DIRECTORY, flags & O_ACCMODE == O_RDONLY)", why: "the threads are listed"},
	{call: "open(flags has O_DIRECTORY, flags & O_ACCMODE == O_RDONLY)", why: "the threads are listed"},
	{call: "getdents64", why: "the threads are listed"},
}

// needs are the calls that entering the phase takes.
func (ph *PhaseRules) needs() []need {
	var all []need
	if !ph.Unfiltered() {
		all = append(all, filterNeeds...)
	}
	if len(ph.Files)+len(ph.Network) > 0 {
		all = append(all, domainNeeds...)
	}
	if ph.Trigger == nil {
		all = append(all, ph.insideNeeds()...)
	}
	all = slices.Clone(all)
	for i := range all {
		all[i].phase = ph
	}
	return all
}

// insideNeeds are those that only a program has which enters the phase by
// itself.
func (ph *PhaseRules) insideNeeds() []need {
	if len(ph.Files)+len(ph.Network) == 0 {
		return nil
	}
	var all []need
	if slices.ContainsFunc(ph.Files, func(f *FilesRules) bool { return len(f.Paths) > 0 }) {
		all = append(all, pathNeeds...)
	}
	if slices.ContainsFunc(ph.Network, (*NetworkRules).namesPorts) {
		all = append(all, portNeeds...)
	}
	return append(all, allThreadsNeeds...)
}

// namesPorts reports whether the block's ruleset has a rule for a port.
func (n *NetworkRules) namesPorts() bool {
	return !n.BindAny && len(n.Bind) > 0 || !n.ConnectAny && len(n.Connect) > 0
}

// keepForSuccessors lets through, in each phase, what entering those after it
// takes.
func (r *resolver) keepForSuccessors() {
	var later []need
	for _, ph := range slices.Backward(r.policy.Phases) {
		if !ph.Strict && !ph.Unfiltered() {
			r.keep(ph, later)
		}
		later = joinNeeds(ph.needs(), later)
	}
}

// joinNeeds joins the needs of a phase and of those after it; of equal ones the
// first stays.
func joinNeeds(near, far []need) []need {
	for _, n := range far {
		if !slices.ContainsFunc(near, func(m need) bool { return m.call == n.call }) {
			near = append(near, n)
		}
	}
	return near
}

// keep puts what is needed before all rules of the phase and its classes.
func (r *resolver) keep(ph *PhaseRules, needs []need) {
	if len(needs) == 0 {
		return
	}
	lists := make([][]entry, len(r.arches))
	for _, n := range needs {
		ph.Kept = append(ph.Kept, Kept{n.call, n.why, n.phase.Name})
		for i, m := range r.keptMatches(n) {
			lists[i] = append(lists[i], m...)
		}
	}
	r.prepend(ph.Own, lists)
	for _, c := range ph.Classes {
		if !c.Strict {
			r.prepend(c.Rules, lists)
		}
	}
	for i := range r.made {
		if l := &r.made[i]; l.phase.rules == ph {
			l.entries = append(slices.Clone(lists[l.arch]), l.entries...)
		}
	}
}

// keptMatches are the rules of a need on each architecture. Their place is
// that of the phase that takes it.
func (r *resolver) keptMatches(n need) [][]entry {
	out := make([][]entry, len(r.arches))
	e, err := ParseCall(n.call)
	if err != nil {
		r.fail(n.phase.Pos, "kept call "+n.call+": "+err.Error(), "", "") // a test shows that none is so
		return out
	}
	for i, matches := range r.call(e, true) {
		for _, m := range matches {
			if !m.unseen {
				out[i] = append(out[i], entry{RuleMatch: kept(n.phase.Pos, m.text, m.numbers, m.conds)})
			}
		}
	}
	return out
}

func kept(pos Pos, text string, numbers []Range, conds []Cond) *RuleMatch {
	return &RuleMatch{Verdict: Verdict{Kind: Allow}, Numbers: numbers, Conds: conds, Pos: pos, Text: text, Origin: FromKernel}
}

func (r *resolver) prepend(rules *Rules, lists [][]entry) {
	for i, a := range rules.Arches {
		for j, l := range a.Lists {
			a.Lists[j] = append(listOf(lists[i]), l...)
		}
	}
}

// WideForThreads is Wide for a program whose threads enter their classes by
// themselves, on top of the process-wide filter: where there are classes it
// lets EnterThread through.
func (p *Policy) WideForThreads(ph *PhaseRules) (*Rules, error) {
	if len(ph.Classes) == 0 || ph.Unfiltered() {
		return ph.Wide(), nil
	}
	return p.Keep(ph.Wide(), EnterThread)
}

// Keep returns the rules with calls, in the notation, let through before all
// else. rules, which are the policy's, are not changed.
func (p *Policy) Keep(rules *Rules, calls ...string) (*Rules, error) {
	first := map[*abi.Arch]List{}
	for _, text := range calls {
		e, err := ParseCall(text)
		if err != nil {
			return nil, err
		}
		pattern, err := ResolvePattern(p.Arches, e)
		if err != nil {
			return nil, err
		}
		for _, on := range pattern.Arches {
			for _, m := range on.Match {
				first[on.Arch] = append(first[on.Arch], kept(Pos{File: "narrow"}, pattern.Text, m.Numbers, m.Conds))
			}
		}
	}
	with := &Rules{Else: rules.Else, ElseAt: rules.ElseAt}
	for _, a := range rules.Arches {
		copied := &ArchRules{Arch: a.Arch}
		for _, l := range a.Lists {
			copied.Lists = append(copied.Lists, append(slices.Clone(first[a.Arch]), l...))
		}
		with.Arches = append(with.Arches, copied)
	}
	return with, nil
}

// AllThreadsCalls are the calls, in the notation, that it takes a Go program
// to put all of its threads into a Landlock domain, besides those of one
// thread. They are kept for a phase that the program enters by itself; one with
// a trigger is entered from outside.
func AllThreadsCalls() []string { return callsOf(allThreadsNeeds) }

// InsideCalls are AllThreadsCalls, and those that it takes to make a ruleset
// when the phase is entered. They are kept likewise.
func InsideCalls() []string { return callsOf(pathNeeds, portNeeds, allThreadsNeeds) }

func callsOf(lists ...[]need) []string {
	var calls []string
	for _, list := range lists {
		for _, n := range list {
			calls = append(calls, n.call)
		}
	}
	return calls
}
