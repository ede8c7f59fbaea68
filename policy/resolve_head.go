package policy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// head is the statements at the top of a policy, sorted by what they are.
type head struct {
	name    *Name
	arch    *ArchLine
	def     *Default
	newer   *Newer
	process *Process
	phases  []*Phase
	tests   []*Test
	blocks  []Stmt     // Files and Network
	rules   []ruleStmt // rules and strict
}

// ruleStmt is a Rule or a Strict and what it depends on.
type ruleStmt struct {
	stmt Stmt
	cond *condition
}

// readHead sorts the statements at the top, and resolves those that everything
// else depends on.
func (r *resolver) readHead() {
	h := &r.head
	r.walk(r.file.Stmts, walking{visit: func(s Stmt, c *condition) {
		switch s := s.(type) {
		case *Name:
			once(r, &h.name, s, "policy line")
		case *ArchLine:
			once(r, &h.arch, s, "arch line")
		case *Default:
			once(r, &h.def, s, "default line")
		case *Newer:
			once(r, &h.newer, s, "newer line")
		case *Process:
			once(r, &h.process, s, "process block")
		case *Phase:
			h.phases = append(h.phases, s)
		case *Test:
			h.tests = append(h.tests, s)
		case *Files, *Network:
			r.conditional[s.Place()] = c != nil
			h.blocks = append(h.blocks, s)
		case *Rule, *Strict:
			h.rules = append(h.rules, ruleStmt{s, c})
		case *Param:
			r.declareParam(s) // of a file that is included only at times
		}
	}})
	r.resolveName()
	r.resolveArches()
	r.checkDefault()
}

// once keeps the first statement of a kind and complains of a second.
func once[S interface {
	comparable
	Stmt
}](r *resolver, at *S, s S, what string) {
	var none S
	if *at == none {
		*at = s
		return
	}
	r.fail(s.Place(), "a second "+what, "expected one", "the first is at "+(*at).Place().String())
}

// resolveName is the policy's name, by default that of its file.
func (r *resolver) resolveName() {
	if r.head.name != nil {
		r.policy.Name = r.head.name.Name.Text
		return
	}
	base := path.Base(r.file.Name)
	r.policy.Name = strings.TrimSuffix(base, path.Ext(base))
}

// resolveArches is the architectures of the arch line. A policy without one is
// for the machine that it is read on, and is told so.
func (r *resolver) resolveArches() {
	switch line := r.head.arch; {
	case len(r.options.Arches) > 0:
		r.arches = r.options.Arches
	case line != nil:
		for _, w := range line.Arches {
			r.addArch(w)
		}
	default:
		if a := abi.Native(); a != nil {
			r.arches = []*abi.Arch{a}
			r.warn(r.start(), "no arch line: this policy is for "+a.Name+", as this machine is", "expected the architectures that it is for", "write `arch "+a.Name+"`")
		}
	}
	if len(r.arches) == 0 { // to go on looking for errors
		if r.head.arch == nil {
			r.fail(r.start(), "no arch line", "expected the architectures that the policy is for", "write `arch x86_64`")
		}
		r.arches = abi.Arches()[:1]
	}
	r.policy.Arches = r.arches
	r.owned = make([][]Range, len(r.arches))
	r.tails = make([][]entry, len(r.arches))
}

func (r *resolver) addArch(w Word) {
	name, ok := r.expand(w)
	if !ok {
		return
	}
	a, ok := abi.ByName(name)
	switch {
	case !ok:
		r.fail(w.Pos, "unknown arch "+quote(name), "expected "+orList(archNames()), r.suggest(name, archNames))
	case slices.Contains(r.arches, a):
		r.fail(w.Pos, "arch "+a.Name+" stands twice", "expected each architecture once", "")
	default:
		r.arches = append(r.arches, a)
	}
}

func archNames() []string {
	var names []string
	for _, a := range abi.Arches() {
		names = append(names, a.Name)
	}
	return names
}

// checkDefault looks at the verdicts that end every list.
func (r *resolver) checkDefault() {
	if r.head.def == nil && len(r.unparsed) == 0 {
		r.fail(r.start(), "no default line", "expected the verdict of calls that no rule matches", "write `default kill-process`")
	}
	if r.head.newer != nil {
		if _, ok := parseVersion(r.head.newer.Version.Text); !ok && len(r.unparsed) == 0 {
			r.fail(r.head.newer.Version.Pos, quote(r.head.newer.Version.Text)+" is not a version of Linux", "expected MAJOR.MINOR such as 6.12", "")
		}
	}
}

// parseVersion reads MAJOR.MINOR.
func parseVersion(text string) (abi.Version, bool) {
	major, minor, ok := strings.Cut(text, ".")
	a, errA := strconv.ParseUint(major, 10, 8)
	b, errB := strconv.ParseUint(minor, 10, 8)
	return abi.Version{Major: uint8(a), Minor: uint8(b)}, ok && errA == nil && errB == nil
}

// start is the place of what a file lacks.
func (r *resolver) start() Pos { return Pos{r.file.Name, 1, 1} }

// verdict resolves a verdict on one architecture: errors have numbers of their
// own on some.
func (r *resolver) verdict(a *abi.Arch, e *VerdictExpr) Verdict {
	v := Verdict{Kind: e.Kind}
	if e.Data == nil || !e.Kind.hasData() {
		return v
	}
	n, ok := r.value(a, e.Data)
	if !ok {
		return v
	}
	most := uint64(1<<16 - 1)
	if e.Kind == Errno {
		most = 4095 // include/linux/err.h:MAX_ERRNO
	}
	name := e.Data.String()
	switch {
	case e.Kind == Errno && n.named && !isErrno(strings.TrimPrefix(r.spelled(name), "-")):
		r.fail(e.Data.Pos, name+" is no error", "expected one such as EPERM, or its number", "")
	case n.negative || n.bits > most:
		r.fail(e.Data.Pos, fmt.Sprintf("%s is not between 0 and %d", name, most), "expected the data of "+e.Kind.String(), "")
	default:
		v.Data = uint16(n.bits)
	}
	return v
}

// spelled is the value of a param, or the text itself.
func (r *resolver) spelled(text string) string {
	if name, ok := strings.CutPrefix(text, "$"); ok {
		if p, known := r.params[name]; known {
			return p.Value
		}
	}
	return text
}

// declareSets notes the sets of the file and of all that it includes.
func (r *resolver) declareSets() {
	r.walk(r.file.Stmts, walking{deep: true, visit: func(s Stmt, _ *condition) {
		switch s := s.(type) {
		case *SetDecl:
			r.declareSet(s)
		case *Param:
			r.declareParam(s)
		}
	}})
}

// checkSets resolves the sets of the file, also those that nothing uses, for
// the errors in them.
func (r *resolver) checkSets() {
	for _, name := range r.setOrder {
		if s := r.sets[name]; s.state == unresolved {
			r.resolveSet(s)
		}
	}
}
