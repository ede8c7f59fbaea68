package policy

import (
	"slices"
	"strings"
)

// declareParams finds the params of the file and of what it always includes,
// before anything that could depend on one is looked at.
func (r *resolver) declareParams() {
	r.walk(r.file.Stmts, walking{always: true, visit: func(s Stmt, _ *condition) {
		if p, ok := s.(*Param); ok {
			r.declareParam(p)
		}
	}})
}

// declareParam notes a param with its value in force.
func (r *resolver) declareParam(p *Param) {
	name := p.Name.Text
	if name == "" {
		return
	}
	if old, ok := r.params[name]; ok {
		if old.Pos != p.Pos {
			r.fail(p.Name.Pos, "a second param "+name, "expected each param once", "the first is at "+old.Pos.String())
		}
		return
	}
	v := &ParamValue{Name: name, Value: p.Value.Text, Default: p.Value.Text, Pos: p.Pos}
	if given, ok := r.options.Set[name]; ok {
		v.Value = given
	}
	r.params[name] = v
	r.paramOrder = append(r.paramOrder, v)
}

// finishParams lists the params, once all includes have been read, and finds
// values given to params that the policy does not have.
func (r *resolver) finishParams() {
	r.policy.Params = make([]ParamValue, len(r.paramOrder))
	for i, p := range r.paramOrder {
		r.policy.Params[i] = *p
	}
	for name := range r.options.Set {
		if _, ok := r.params[name]; ok {
			continue
		}
		want := "the policy has no params"
		if names := r.paramNames(); len(names) > 0 {
			want = "its params are " + strings.Join(names, ", ")
		}
		r.fail(Pos{File: "--set " + name}, "the policy has no param "+quote(name), want, r.suggest(name, r.paramNames))
	}
}

// param finds the param that a text names, without its $.
func (r *resolver) param(pos Pos, name string) (*ParamValue, bool) {
	if p, ok := r.params[name]; ok {
		return p, true
	}
	r.fail(pos, "unknown param $"+shorten(name), "expected one that a param line declares", r.suggest(name, r.paramNames))
	return nil, false
}

func (r *resolver) paramNames() []string {
	names := make([]string, 0, len(r.params))
	for name := range r.params {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// set reports whether a param's `when` blocks hold: it has a value, and that
// is neither `no` nor the number 0. Other words, `off` and `false` too, are
// values like any.
func (p *ParamValue) set() bool {
	if p.Value == "" || p.Value == "no" {
		return false
	}
	n, _, err := parseNumber(p.Value)
	return err != nil || n != 0
}

// expand puts params in place of $NAME within a word: the longest name that a
// text goes on with. What stands in quotes is expanded too, as a path with
// blanks must be.
func (r *resolver) expand(w Word) (string, bool) {
	text, good := w.Text, true
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String(), good
		}
		n := nameLength(rest)
		if n == 0 {
			b.WriteByte('$')
			text = rest
			continue
		}
		p, ok := r.param(w.Pos, rest[:n])
		if ok {
			b.WriteString(p.Value)
		}
		good = good && ok
		text = rest[n:]
	}
}
