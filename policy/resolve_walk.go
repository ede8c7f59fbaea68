package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// condition is the `when` blocks that a statement stands in, the innermost
// first; nil if in none.
type condition struct {
	when *When
	up   *condition
}

// implies reports whether what stands under d stands in the policy wherever
// what stands under c does: whether all of d's blocks are around c, too.
func (c *condition) implies(d *condition) bool {
	for ; c != d; c = c.up {
		if c == nil {
			return false
		}
	}
	return true
}

// walking is a way through the statements of a block, what it includes put in
// its place.
type walking struct {
	always bool // leave out all `when` blocks; else those that do not hold
	deep   bool // go into phases and threads, too
	visit  func(Stmt, *condition)

	cond  *condition
	files []string // being gone through, for loops
}

// walk visits the statements of a block.
func (r *resolver) walk(stmts []Stmt, w walking) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *When:
			r.walkWhen(s, w)
		case *Include:
			r.walkInclude(s, w)
		default:
			if len(w.files) > 0 && !r.mayInclude(s) {
				continue
			}
			w.visit(s, w.cond)
			if w.deep {
				r.walk(blockOf(s), w)
			}
		}
	}
}

// blockOf is what a deep walk goes into.
func blockOf(s Stmt) []Stmt {
	switch s := s.(type) {
	case *Phase:
		return s.Block
	case *Thread:
		return s.Block
	}
	return nil
}

func (r *resolver) walkWhen(s *When, w walking) {
	if w.always {
		return
	}
	p, ok := r.param(s.Param.Pos, strings.TrimPrefix(s.Param.Text, "$"))
	if !ok || !p.set() {
		return
	}
	w.cond = r.conditionOf(s, w.cond)
	r.walk(s.Block, w)
}

// conditionOf is the one condition of a `when` block, so that conditions of
// several walks can be compared.
func (r *resolver) conditionOf(s *When, up *condition) *condition {
	if c, ok := r.conditions[s]; ok && c.up == up {
		return c
	}
	c := &condition{s, up}
	r.conditions[s] = c
	return c
}

// maxIncludes bounds how often includes are followed, as files that include
// each two others would be without end in practice.
const maxIncludes = 10000

func (r *resolver) walkInclude(s *Include, w walking) {
	if s.Path.Text == "" {
		return
	}
	file := beside(s.Pos.File, s.Path.Text)
	from := w.files
	if len(from) == 0 {
		from = []string{path.Clean(r.file.Name)}
	}
	if at := slices.Index(from, file); at >= 0 {
		r.fail(s.Pos, fmt.Sprintf("%s includes itself: %s", file, strings.Join(append(slices.Clone(from[at:]), file), " → ")), "expected includes without a loop", "")
		return
	}
	if r.included++; r.included > maxIncludes {
		r.fail(s.Pos, "too many includes", fmt.Sprintf("expected at most %d in all", maxIncludes), "")
		return
	}
	f := r.read(s, file)
	if f == nil {
		return
	}
	w.files = append(slices.Clone(from), file)
	r.walk(f.Stmts, w)
}

// read parses an included file, once; nil if that failed.
func (r *resolver) read(s *Include, file string) *File {
	if f, ok := r.parsed[file]; ok {
		return f
	}
	r.parsed[file] = nil
	if r.options.Include == nil {
		r.fail(s.Pos, "cannot include "+quote(s.Path.Text), "expected a policy that stands alone", "")
		return nil
	}
	text, err := r.options.Include(file)
	if err != nil {
		r.fail(s.Pos, fmt.Sprintf("cannot include %s: %v", quote(s.Path.Text), err), "expected a file beside the policy", "")
		return nil
	}
	f, err := Parse(file, text)
	if errs, ok := err.(ErrorList); ok {
		r.errs = append(r.errs, errs...)
		return nil
	}
	r.parsed[file] = f
	return f
}

// mayInclude reports whether an included file may hold a statement.
func (r *resolver) mayInclude(s Stmt) bool {
	switch s.(type) {
	case *Param, *SetDecl, *Rule, *Strict, *Language:
		return true
	}
	r.fail(s.Place(), "an included file holds what belongs into the policy itself", "expected sets, params and rules", "")
	return false
}
