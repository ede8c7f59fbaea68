package seccomp

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// Builder gathers the rules of a filter. Make one with New. It is not safe for
// concurrent use.
type Builder struct {
	name   string
	pos    policy.Pos // where New was called
	def    Verdict
	other  *Verdict
	newer  *policy.Newer
	arches []policy.Word
	rules  []rule
}

// rule is a rule as it was added.
type rule struct {
	pos     policy.Pos
	verdict Verdict
	call    string
	where   []Condition
}

// New begins a filter whose verdict is def for calls that no rule matches
// (seccomp_init). Unless Arch is called it is for this machine's own
// architecture; calls by any other ABI kill the process unless Else says
// otherwise.
func New(def Verdict) *Builder { return &Builder{name: "filter", pos: caller(), def: def} }

// isName is what the language takes as a policy's name.
var isName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$`)

// Name names the filter, in policies and reports: letters, digits, - and _.
func (b *Builder) Name(name string) *Builder {
	b.name = name
	return b
}

// Arch says which architectures the filter is for (seccomp_arch_add), by the
// kernel's names (x86_64, i386, aarch64, ...), Go's or libseccomp's.
func (b *Builder) Arch(names ...string) *Builder {
	pos := caller()
	for _, name := range names {
		b.arches = append(b.arches, policy.Word{Pos: pos, Text: canonical(name)})
	}
	return b
}

// Else is the verdict of calls by other ABIs (SCMP_FLTATR_ACT_BADARCH).
func (b *Builder) Else(v Verdict) *Builder {
	b.other = &v
	return b
}

// Newer is the verdict of calls that no rule matches and that are younger than
// a version of Linux, such as "6.12": with Errno(syscall.ENOSYS) libc falls
// back by itself.
func (b *Builder) Newer(v Verdict, version string) *Builder {
	n := &policy.Newer{Verdict: verdictExpr(caller(), v), Version: policy.Word{Pos: caller(), Text: version}}
	n.Pos = caller()
	b.newer = n
	return b
}

// Add adds a rule (seccomp_rule_add): calls of that name for which all
// conditions hold get the verdict, if no earlier rule matches them. The name is
// a call's, `syscall_1007` for one without a name, a set's such as "@memory", or
// "*" for every call.
func (b *Builder) Add(v Verdict, call string, where ...Condition) *Builder {
	b.rules = append(b.rules, rule{caller(), v, call, slices.Clone(where)})
	return b
}

// caller is the line that calls this package.
func caller() policy.Pos {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return policy.Pos{}
	}
	return policy.Pos{File: filepath.Base(file), Line: line, Col: 1}
}

// canonical is the kernel's name of an architecture, given by whatever name.
func canonical(name string) string {
	if name == "x86" { // libseccomp's for i386
		return "i386"
	}
	if a, ok := abi.ByName(name); ok {
		return a.Name
	}
	return name
}

// file is the filter as a policy's syntax.
func (b *Builder) file() (*policy.File, policy.ErrorList) {
	errs := b.wrongHead()
	f := &policy.File{Name: b.name, Stmts: b.head()}
	arches := b.knownArches()
	for i := range b.rules {
		stmt, err := b.rules[i].stmt(arches)
		if err != nil {
			errs = append(errs, &policy.Error{Pos: b.rules[i].pos, What: err.Error()})
		}
		f.Stmts = append(f.Stmts, stmt)
	}
	return f, errs
}

// wrongHead is what is wrong with all but the rules and that no text could
// have, so that the language does not tell it.
func (b *Builder) wrongHead() policy.ErrorList {
	var errs policy.ErrorList
	if !isName.MatchString(b.name) {
		errs = append(errs, &policy.Error{Pos: b.pos, What: fmt.Sprintf("%q is not a name", b.name), Want: "expected letters, digits, - and _"})
	}
	for _, v := range []*Verdict{&b.def, b.other} {
		if v == nil {
			continue
		}
		if err := knownVerdict(*v); err != nil {
			errs = append(errs, &policy.Error{Pos: b.pos, What: err.Error()})
		}
	}
	return errs
}

// head is the statements before the rules.
func (b *Builder) head() []policy.Stmt {
	word := func(text string) policy.Word { return policy.Word{Pos: b.pos, Text: text} }
	language := &policy.Language{Version: word("1")}
	name := &policy.Name{Name: word(b.name)}
	arch := &policy.ArchLine{Arches: b.archWords()}
	if b.other != nil {
		e := verdictExpr(b.pos, *b.other)
		arch.Else = &e
	}
	def := &policy.Default{Verdict: verdictExpr(b.pos, b.def)}
	language.Pos, name.Pos, arch.Pos, def.Pos = b.pos, b.pos, b.pos, b.pos
	stmts := []policy.Stmt{language, name, arch, def}
	if b.newer != nil {
		stmts = append(stmts, b.newer)
	}
	return stmts
}

// knownArches are the architectures that the tables have.
func (b *Builder) knownArches() []*abi.Arch {
	var known []*abi.Arch
	for _, w := range b.archWords() {
		if a, ok := abi.ByName(w.Text); ok {
			known = append(known, a)
		}
	}
	return known
}

// archWords are the architectures, this machine's own if none is named.
func (b *Builder) archWords() []policy.Word {
	if len(b.arches) > 0 {
		return b.arches
	}
	if native := abi.Native(); native != nil {
		return []policy.Word{{Pos: b.pos, Text: native.Name}}
	}
	return nil
}

// stmt is the rule as a policy has it.
func (r *rule) stmt(arches []*abi.Arch) (policy.Stmt, error) {
	call := &policy.CallExpr{Pos: r.pos, Name: r.call}
	wrong := knownVerdict(r.verdict)
	named := slices.ContainsFunc(r.where, func(c Condition) bool { return !c.whole })
	for i := range r.where {
		e, err := r.where[i].expr(r.pos, r.call, arches, named)
		if err != nil {
			wrong = err
			continue
		}
		call.Conds = append(call.Conds, e)
	}
	s := &policy.Rule{Verdict: verdictExpr(r.pos, r.verdict), Calls: []*policy.CallExpr{call}}
	s.Pos = r.pos
	return s, wrong
}

func knownVerdict(v Verdict) error {
	if v.Kind > policy.Allow {
		return fmt.Errorf("unknown verdict %v; expected Allow, Log, Trace, Notify, Errno, Trap, KillThread or KillProcess", v)
	}
	return nil
}

// verdictExpr is a verdict as a policy has it: an errno by its name, which has
// other numbers on some architectures.
func verdictExpr(pos policy.Pos, v Verdict) policy.VerdictExpr {
	e := policy.VerdictExpr{Pos: pos, Kind: v.Kind}
	text := fmt.Sprint(v.Data)
	switch v.Kind {
	case policy.Errno:
		text = v.Format(abi.Native())[len("errno "):]
	case policy.Trap, policy.Trace:
		if v.Data == 0 {
			return e
		}
	default:
		return e
	}
	e.Data = valueExpr(pos, text)
	return e
}

// Policy is the filter as a policy of one phase, `all`. The error is a
// policy.ErrorList of all that is wrong, with the lines that added it.
func (b *Builder) Policy() (*policy.Policy, error) {
	f, errs := b.file()
	p, err := policy.Resolve(f, policy.Options{})
	if list, ok := err.(policy.ErrorList); ok {
		errs = append(errs, list...)
	} else if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		errs.Sort()
		return nil, errs
	}
	return p, nil
}
